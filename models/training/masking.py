"""Hides words of support texts for stage `adapt`: what is hidden, and what stands in its place."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .config import CLS_ID, SEP_ID
from .exclude import test_hashes, valid_hashes
from .rows import share, text_hash
from .sources import lines

MASK_ID = 103
VOCABULARY = 30522
HIDDEN_SHARE = 0.15
# Support text of every kind at hand; labels are not read.
SETS = {"banking77_train": "text", "bitext_train": "utterance", "natcs_insurance": "utterance", "hetpqa_train": "question",
        "dstc9_faq_train": "question", "clinc150_train": "text"}
LONG_SETS = {"dstc9_faq_train": "answer", "tau2_banking_kb": "content"}
VALID_SHARE = 0.05

Array = np.ndarray


@dataclass(frozen=True)
class Hidden:
    """Token ids with some hidden [rows, tokens], the mask, and the places [n, 2] with their true ids [n]; weight 0 fills up."""

    ids: Array
    mask: Array
    rows: Array
    places: Array
    truth: Array
    weight: Array


def spoken(data: Path) -> Iterator[str]:
    for row in lines(data, "cucom_dialogues"):
        yield from (turn["content"] for turn in row["turns"])
    for name, key in [*SETS.items(), *LONG_SETS.items()]:
        yield from (str(row[key]) for row in lines(data, name))


def support_texts(data: Path) -> tuple[list[str], list[str]]:
    """Texts to train on and to judge by; none stands in an evaluation split."""
    banned = test_hashes(data) | valid_hashes(data)
    texts = sorted({text for text in spoken(data) if text.strip() and text_hash(text) not in banned})
    judged = [text for text in texts if share(text, "valid:adapt") < VALID_SHARE]
    kept = set(judged)
    return [text for text in texts if text not in kept], judged


def hide(rows: list[list[int]], shape: tuple[int, int], draw: random.Random) -> Hidden:
    """Of the words chosen eight in ten become [MASK], one in ten another word, one stays (as BERT was trained)."""
    ids, mask = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    found: list[tuple[int, int, int]] = []
    for number, row in enumerate(rows):
        kept = row[: shape[1]]
        ids[number, : len(kept)], mask[number, : len(kept)] = kept, 1
        places = [at for at, token in enumerate(kept) if token not in (CLS_ID, SEP_ID)]
        chosen = draw.sample(places, max(1, round(len(places) * HIDDEN_SHARE))) if places else []
        for at in chosen:
            found.append((number, at, kept[at]))
            ids[number, at] = replacement(kept[at], draw)
    most = round(shape[0] * shape[1] * HIDDEN_SHARE)
    table = np.zeros((most, 3), np.int32)
    weight = np.zeros(most, np.float32)
    found = found[:most]
    table[: len(found)], weight[: len(found)] = found, 1.0
    return Hidden(ids, mask, table[:, 0], table[:, 1], table[:, 2], weight)


def replacement(token: int, draw: random.Random) -> int:
    kind = draw.random()
    if kind < 0.8:
        return MASK_ID
    return draw.randrange(1000, VOCABULARY) if kind < 0.9 else token
