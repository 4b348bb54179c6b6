"""Small slips of the keyboard, so that training meets texts as people type them."""

from __future__ import annotations

import random

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHARE = 0.25
LEAST_LENGTH = 8


def noisy(text: str, draw: random.Random) -> str:
    """A quarter of the texts with one or two letters swapped, lost, doubled or replaced."""
    if draw.random() > SHARE or len(text) < LEAST_LENGTH:
        return text
    for _ in range(draw.choice((1, 1, 2))):
        text = slip(text, draw)
    return text


def slip(text: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(text) - 1)
    before, letter, after = text[:at], text[at], text[at + 1 :]
    kind = draw.randrange(4)
    if kind == 0:
        return before + after[0] + letter + after[1:]
    if kind == 1:
        return before + after
    if kind == 2:
        return before + letter + letter + after
    return before + draw.choice(LETTERS) + after
