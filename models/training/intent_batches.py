"""Draws batches of sentences with their intents; most batches hold intents of one set, which are the hardest to tell apart."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .intent_sets import IntentSet

BATCH = 192
SENTENCES_EACH = 6
LEAST_SENTENCES = 3
# How often the domains of one family are mixed, and any two sets.
FAMILY_SHARE = 0.5
PAIR_SHARE = 0.2
# Large intents count for less than their size.
SIZE_CAP = 60
SIZE_POWER = 0.7

Labelled = tuple[list[str], list[int]]


class IntentBatches:
    """The same seed gives the same batches."""

    def __init__(self, sets: dict[str, IntentSet], seed: int, size: int = BATCH) -> None:
        """`size` sentences a batch, of at most a sixth as many intents."""
        self.random = random.Random(seed)
        self.size, self.most = size, size // SENTENCES_EACH
        self.sets = {name: usable(group) for name, group in sets.items()}
        self.sets = {name: group for name, group in self.sets.items() if len(group) > 1}
        self.names = list(self.sets)
        self.weights = [set_weight(self.sets[name]) for name in self.names]

    def draw(self) -> Labelled:
        """Texts and the numbers of their intents."""
        groups = self.groups()
        labels = [key for key in groups if len(groups[key]) >= LEAST_SENTENCES]
        chosen = self.random.sample(labels, min(len(labels), self.most))
        texts: list[str] = []
        numbers: list[int] = []
        for number, label in enumerate(chosen):
            own = groups[label]
            taken = self.random.sample(own, min(self.size // len(chosen), len(own)))
            texts += taken
            numbers += [number] * len(taken)
        while len(texts) < self.size:
            number = self.random.randrange(len(chosen))
            texts.append(self.random.choice(groups[chosen[number]]))
            numbers.append(number)
        return texts, numbers

    def groups(self) -> dict[tuple[str, str], Sequence[str]]:
        name = self.random.choices(self.names, self.weights)[0]
        together = [other for other in self.names if family(other) == family(name)]
        if len(together) > 1 and self.random.random() < FAMILY_SHARE:
            return self.joined(together)
        if self.random.random() < PAIR_SHARE:
            return self.joined([name, self.random.choice(self.names)])
        return self.joined([name])

    def joined(self, names: list[str]) -> dict[tuple[str, str], Sequence[str]]:
        return {(name, label): texts for name in names for label, texts in self.sets[name].items()}


def family(name: str) -> str:
    """`clinc150 travel` and `clinc150 banking` are of one family."""
    return name.split()[0]


def usable(group: IntentSet) -> IntentSet:
    return {label: texts for label, texts in group.items() if len(texts) >= LEAST_SENTENCES}


def set_weight(group: IntentSet) -> float:
    return sum(min(len(texts), SIZE_CAP) for texts in group.values()) ** SIZE_POWER
