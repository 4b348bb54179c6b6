"""Draws the mixed batches of stage `tune`: sentences of intents, rows of the heads, and other texts."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from .encoder import window_ids
from .intent_batches import IntentBatches
from .noise import noisy
from .rows import Row

# Sentences of each kind in a batch.
SENTENCES = 40
HEAD_ROWS = {"sentiment": 36, "task": 20}
ANCHORS = 16
TOTAL = SENTENCES + sum(HEAD_ROWS.values()) + ANCHORS
# Two shapes of fixed size: most sentences are short, and padding all to the longest would double the work.
SHORT = (72, 16)
LONG = (TOTAL - SHORT[0], 32)

MOST_KEPT = 200_000

Array = np.ndarray


@dataclass(frozen=True)
class Block:
    """Token ids and mask, [rows, tokens]."""

    ids: Array
    mask: Array


@dataclass(frozen=True)
class Batch:
    """`order` puts the rows of the two blocks back: sentences, rows of each head, anchors."""

    short: Block
    long: Block
    order: Array
    intents: Array
    labels: dict[str, Array]


class Tokens:
    """Token ids of texts, kept."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.known: dict[str, list[int]] = {}

    def __call__(self, text: str) -> list[int]:
        if len(self.known) > MOST_KEPT:
            self.known.clear()
        if text not in self.known:
            self.known[text] = window_ids(self.tokenizer, text)
        return self.known[text]


def cut(ids: list[int], most: int) -> list[int]:
    """The first tokens, with the closing one."""
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def block(rows: list[list[int]], shape: tuple[int, int]) -> Block:
    ids, mask = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    for place, row in enumerate(rows):
        kept = cut(row, shape[1])
        ids[place, : len(kept)] = kept
        mask[place, : len(kept)] = 1
    return Block(ids, mask)


def packed(rows: list[list[int]]) -> tuple[Block, Block, Array]:
    """The shorter rows in one block, the longer in the other, and where each row went."""
    by_length = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    order = np.empty(len(rows), np.int32)
    order[by_length] = np.arange(len(rows))
    short, long = by_length[: SHORT[0]], by_length[SHORT[0] :]
    return block([rows[i] for i in short], SHORT), block([rows[i] for i in long], LONG), order


class TuneBatches:
    """The same seed gives the same batches."""

    def __init__(self, intents: IntentBatches, heads: dict[str, list[Row]], classes: dict[str, tuple[str, ...]],
                 anchors: list[str], tokens: Tokens, seed: int) -> None:
        self.random = random.Random(seed)
        self.intents, self.heads, self.classes, self.anchors = intents, heads, classes, anchors
        self.tokens = tokens

    def draw(self) -> tuple[Batch, list[str]]:
        """A batch, and its texts as they were before any slip."""
        texts, numbers = self.intents.draw()
        labels: dict[str, Array] = {}
        for head, count in HEAD_ROWS.items():
            rows = self.random.choices(self.heads[head], k=count)
            texts += [row.text for row in rows]
            labels[head] = np.array([self.classes[head].index(row.label) for row in rows])
        texts += self.random.choices(self.anchors, k=ANCHORS)
        short, long, order = packed([self.tokens(noisy(text, self.random)) for text in texts])
        return Batch(short, long, order, np.array(numbers), labels), texts
