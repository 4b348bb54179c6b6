"""Fits the embedding's correction: sentences of one intent together, others apart, everything else where it was (JAX)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .config import LAYERS, WIDTH
from .intent_batches import IntentBatches
from .progress import Progress
from .projection import Projection

RANK = 128
TEMPERATURE = 0.07
# Weight of what keeps other texts where the base encoder puts them.
ANCHOR = 12.0
ANCHOR_TEXTS = 64
RELATIONS = 20.0
# The embedding stays usable when cut to its first numbers.
WIDTHS = ((WIDTH, 1.0), (256, 0.3), (128, 0.3))
DROPOUT = 0.1
RATE = 1e-3
WARMUP = 100
DECAY = 0.01

Array = np.ndarray
Weights = dict[str, jax.Array]
Lookup = Callable[[list[str]], Array]


def unit(rows: jax.Array) -> jax.Array:
    return rows / jnp.linalg.norm(rows, axis=-1, keepdims=True)


def contrast(rows: jax.Array, labels: jax.Array) -> jax.Array:
    """Supervised contrastive loss (Khosla et al. 2020) over unit rows [n, width] and labels [n]."""
    itself = jnp.eye(len(labels), dtype=bool)
    scores = jnp.where(itself, -1e9, rows @ rows.T / TEMPERATURE)
    same = (labels[:, None] == labels[None, :]) & ~itself
    count = same.sum(axis=1)
    found = jnp.where(same, jax.nn.log_softmax(scores, axis=-1), 0.0).sum(axis=1)
    return -(found / jnp.maximum(count, 1)).sum() / jnp.maximum((count > 0).sum(), 1)


def matryoshka(rows: jax.Array, labels: jax.Array) -> jax.Array:
    parts = [weight * contrast(unit(rows[:, :width]), labels) for width, weight in WIDTHS]
    return sum(parts) / sum(weight for _, weight in WIDTHS)


def distance(rows: jax.Array, base: jax.Array) -> jax.Array:
    """How far unit rows and their relations have moved from the base encoder's."""
    relations = ((rows @ rows.T - base @ base.T) ** 2).mean()
    return RELATIONS * relations + (1.0 - (rows * base).sum(axis=-1)).mean()


def corrected(weights: Weights, features: jax.Array, standard: jax.Array) -> jax.Array:
    return unit(features[:, -WIDTH:]) + standard @ weights["down"] @ weights["up"]


def batches(draws: IntentBatches, anchors: list[str], seed: int) -> Iterator[tuple[list[str], list[int], list[str]]]:
    pick = random.Random(seed)
    while True:
        texts, labels = draws.draw()
        yield texts, labels, pick.sample(anchors, min(len(anchors), ANCHOR_TEXTS))


def start(seed: int) -> Weights:
    """No correction at first."""
    size = LAYERS * WIDTH
    down = jax.random.normal(jax.random.PRNGKey(seed), (size, RANK)) / np.sqrt(size)
    return {"down": down, "up": jnp.zeros((RANK, WIDTH))}


def make_step(optimiser: optax.GradientTransformation, mean: Array, scale: Array) -> Callable:
    def loss(weights: Weights, x: jax.Array, labels: jax.Array, other: jax.Array, key: jax.Array):
        kept = jax.random.bernoulli(key, 1 - DROPOUT, x.shape) / (1 - DROPOUT)
        rows = corrected(weights, x, (x - mean) / scale * kept)
        held = unit(corrected(weights, other, (other - mean) / scale))
        apart, moved = matryoshka(rows, labels), distance(held, unit(other[:, -WIDTH:]))
        return apart + ANCHOR * moved, (apart, moved)

    @jax.jit
    def step(weights: Weights, state: object, *rest: jax.Array):
        (_, parts), gradient = jax.value_and_grad(loss, has_aux=True)(weights, *rest)
        change, state = optimiser.update(gradient, state, weights)
        return optax.apply_updates(weights, change), state, parts

    return step


def fit_projection(
    draws: IntentBatches, anchors: list[str], lookup: Lookup, steps: int, seed: int, name: str,
) -> tuple[Projection, list[tuple[float, float]]]:
    """The correction, and the mean losses (contrast, distance) of every hundred steps."""
    known = lookup([text for group in draws.sets.values() for texts in group.values() for text in texts])
    mean, scale = known.mean(axis=0), known.std(axis=0) + 1e-4
    schedule = optax.warmup_cosine_decay_schedule(0.0, RATE, min(WARMUP, steps // 2), steps, RATE * 0.02)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=DECAY))
    weights = start(seed)
    state, step = optimiser.init(weights), make_step(optimiser, mean, scale)
    key, losses, progress = jax.random.PRNGKey(seed + 1), [], Progress(name, steps)
    for number, (texts, labels, others) in zip(range(steps), batches(draws, anchors, seed)):
        weights, state, parts = step(
            weights, state, lookup(texts), np.array(labels), lookup(others), jax.random.fold_in(key, number))
        losses.append([float(part) for part in parts])
        progress.at(number + 1)
    down = np.asarray(weights["down"]) / scale[:, None]
    up = np.asarray(weights["up"])
    curve = [tuple(np.mean(losses[at : at + 100], axis=0).round(4).tolist()) for at in range(0, steps, 100)]
    return Projection(down, up, -(mean @ down @ up)), curve
