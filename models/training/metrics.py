"""Figures with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

Array = np.ndarray


def softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def sigmoid(logits: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60)))


def macro_f1(truth: Array, guess: Array, labels: list[int] | None = None) -> float:
    if not len(truth) or (labels is not None and not len(labels)):
        return float("nan")
    return float(f1_score(truth, guess, labels=labels, average="macro", zero_division=0))


def auroc(truth: Array, score: Array) -> float:
    both = len(np.unique(truth)) == 2
    return float(roc_auc_score(truth, score)) if both else float("nan")


def ece(confidence: Array, right: Array, bins: int = 15) -> float:
    """Expected calibration error over equally filled bins."""
    order = np.argsort(confidence, kind="stable")
    total = 0.0
    for part in np.array_split(order, min(bins, max(1, len(order)))):
        if len(part):
            total += len(part) * abs(confidence[part].mean() - right[part].mean())
    return float(total / max(1, len(order)))


def softmax_ece(probabilities: Array, truth: Array) -> float:
    return ece(probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(float))


def interval(
    figure: Callable[..., float], *columns: Array, seed: int = 7, rounds: int = 300,
) -> tuple[float, float, float]:
    """The figure and its 95 % bootstrap interval over rows."""
    draw = np.random.default_rng(seed)
    size = len(columns[0])
    if not size:
        return (float("nan"),) * 3
    values = []
    for _ in range(rounds):
        pick = draw.integers(0, size, size)
        values.append(figure(*(c[pick] for c in columns)))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return figure(*columns), float(low), float(high)
