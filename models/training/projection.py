"""The trained correction of the sentence embedding, as numbers: what `embedding` fits and `export` puts into the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .config import WIDTH

Array = np.ndarray


@dataclass(frozen=True)
class Projection:
    """embedding = unit(unit(last layer) + features @ down @ up + bias); features are the pooled layers."""

    down: Array
    up: Array
    bias: Array

    def apply(self, features: Array) -> Array:
        last = unit(features[:, -WIDTH:])
        return unit(last + features @ self.down @ self.up + self.bias)

    def save(self, path: Path) -> None:
        np.savez(path, down=self.down, up=self.up, bias=self.bias)


def load_projection(path: Path) -> Projection:
    stored = np.load(path)
    return Projection(stored["down"], stored["up"], stored["bias"])


def unit(rows: Array) -> Array:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
