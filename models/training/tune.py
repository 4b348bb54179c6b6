"""Stage `tune`: the whole encoder on all tasks mixed, while its last layer's mean stays where the base encoder puts it (JAX).

Tuning the sentence embedding itself lost up to three points on intents that it never saw. So the embedding is held (distilled from
the base encoder, slips of the keyboard included) and the other layers learn: the heads read all of them, and so does the correction
that tells intents apart, which is trained along with them here and anew by stage `embedding`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .config import LAYERS, SENTIMENTS, TASKS, WIDTH, Config
from .contrast import distance, matryoshka, unit
from .data import load
from .embed import CHUNK, Features
from .embedding import anchors, without
from .encoder import encoder_digest, encoder_file, load_tokenizer, load_weights
from .fold_sets import ADAPTED, BASE, FOLDS, RELEASE, fold_named
from .intent_batches import IntentBatches
from .heads import LABELS, calibration_half
from .intent_sets import IntentSet, is_valid, read_sets
from .metrics import macro_f1
from .network import Weights, arrays, frozen_part, moving_part, pooled_layers
from .optimiser import two_rates
from .progress import Progress
from .rows import Row, share, text_hash
from .tune_batches import HEAD_ROWS, SENTENCES, Batch, Tokens, TuneBatches, block

STEPS = 1200
SMOKE_STEPS = 4
RATE = 8e-5
HEAD_RATE = 2e-3
WARMUP = 60
DECAY = 0.01
# Weight of what holds the embedding, of the contrast between intents, and of each head's loss.
HELD = 15.0
CONTRAST = 0.3
HEAD_WEIGHT = {"sentiment": 1.0, "task": 0.7}
CLASSES = {"sentiment": SENTIMENTS, "task": TASKS}
EVERY = 150
PATIENCE = 3
JUDGED = 1200
JUDGED_SHAPE = (64, 40)
RANK = 128

Array = np.ndarray
Parameters = dict[str, Weights]


@dataclass(frozen=True)
class Tuned:
    """The best weights met and the curve of losses and validation figures."""

    weights: dict[str, Array]
    curve: list[dict[str, float]]


def start(weights: Weights) -> Parameters:
    """Encoder weights that move, and heads that know nothing yet."""
    size = LAYERS * WIDTH
    heads = {}
    for name in HEAD_ROWS:
        heads[f"{name}.weight"] = jnp.zeros((size, len(CLASSES[name])))
        heads[f"{name}.bias"] = jnp.zeros(len(CLASSES[name]))
    key = jax.random.PRNGKey(0)
    heads["down"] = jax.random.normal(key, (size, RANK)) / np.sqrt(size)
    heads["up"] = jnp.zeros((RANK, WIDTH))
    return {"encoder": moving_part(weights), "heads": heads}


def entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def make_step(base: Weights, optimiser: optax.GradientTransformation) -> Callable:
    """The word table is an argument: as a constant it would be compiled in, anew for every encoder."""
    frozen = frozen_part(base)

    def pooled(encoder: Weights, batch: dict[str, jax.Array]) -> jax.Array:
        parts = [jnp.concatenate(pooled_layers(encoder, batch[f"{n}.ids"], batch[f"{n}.mask"]), -1) for n in ("short", "long")]
        return jnp.concatenate(parts)[batch["order"]]

    def loss(moving: Parameters, frozen: Weights, batch: dict[str, jax.Array]):
        rows = pooled({**frozen, **moving["encoder"]}, batch)
        own = unit(rows[:, -WIDTH:])
        shift = rows[:SENTENCES] @ moving["heads"]["down"] @ moving["heads"]["up"]
        parts = {"contrast": matryoshka(own[:SENTENCES] + shift, batch["intents"]), "moved": distance(own, batch["base"])}
        at = SENTENCES
        for name, size in HEAD_ROWS.items():
            logits = rows[at : at + size] @ moving["heads"][f"{name}.weight"] + moving["heads"][f"{name}.bias"]
            parts[name] = entropy(logits, batch[name])
            at += size
        total = CONTRAST * parts["contrast"] + HELD * parts["moved"]
        return total + sum(HEAD_WEIGHT[n] * parts[n] for n in HEAD_ROWS), parts

    @jax.jit
    def step(moving: Parameters, state: object, frozen: Weights, batch: dict[str, jax.Array]):
        (_, parts), gradient = jax.value_and_grad(loss, has_aux=True)(moving, frozen, batch)
        change, state = optimiser.update(gradient, state, moving)
        return optax.apply_updates(moving, change), state, parts

    return lambda moving, state, batch: step(moving, state, frozen, batch)


def fed(batch: Batch, base: Array) -> dict[str, Array]:
    """Arrays for a step; `base` are the base encoder's embeddings of all rows, at unit length."""
    return {"short.ids": batch.short.ids, "short.mask": batch.short.mask, "long.ids": batch.long.ids,
            "long.mask": batch.long.mask, "order": batch.order, "intents": batch.intents,
            "base": base, **batch.labels}


