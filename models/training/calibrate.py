"""Turns logits into probabilities: softmax(z / t), or sigmoid(z / t + b) per label."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from .heads import KIND
from .metrics import sigmoid, softmax

Array = np.ndarray


def temperature(y: Array, logits: Array) -> float:
    """The divisor with the least log loss."""
    rows = np.arange(len(y))

    def loss(t: float) -> float:
        return float(-np.log(softmax(logits / np.exp(t))[rows, y] + 1e-12).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.5, 2.5), method="bounded").x))


def platt(y: Array, logits: Array) -> tuple[float, float]:
    """Scale and shift with the least log loss, held a little towards no change."""
    if len(np.unique(y)) < 2:
        return 1.0, 0.0

    def loss(v: Array) -> float:
        p = np.clip(sigmoid(logits * np.exp(v[0]) + v[1]), 1e-9, 1 - 1e-9)
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean() + 1e-4 * (v**2).sum())

    found = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return float(np.exp(-found[0])), float(found[1])


def fit_calibration(head: str, y: Array, logits: Array) -> dict:
    """Values as the manifest stores them."""
    if KIND[head] == "softmax":
        return {"temperature": round(temperature(y, logits), 4)}
    columns = y if y.ndim == 2 else y[:, None]
    pairs = [platt(columns[:, k], logits[:, k]) for k in range(columns.shape[1])]
    return {"temperature": [round(t, 4) for t, _ in pairs], "bias": [round(b, 4) for _, b in pairs]}


def apply(head: str, calibration: dict, logits: Array) -> Array:
    scaled = logits / np.array(calibration["temperature"])
    if KIND[head] == "softmax":
        return softmax(scaled)
    return sigmoid(scaled + np.array(calibration["bias"]))
