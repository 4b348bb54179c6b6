"""Stage `published`: an evaluation build tuned on one public set, for its published score only; it is never released (JAX)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .config import LAYERS, WIDTH, Config
from .encoder import load_base_weights, load_tokenizer
from .metrics import auroc, interval
from .network import Weights, arrays, frozen_part, moving_part, pooled_layers
from .noise import noisy
from .optimiser import two_rates
from .progress import Progress
from .rows import share, text_hash
from .sources import lines
from .tune_batches import Tokens, block

SHAPE = (64, 28)
EPOCHS = 7
SMOKE_ROWS = 64
RATE = 1.2e-4
HEAD_RATE = 2e-3
SMOOTHING = 0.1
DROPOUT = 0.1
OUTSIDE = "oos"

Array = np.ndarray
Pairs = list[tuple[str, str]]
Parameters = dict[str, Weights]


@dataclass(frozen=True)
class PublicSet:
    """What is trained on, what chooses the threshold, and what is scored once."""

    name: str
    train: Pairs
    valid: Pairs
    test: Pairs


def pairs(config: Config, name: str) -> Pairs:
    return [(row["text"], row["intent"]) for row in lines(config.data, name)]


def without_texts(rows: Pairs, others: Pairs) -> Pairs:
    banned = {text_hash(text) for text, _ in others}
    return [(text, label) for text, label in rows if text_hash(text) not in banned]


def public_sets(config: Config) -> list[PublicSet]:
    """Rows of the training parts that stand in a judging part are dropped (35 of CLINC150's do)."""
    clinc = [pairs(config, f"clinc150_{part}") for part in ("train", "val", "test")]
    bank, bank_test = pairs(config, "banking77_train"), pairs(config, "banking77_test")
    kept = [row for row in bank if share(row[0], "valid:intents") >= 0.05]
    held = [row for row in bank if share(row[0], "valid:intents") < 0.05]
    return [PublicSet("clinc150", without_texts(clinc[0], clinc[1] + clinc[2]), clinc[1], clinc[2]),
            PublicSet("banking77", without_texts(kept, held + bank_test), held, bank_test)]


def start(base: Weights, classes: int) -> Parameters:
    head = {"weight": jnp.zeros((2 * WIDTH, classes)), "bias": jnp.zeros(classes)}
    return {"encoder": moving_part(base), "head": head}


class Build:
    """One classifier over one set's intents; sentences from outside are pushed towards no intent at all."""

    def __init__(self, config: Config, chosen: PublicSet) -> None:
        self.config, self.set = config, chosen
        self.labels = sorted({label for _, label in chosen.train} - {OUTSIDE})
        self.base = arrays(load_base_weights())
        self.frozen = frozen_part(self.base)
        self.tokens, self.draw = Tokens(load_tokenizer()), random.Random(config.seed)
        self.train = chosen.train[:SMOKE_ROWS] if config.smoke else chosen.train
        self.forward = jax.jit(self.logits)

    @staticmethod
    def logits(moving: Parameters, frozen: Weights, ids: jax.Array, mask: jax.Array, key: jax.Array | None = None) -> jax.Array:
        layers = pooled_layers({**frozen, **moving["encoder"]}, ids, mask)
        rows = jnp.concatenate([layers[LAYERS - 2], layers[LAYERS - 1]], axis=-1)
        if key is not None:
            rows = rows * jax.random.bernoulli(key, 1 - DROPOUT, rows.shape) / (1 - DROPOUT)
        return rows @ moving["head"]["weight"] + moving["head"]["bias"]

    def targets(self, labels: list[str]) -> Array:
        """Shares of the intents, smoothed; for a sentence from outside all alike."""
        size = len(self.labels)
        rows = np.full((len(labels), size), SMOOTHING / size, np.float32)
        for row, label in zip(rows, labels, strict=True):
            if label == OUTSIDE:
                row[:] = 1.0 / size
            else:
                row[self.labels.index(label)] += 1 - SMOOTHING
        return rows

    def batches(self) -> Iterator[tuple[Array, Array, Array]]:
        """One pass in random order, the last part dropped."""
        order = self.draw.sample(self.train, len(self.train))
        for at in range(0, len(order) - SHAPE[0] + 1, SHAPE[0]):
            part = order[at : at + SHAPE[0]]
            rows = block([self.tokens(noisy(text, self.draw)) for text, _ in part], SHAPE)
            yield rows.ids, rows.mask, self.targets([label for _, label in part])

    def fit(self) -> Parameters:
        epochs = 1 if self.config.smoke else EPOCHS
        steps = epochs * (len(self.train) // SHAPE[0])
        step, state, moving = self.stepper(steps)
        progress, done = Progress(f"published {self.set.name}", steps), 0
        for _ in range(epochs):
            for ids, mask, wanted in self.batches():
                done += 1
                moving, state = step(moving, state, self.frozen, ids, mask, wanted, jax.random.PRNGKey(done))
                progress.at(done)
        return moving

    def stepper(self, steps: int) -> tuple[Callable, object, Parameters]:
        rates = {"encoder": RATE, "head": HEAD_RATE}
        optimiser = two_rates(rates, max(2, steps), max(1, steps // 20), 0.02, 0.01)
        moving = start(self.base, len(self.labels))

        def loss(moving: Parameters, frozen: Weights, ids: Array, mask: Array, wanted: Array, key: jax.Array) -> jax.Array:
            return optax.softmax_cross_entropy(self.logits(moving, frozen, ids, mask, key), wanted).mean()

        @jax.jit
        def step(moving: Parameters, state: object, *rest: jax.Array):
            change, state = optimiser.update(jax.grad(loss)(moving, *rest), state, moving)
            return optax.apply_updates(moving, change), state

        return step, optimiser.init(moving), moving

    def scores(self, moving: Parameters, rows: Pairs) -> tuple[Array, Array]:
        """Best intent's number and its logit less the mean of all, for every row."""
        found = []
        for at in range(0, len(rows), SHAPE[0]):
            part = block([self.tokens(text) for text, _ in rows[at : at + SHAPE[0]]], (SHAPE[0], 64))
            found.append(np.asarray(self.forward(moving, self.frozen, part.ids, np.maximum(part.mask, np.eye(1, 64, dtype=np.int32)))))
        logits = np.concatenate(found)[: len(rows)]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return logits.argmax(axis=1), (shares / shares.sum(axis=1, keepdims=True)).max(axis=1)

    def report(self, moving: Parameters) -> dict:
        """Accuracy on the test part; where it has sentences from outside, their AUROC and recall at two thresholds."""
        labels = np.array([label for _, label in self.set.test])
        guess, sure = self.scores(moving, self.set.test)
        inside = labels != OUTSIDE
        right = np.array(self.labels)[guess] == labels
        figures: dict = {"accuracy": interval(lambda r: float(r.mean()), right[inside].astype(float)), "rows": int(inside.sum())}
        if not inside.all():
            figures["oos_auroc"] = interval(auroc, inside.astype(int), sure)
            figures["thresholds"] = [self.at(moving, cut, right, inside, sure) for cut in (0.003, 0.01, 0.02)]
        return figures

    def at(self, moving: Parameters, lost: float, right: Array, inside: Array, sure: Array) -> dict[str, float]:
        """A threshold that silences `lost` of the validation part's sentences from inside, applied to the test part."""
        _, valid = self.scores(moving, self.set.valid)
        labels = np.array([label for _, label in self.set.valid])
        cut = float(np.quantile(valid[labels != OUTSIDE], lost))
        return {"threshold": cut, "accuracy": float((right & (sure >= cut))[inside].mean()),
                "oos_recall": float((sure < cut)[~inside].mean())}


def run(config: Config) -> None:
    """Writes published.json."""
    record = {}
    for chosen in public_sets(config):
        if config.smoke:
            chosen = replace(chosen, valid=chosen.valid[::40], test=chosen.test[::40])
        build = Build(config, chosen)
        record[chosen.name] = build.report(build.fit()) | {"epochs": EPOCHS, "seed": config.seed}
        print(f"published: {chosen.name} {record[chosen.name]}", flush=True)
        config.path("published.json").write_text(json.dumps(record, indent=1))