class BaseEmbeddings:
    """The base encoder's embeddings of all training texts, at unit length."""

    def __init__(self, config: Config, texts: list[str]) -> None:
        self.rows = {text: index for index, text in enumerate(sorted(set(texts)))}
        names, features = list(self.rows), Features(config, BASE)
        parts = [features.get(names[at : at + CHUNK])[:, -WIDTH:] for at in range(0, len(names), CHUNK)]
        self.values = np.concatenate(parts)
        self.values /= np.linalg.norm(self.values, axis=1, keepdims=True)

    def __call__(self, texts: list[str]) -> Array:
        return self.values[[self.rows[text] for text in texts]]


class Judge:
    """Macro-F1 of each head on validation rows of the half that may choose."""

    def __init__(self, rows: dict[str, list[Row]], tokens: Tokens, base: Weights, limit: int) -> None:
        self.frozen = frozen_part(base)
        self.rows = {head: rows[head][:limit] for head in HEAD_ROWS}
        self.tokens = tokens
        self.forward = jax.jit(self.pooled)

    @staticmethod
    def pooled(encoder: Weights, ids: jax.Array, mask: jax.Array) -> jax.Array:
        return jnp.concatenate(pooled_layers(encoder, ids, mask), -1)

    def features(self, encoder: Weights, rows: list[Row]) -> Array:
        parts = []
        for at in range(0, len(rows), JUDGED_SHAPE[0]):
            chunk = block([self.tokens(row.text) for row in rows[at : at + JUDGED_SHAPE[0]]], JUDGED_SHAPE)
            mask = np.maximum(chunk.mask, np.eye(1, JUDGED_SHAPE[1], dtype=np.int32))
            parts.append(np.asarray(self.forward({**self.frozen, **encoder}, chunk.ids, mask)))
        return np.concatenate(parts)[: len(rows)]

    def __call__(self, moving: Parameters) -> dict[str, float]:
        figures = {}
        for head, rows in self.rows.items():
            x = self.features(moving["encoder"], rows)
            logits = x @ np.asarray(moving["heads"][f"{head}.weight"]) + np.asarray(moving["heads"][f"{head}.bias"])
            truth = np.array([CLASSES[head].index(row.label) for row in rows])
            figures[head] = round(macro_f1(truth, logits.argmax(axis=1)), 4)
        return figures


