"""Stage `embedding`: trains the embedding's correction on the frozen encoder, and measures it on intents that it never saw."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable

import numpy as np
from sklearn.linear_model import LogisticRegression

from .config import WIDTH, Config
from .contrast import Lookup, fit_projection
from .embed import Features
from .exclude import test_hashes, valid_hashes
from .intent_batches import IntentBatches, family
from .intent_sets import IntentSet, is_valid, read_sets
from .projection import Projection, unit
from .rows import text_hash
from .sources import lines

STEPS = 4000
SMOKE_STEPS = 40
# Texts that are held where they are: questions about products and places, none of which is an intent.
ANCHOR_SETS = {"dstc9_faq_train": "question", "hetpqa_train": "question"}
SHOTS = (5, 10)
DRAWS = (1, 2, 3)
STRENGTH = 30.0
# Sets that look alike within a family say little when they are drawn few at a time.
MEASURED = ("banking77", "bitext", "clinc150", "natcs", "smalltalk")
# Each fold leaves these families out: policies made of them show what unknown intents are worth.
FOLDS = {"assistant": ("clinc150", "snips"), "support": ("banking77", "bitext", "natcs", "smalltalk")}

Array = np.ndarray


def split(sets: dict[str, IntentSet], valid: bool) -> dict[str, IntentSet]:
    return {name: {label: [t for t in texts if is_valid(t) == valid] for label, texts in group.items()}
            for name, group in sets.items()}


def anchors(config: Config) -> list[str]:
    banned = test_hashes(config.data) | valid_hashes(config.data)
    texts = [row[key] for name, key in ANCHOR_SETS.items() for row in lines(config.data, name)]
    found = sorted({text for text in texts if text.strip() and text_hash(text) not in banned})
    random.Random(config.seed).shuffle(found)
    return found[:300] if config.smoke else found


class Table:
    """Pooled layers of texts, held in memory: the training reads each row many times."""

    def __init__(self, config: Config, texts: Iterable[str]) -> None:
        self.rows = {text: index for index, text in enumerate(sorted(set(texts)))}
        self.values = Features(config).get(list(self.rows))

    def __call__(self, texts: list[str]) -> Array:
        return self.values[[self.rows[text] for text in texts]]


def few_shot(examples: IntentSet, asked: IntentSet, embed: Lookup, shots: int) -> float:
    """Accuracy in percent of a regression on `shots` sentences an intent, mean of the draws."""
    labels = [label for label, texts in examples.items() if len(texts) >= shots and asked.get(label)]
    accuracies = []
    for seed in DRAWS:
        draw = random.Random(seed)
        taken = [(text, label) for label in labels for text in draw.sample(examples[label], shots)]
        tests = [(text, label) for label in labels for text in asked[label]]
        model = LogisticRegression(C=STRENGTH, max_iter=200)
        model.fit(embed([t for t, _ in taken]), [name for _, name in taken])
        guess = model.predict(embed([t for t, _ in tests]))
        accuracies.append(np.mean(guess == np.array([name for _, name in tests])))
    return round(100 * float(np.mean(accuracies)), 2)


def merged(sets: dict[str, IntentSet], name: str) -> IntentSet:
    return {label: texts for key, group in sets.items() if family(key) == name for label, texts in group.items()}


def without(sets: dict[str, IntentSet], families: Iterable[str]) -> dict[str, IntentSet]:
    return {name: group for name, group in sets.items() if family(name) not in set(families)}


class Trainer:
    """Fits corrections on parts of the sets and measures them on others."""

    def __init__(self, config: Config) -> None:
        self.config = config
        sets = read_sets(config.data, limit=config.row_limit)
        self.train, self.valid = split(sets, valid=False), split(sets, valid=True)
        self.anchors = anchors(config)
        self.table = Table(config, [*self.anchors, *(t for g in sets.values() for ts in g.values() for t in ts)])

    def fit(self, left_out: tuple[str, ...], name: str) -> tuple[Projection, list[tuple[float, float]]]:
        draws = IntentBatches(without(self.train, left_out), self.config.seed)
        steps = SMOKE_STEPS if self.config.smoke else STEPS
        return fit_projection(draws, self.anchors, self.table, steps, self.config.seed, f"embedding {name}")

    def measure(self, name: str, projection: Projection | None) -> dict[str, float]:
        """Accuracy by number of examples, on validation texts of one family; without a correction the base encoder's."""
        def embed(texts: list[str]) -> Array:
            rows = self.table(texts)
            return unit(rows[:, -WIDTH:]) if projection is None else projection.apply(rows)

        examples, asked = merged(self.train, name), merged(self.valid, name)
        return {str(shots): few_shot(examples, asked, embed, shots) for shots in SHOTS}


def report(trainer: Trainer, release: Projection) -> dict:
    """Base, correction that never saw the family, and the release, by family."""
    figures = {}
    for name in MEASURED:
        unseen, _ = trainer.fit((name,), f"without {name}")
        figures[name] = {
            "base": trainer.measure(name, None), "unseen": trainer.measure(name, unseen),
            "release": trainer.measure(name, release),
        }
        print(f"embedding: {name} {figures[name]}", flush=True)
    return figures


def run(config: Config) -> None:
    """Writes projection.npz, one more for each fold, and embedding.json."""
    trainer = Trainer(config)
    release, curve = trainer.fit((), "release")
    release.save(config.path("projection.npz"))
    for fold, left_out in FOLDS.items():
        trainer.fit(left_out, f"fold {fold}")[0].save(config.path(f"projection-{fold}.npz"))
    figures = {} if config.smoke else report(trainer, release)
    record = {"steps": SMOKE_STEPS if config.smoke else STEPS, "losses": curve, "few_shot": figures,
              "folds": {name: list(families) for name, families in FOLDS.items()}}
    config.path("embedding.json").write_text(json.dumps(record, indent=1))
