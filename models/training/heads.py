"""Stage `heads`: small classifiers on the pooled layers of the frozen encoder."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from .config import EMOTIONS, SENTIMENTS, TASKS, Config
from .data import load
from .embed import Features
from .metrics import auroc, macro_f1
from .rows import Row, share

warnings.filterwarnings("ignore", category=ConvergenceWarning)
LABELS = {
    "task": TASKS, "sentiment": SENTIMENTS, "emotion": EMOTIONS,
    "injection": ("attack",), "in_scope": ("in_scope",), "difficulty": ("weak_wrong", "strong_only"),
}
KIND = {"task": "softmax", "sentiment": "softmax", "emotion": "sigmoid", "injection": "sigmoid",
        "in_scope": "sigmoid", "difficulty": "sigmoid"}
# Strength of the linear candidates; a hidden layer is tried where it pays for its bytes.
STRENGTHS = {"task": (0.003, 0.03), "sentiment": (0.0003, 0.001), "emotion": (0.001,),
             "injection": (0.001, 0.01), "in_scope": (0.001, 0.01), "difficulty": (0.00003, 0.0003)}
HIDDEN = {"task": 96}
Array = np.ndarray


@dataclass(frozen=True)
class Layers:
    """A fitted head: x @ w + b, with ReLU between the steps when there are two."""

    weights: list[Array]
    biases: list[Array]

    def logits(self, x: Array) -> Array:
        for step, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = (np.maximum(x, 0) if step else x) @ w + b
        return x


def targets(head: str, rows: list[Row]) -> Array:
    """Class numbers, or one column a label for `emotion` and `difficulty` (shares), or 0 and 1."""
    if head == "difficulty":
        return np.array([[float(part) for part in r.label.split()] for r in rows])
    if head == "emotion":
        return np.array([[name in r.label.split() for name in EMOTIONS] for r in rows], dtype=int)
    if KIND[head] == "sigmoid":
        return np.array([int(r.label) for r in rows])
    return np.array([LABELS[head].index(r.label) for r in rows])


def decided(head: str, rows: list[Row]) -> Array:
    """The same as whole numbers: a share counts as the side that it is nearer to."""
    values = targets(head, rows)
    return (values >= 0.5).astype(int) if head == "difficulty" else values


def row_weights(head: str, rows: list[Row]) -> Array:
    """Balances labels half-way, and takes weak labels for less."""
    names = [r.label for r in rows]
    counts = {name: names.count(name) for name in set(names)}
    power = {"task": 0.5, "sentiment": 0.3}.get(head, 0.0)
    values = np.array([counts[n] ** -power * (0.7 if r.weak else 1.0)
                       for n, r in zip(names, rows, strict=True)])
    return values / values.mean()


def fold(weight: Array, bias: Array, mean: Array, scale: Array) -> tuple[Array, Array]:
    """Puts the standardising of the input into the first linear step."""
    folded = weight / scale[:, None]
    return folded.astype(np.float32), (bias - mean @ folded).astype(np.float32)


def fit_soft(x: Array, y: Array, w: Array, c: float) -> tuple[Array, Array]:
    """A regression on shares: every row stands once for each side, weighted by its share."""
    rows, sides = np.vstack([x, x]), np.repeat([1, 0], len(x))
    weights = np.concatenate([w * y, w * (1 - y)])
    model = LogisticRegression(C=c, max_iter=80).fit(rows, sides, sample_weight=weights)
    return model.coef_.T, model.intercept_


def fit_linear(x: Array, y: Array, w: Array, c: float) -> tuple[Array, Array]:
    if y.ndim == 2:
        parts = [fit_linear(x, y[:, k], w, c) for k in range(y.shape[1])]
        return np.hstack([p[0] for p in parts]), np.hstack([p[1] for p in parts])
    if len(np.unique(y)) < 2:
        return np.zeros((x.shape[1], 1)), np.full(1, -4.0)
    if y.dtype.kind == "f":
        return fit_soft(x, y, w, c)
    model = LogisticRegression(C=c, max_iter=80).fit(x, y, sample_weight=w)
    return model.coef_.T, model.intercept_


def spread(weight: Array, bias: Array, y: Array, width: int) -> tuple[Array, Array]:
    """Gives classes that no training row has (smoke runs) a low constant logit."""
    present = np.unique(y)
    if y.ndim == 2 or width == 1 or len(present) == width:
        return weight, bias
    full, low = np.zeros((weight.shape[0], width)), np.full(width, -20.0)
    full[:, present], low[present] = weight, bias
    return full, low


def fit_hidden(x: Array, y: Array, w: Array, hidden: int, seed: int) -> tuple[list[Array], list[Array]]:
    model = MLPClassifier(
        (hidden,), alpha=0.01, batch_size=min(256, len(x)), learning_rate_init=5e-4, max_iter=12,
        early_stopping=False, random_state=seed,
    ).fit(x, y, sample_weight=w)
    return list(model.coefs_), list(model.intercepts_)


def fit(head: str, x: Array, rows: list[Row], choice: str, seed: int) -> Layers:
    """`choice` is `linear:C` or `hidden:width`."""
    y, w = targets(head, rows), row_weights(head, rows)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-5
    z = ((x - mean) / scale).astype(np.float32)
    kind, value = choice.split(":")
    if kind == "hidden":
        weights, biases = fit_hidden(z, y, w, int(value), seed)
    else:
        weight, bias = fit_linear(z, y, w, float(value))
        weights, biases = [weight], [bias]
    weights[-1], biases[-1] = spread(weights[-1], biases[-1], y, len(LABELS[head]))
    weights[0], biases[0] = fold(weights[0], biases[0], mean, scale)
    return Layers([v.astype(np.float32) for v in weights], [v.astype(np.float32) for v in biases])


def score(head: str, rows: list[Row], logits: Array) -> float:
    """The figure that chooses between candidates."""
    y = decided(head, rows)
    if KIND[head] == "softmax":
        return macro_f1(y, logits.argmax(axis=1))
    columns = y if y.ndim == 2 else y[:, None]
    return float(np.nanmean([auroc(columns[:, k], logits[:, k]) for k in range(columns.shape[1])]))


def calibration_half(row: Row) -> bool:
    """Validation rows are cut in two by hash: choose and calibrate on one, report on the other."""
    return share(row.text, "half") < 0.5


def choose(config: Config, head: str, features: Features) -> tuple[Layers, str, dict[str, float]]:
    rows = load(config, head)
    train = [r for r in rows if r.split == "train"]
    judge = [r for r in rows if r.split == "valid" and calibration_half(r)]
    x, v = features.get([r.text for r in train]), features.get([r.text for r in judge])
    names = [f"linear:{c}" for c in STRENGTHS[head]]
    names += [f"hidden:{HIDDEN[head]}"] if head in HIDDEN else []
    fitted = {name: fit(head, x, train, name, config.seed) for name in names}
    scores = {name: score(head, judge, layers.logits(v)) for name, layers in fitted.items()}
    best = max(names, key=lambda name: scores[name])
    print(f"heads: {head} {scores} -> {best}", flush=True)
    return fitted[best], best, scores


def save(path: Path, heads: dict[str, Layers]) -> None:
    flat = {f"{h}/{k}{i}": a for h, layers in heads.items()
            for k, arrays in (("w", layers.weights), ("b", layers.biases)) for i, a in enumerate(arrays)}
    np.savez(path, **flat)


def load_heads(config: Config) -> dict[str, Layers]:
    flat = np.load(config.path("heads.npz"))
    def part(head: str, kind: str) -> list[Array]:
        names = sorted(n for n in flat.files if n.startswith(f"{head}/{kind}"))
        return [flat[n] for n in names]
    return {head: Layers(part(head, "w"), part(head, "b")) for head in LABELS}


def run(config: Config) -> None:
    """Fits every head and stores weights and choices."""
    features = Features(config)
    fitted, record = {}, {}
    for head in LABELS:
        fitted[head], choice, scores = choose(config, head, features)
        record[head] = {"choice": choice, "scores": scores}
    save(config.path("heads.npz"), fitted)
    config.path("heads.json").write_text(json.dumps(record, indent=1))