class Tuner:
    """One training of the encoder on what a fold leaves in."""

    def __init__(self, config: Config, name: str, start_from: str = ADAPTED, steps: int = STEPS) -> None:
        """`start_from` names an encoder; one that is not there means the base encoder."""
        self.config, self.name, self.fold, self.start_from = config, name, fold_named(name), start_from
        self.steps = SMOKE_STEPS if config.smoke else steps
        self.base = arrays(load_weights(config, start_from))
        self.judging = {text_hash(r.text) for head in LABELS for r in load(config, head) if r.split == "valid"}
        self.tokens = Tokens(load_tokenizer())

    def split_rows(self, split: str) -> dict[str, list[Row]]:
        """A text that judges any head trains none: the encoder is every head's input."""
        found = {}
        for head in HEAD_ROWS:
            rows = [r for r in load(self.config, head) if r.split == split and self.fold.keeps(r)]
            if split == "train":
                rows = [r for r in rows if text_hash(r.text) not in self.judging]
            if split == "valid":
                rows = sorted((r for r in rows if calibration_half(r)), key=lambda r: share(r.text, "judge"))
            found[head] = rows
        return found

    def trains(self, text: str) -> bool:
        return not is_valid(text) and text_hash(text) not in self.judging

    def intents(self) -> dict[str, IntentSet]:
        sets = without(read_sets(self.config.data, self.config.row_limit), self.fold.families)
        return {name: {label: [t for t in texts if self.trains(t)] for label, texts in group.items()}
                for name, group in sets.items()}

    def texts(self) -> list[str]:
        """Everything that is trained on."""
        sentences = [text for group in self.intents().values() for members in group.values() for text in members]
        rows = [row.text for members in self.split_rows("train").values() for row in members]
        return [*sentences, *rows, *self.anchors()]

    def anchors(self) -> list[str]:
        return [text for text in anchors(self.config) if self.trains(text)]

    def made_from(self) -> str:
        """Hash of what a training starts from: texts, weights, seed and steps."""
        start_weights = encoder_digest(self.config, self.start_from)
        settings = (self.config.seed, self.steps, RATE, HEAD_RATE, HELD, CONTRAST, HEAD_WEIGHT, start_weights)
        return hashlib.sha256(repr((settings, sorted(set(self.texts())))).encode()).hexdigest()

    def fit(self) -> Tuned:
        draws = IntentBatches(self.intents(), self.config.seed, SENTENCES)
        batches = TuneBatches(draws, self.split_rows("train"), CLASSES, self.anchors(), self.tokens, self.config.seed)
        known = BaseEmbeddings(self.config, self.texts())
        judge = Judge(self.split_rows("valid"), self.tokens, self.base, 40 if self.config.smoke else JUDGED)
        rates = {"encoder": RATE, "heads": HEAD_RATE}
        optimiser = two_rates(rates, self.steps, min(WARMUP, self.steps // 2), 0.05, DECAY)
        moving = start(self.base)
        state, step = optimiser.init(moving), make_step(self.base, optimiser)
        best, kept, curve, losses = -1.0, moving, [], []
        progress = Progress(f"tune {self.name}", self.steps)
        for number in range(1, self.steps + 1):
            batch, texts = batches.draw()
            base = known(texts)
            moving, state, parts = step(moving, state, fed(batch, base))
            losses.append({k: float(v) for k, v in parts.items()})
            progress.at(number)
            if number % EVERY and number != self.steps:
                continue
            curve.append(point(number, losses, judge(moving)))
            print(f"tune: {self.name} {curve[-1]}", flush=True)
            losses = []
            if curve[-1]["judged"] > best:
                best, kept = curve[-1]["judged"], moving
            elif best > max(entry["judged"] for entry in curve[-PATIENCE:]):
                break
        return Tuned({k: np.asarray(v) for k, v in kept["encoder"].items()}, curve)


def point(step: int, losses: list[dict[str, float]], judged: dict[str, float]) -> dict[str, float]:
    """Mean losses since the last point, each head's figure, and their mean, by which the best weights are kept."""
    means = {f"loss_{name}": round(float(np.mean([entry[name] for entry in losses])), 4) for name in losses[0]}
    return {"step": step, **means, **judged, "judged": round(float(np.mean(list(judged.values()))), 4)}


def run(config: Config) -> None:
    """Writes the encoder's weights, once for the release and once for each fold, and tune.json; one cut off goes on at the next."""
    path = config.path("tune.json")
    record = json.loads(path.read_text()) if path.exists() else {}
    for name in (RELEASE, *FOLDS):
        tuner = Tuner(config, name)
        made_from = tuner.made_from()
        if encoder_file(config, name).exists() and record.get(name, {}).get("made_from") == made_from:
            print(f"tune: {name} stands already, from the same texts and settings", flush=True)
            continue
        tuned = tuner.fit()
        np.savez(encoder_file(config, name), **tuned.weights)
        record[name] = {"left_out": fold_named(name).families, "made_from": made_from, "curve": tuned.curve}
        path.write_text(json.dumps(record, indent=1))
