"""Stage `data`: rows of all heads, without any text of an evaluation split, balanced and split."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from .config import Config
from .difficulty import difficulty_rows
from .exclude import VALID_FILES, test_hashes, valid_hashes
from .generate import generated_rows
from .rows import Row, read_rows, sha256_file, share, text_hash, write_rows
from .signals import emotion_rows, injection_rows, scope_rows, sentiment_rows
from .sources import task_rows

VALID_SHARE = {"task": 0.1, "sentiment": 0.1, "emotion": 0.1, "injection": 0.3, "in_scope": 0.1, "difficulty": 0.0}
CAP = {"task": 900, "sentiment": 20_000, "emotion": 1500, "injection": 900, "in_scope": 800, "difficulty": 20_000}
CAP_VALID = {"task": 200, "sentiment": 2000, "emotion": 400, "injection": 400, "in_scope": 400, "difficulty": 2000}
OWN_SPLIT = {"goemotions", "clinc150", "hetpqa", "bitext"}


def place(row: Row) -> Row:
    """Sources without a development file give a share of their texts, chosen by hash."""
    own = row.source in OWN_SPLIT and row.head != "injection"
    if row.split == "valid" or row.source == "generated" or own:
        return row
    held = share(row.text, f"valid:{row.head}") < VALID_SHARE[row.head]
    return replace(row, split="valid") if held else row


def clean(rows: Iterable[Row], tests: set[str], valids: set[str]) -> tuple[list[Row], Counter]:
    """Drops empty texts, evaluation texts and repeats; a text never stands in both splits."""
    kept: list[Row] = []
    dropped: Counter = Counter()
    seen: dict[tuple[str, str], str] = {}
    for row in sorted((place(r) for r in rows), key=lambda r: r.split != "valid"):
        key = text_hash(row.text)
        reason = None
        if key == text_hash(""):
            reason = "empty"
        elif key in tests:
            reason = "in an evaluation split"
        elif row.split == "train" and key in valids:
            reason = "in a validation split"
        elif (row.head, key) in seen:
            reason = "repeat"
        if reason:
            dropped[f"{row.source}: {reason}"] += 1
            continue
        seen[row.head, key] = row.split
        kept.append(row)
    return kept, dropped


def cap(rows: list[Row], limit: int | None) -> list[Row]:
    """At most so many rows of one head, split, source and label, chosen by hash."""
    buckets: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        buckets[row.head, row.split, row.source, row.label].append(row)
    kept: list[Row] = []
    for (head, split, _, _), members in sorted(buckets.items()):
        most = CAP[head] if split == "train" else CAP_VALID[head]
        members.sort(key=lambda r: (share(r.text, "cap"), r.text))
        kept += members[: min(most, limit or most)]
    return kept


def manifest(config: Config, rows: list[Row], dropped: Counter) -> dict:
    counts = Counter(f"{r.head}/{r.split}/{r.source}/{r.label}" for r in rows)
    files = sorted(p for p in config.data.iterdir() if p.is_file())
    return {
        "seed": config.seed, "rows": len(rows), "counts": dict(sorted(counts.items())),
        "dropped": dict(sorted(dropped.items())), "validation_files": sorted(VALID_FILES),
        "files": {p.name: sha256_file(p) for p in files},
    }


def run(config: Config) -> None:
    """Writes rows.jsonl.gz and data.json into the work folder."""
    data = config.data
    readers = (task_rows, sentiment_rows, emotion_rows, injection_rows, scope_rows, difficulty_rows)
    rows = [row for reader in readers for row in reader(data)]
    rows += generated_rows(data, config.seed, 0.02 if config.smoke else 1.0)
    kept, dropped = clean(rows, test_hashes(data), valid_hashes(data))
    kept = cap(kept, config.row_limit)
    write_rows(config.path("rows.jsonl.gz"), kept)
    config.path("data.json").write_text(json.dumps(manifest(config, kept, dropped), indent=1))
    print(f"data: {len(kept)} rows, {sum(dropped.values())} dropped", flush=True)


def load(config: Config, head: str) -> list[Row]:
    return [row for row in read_rows(config.path("rows.jsonl.gz")) if row.head == head]
