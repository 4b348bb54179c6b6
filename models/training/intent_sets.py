"""Intents with their sentences, grouped into the sets whose labels may be told apart in one batch."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from .exclude import test_hashes, valid_hashes
from .rows import share, text_hash
from .sources import lines

VALID_SHARE = 0.1
# An intent of fewer sentences can neither be trained on nor judged.
LEAST = 4
# An intent that stands for "none of these" has no meaning of its own.
NO_MEANING = {"oos"}

IntentSet = dict[str, list[str]]


def labelled(data: Path) -> Iterator[tuple[str, str, str]]:
    """Set, label and text of every labelled sentence that may be trained on."""
    domains = json.loads((data / "clinc150_domains.json").read_text("utf-8"))
    home = {intent: domain for domain, intents in domains.items() for intent in intents}
    for row in lines(data, "clinc150_train"):
        if row["intent"] in home:
            yield f"clinc150 {home[row['intent']]}", row["intent"], row["text"]
    for row in lines(data, "banking77_train"):
        yield "banking77", row["intent"], row["text"]
    for row in lines(data, "bitext_train"):
        yield "bitext", row["intent"], row["utterance"]
    for row in lines(data, "natcs_insurance"):
        yield "natcs", row["intent"], row["utterance"]
    for row in lines(data, "snips_train"):
        yield "snips", row["intent"], row["text"]
    with (data / "smalltalk.tsv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield "smalltalk", row["Answer"], row["Question"]


def read_sets(data: Path, limit: int | None = None) -> dict[str, IntentSet]:
    """Set -> label -> distinct texts; the family of a set is its first word."""
    banned = test_hashes(data) | valid_hashes(data)
    sets: dict[str, IntentSet] = defaultdict(lambda: defaultdict(list))
    seen: set[tuple[str, str]] = set()
    for name, label, text in labelled(data):
        key = (name.split()[0], text_hash(text))
        if key in seen or key[1] in banned or label in NO_MEANING:
            continue
        seen.add(key)
        sets[name][label].append(text)
    return {name: {k: v[:limit] for k, v in group.items() if len(v) >= LEAST} for name, group in sets.items()}


def is_valid(text: str) -> bool:
    """A tenth of the texts, by hash, judges and never trains."""
    return share(text, "valid:intents") < VALID_SHARE
