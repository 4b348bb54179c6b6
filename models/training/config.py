"""Paths, seed and sizes shared by every stage."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

MODELS_DIR = Path(__file__).resolve().parent.parent
REPO_DIR = MODELS_DIR.parent
DEFAULT_DATA = REPO_DIR / ".." / "shared" / "data"
DEFAULT_WORK = MODELS_DIR / "training" / ".cache"

NAME = "support"
VERSION = "1"
OPSET = 17
LAYERS = 6
WIDTH = 384
ATTENTION_HEADS = 12
MAX_TOKENS = 128
HEAD_TOKENS = 63
TAIL_TOKENS = 63
CLS_ID = 101
SEP_ID = 102
UNK_ID = 100

TASKS = (
    "greeting", "faq", "order_status", "product_search", "recommendation", "comparison",
    "translation", "summarization", "math", "code", "creative", "discussion", "other",
)
SENTIMENTS = ("negative", "neutral", "positive")
EMOTIONS = (
    "anger", "annoyance", "disappointment", "fear", "sadness", "confusion", "gratitude", "joy",
)


@dataclass(frozen=True)
class Config:
    """One run: where it reads and writes, how much it takes, and the seed of every draw."""

    data: Path = DEFAULT_DATA
    work: Path = DEFAULT_WORK
    out: Path = MODELS_DIR / f"{NAME}-v{VERSION}"
    seed: int = 20
    smoke: bool = False
    threads: int = field(default_factory=lambda: min(2, os.cpu_count() or 1))

    @property
    def row_limit(self) -> int | None:
        """Rows kept of one source and label in a smoke run."""
        return 6 if self.smoke else None

    def path(self, *parts: str) -> Path:
        """A path in the work folder, its parent made."""
        target = self.work.joinpath("smoke" if self.smoke else "full", *parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target
