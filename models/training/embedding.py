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
from .fold_sets import BASE, FOLDS, RELEASE, fold_named
from .intent_batches import IntentBatches, family
from .intent_sets import IntentSet, is_valid, read_sets
from .projection import Projection, unit
from .rows import text_hash
from .sources import lines

STEPS = 4000
SMOKE_STEPS = 40
# Texts that are held where they are: questions about products and places, none of which is an intent.
ANCHOR_SETS = {"dstc9_faq_train": "question", "hetpqa_train": "question", "nq_open_dev": "question"}
SHOTS = (5, 10)
DRAWS = (1, 2, 3)
STRENGTH = 30.0
# Sets that look alike within a family say little when they are drawn few at a time.
MEASURED = ("banking77", "bitext", "clinc150", "natcs", "smalltalk")
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

    def __init__(self, config: Config, encoder: str, texts: Iterable[str]) -> None:
        self.rows = {text: index for index, text in enumerate(sorted(set(texts)))}
        self.values = Features(config, encoder).get(list(self.rows))

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
    """Fits the correction of one encoder on what its fold leaves in, and measures it on every family."""

    def __init__(self, config: Config, encoder: str) -> None:
        self.config, self.encoder = config, encoder
        self.sets = read_sets(config.data, limit=config.row_limit)
        self.train, self.valid = split(self.sets, valid=False), split(self.sets, valid=True)
        self.anchors = anchors(config)
        texts = (text for group in self.sets.values() for texts in group.values() for text in texts)
        self.table = Table(config, encoder, [*self.anchors, *texts])

    def fit(self) -> tuple[Projection, list[tuple[float, float]]]:
        kept = without(self.train, fold_named(self.encoder).families)
        steps = SMOKE_STEPS if self.config.smoke else STEPS
        draws = IntentBatches(kept, self.config.seed)
        return fit_projection(draws, self.anchors, self.table, steps, self.config.seed, f"embedding {self.encoder}")

    def measure(self, name: str, projection: Projection | None) -> dict[str, float]:
        """Accuracy by number of examples, on validation texts of one family; without a correction the encoder's own."""
        def embed(texts: list[str]) -> Array:
            rows = self.table(texts)
            return unit(rows[:, -WIDTH:]) if projection is None else projection.apply(rows)

        examples, asked = merged(self.train, name), merged(self.valid, name)
        return {str(shots): few_shot(examples, asked, embed, shots) for shots in SHOTS}


def unseen_by(name: str) -> str:
    """The fold that never saw this family."""
    return next(fold for fold, left in FOLDS.items() if name in left.families)


def run(config: Config) -> None:
    """Writes the correction of the release's encoder and of each fold's, and embedding.json."""
    measured = () if config.smoke else MEASURED
    figures: dict[str, dict[str, dict[str, float]]] = {name: {} for name in measured}
    if measured:
        base = Trainer(config, BASE)
        for name in measured:
            figures[name]["base"] = base.measure(name, None)
    curves = {}
    for encoder in (RELEASE, *FOLDS):
        trainer = Trainer(config, encoder)
        projection, curves[encoder] = trainer.fit()
        projection.save(config.path(f"projection-{encoder}.npz"))
        for name in measured:
            if encoder in (RELEASE, unseen_by(name)):
                kind = "release" if encoder == RELEASE else "unseen"
                figures[name][f"{kind} uncorrected"] = trainer.measure(name, None)
                figures[name][kind] = trainer.measure(name, projection)
                print(f"embedding: {name} {figures[name]}", flush=True)
    record = {"steps": SMOKE_STEPS if config.smoke else STEPS, "losses": curves[RELEASE], "few_shot": figures,
              "folds": {name: list(fold.families) for name, fold in FOLDS.items()}}
    config.path("embedding.json").write_text(json.dumps(record, indent=1))
