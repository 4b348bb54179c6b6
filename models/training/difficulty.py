"""Rows of the difficulty head: how weak and strong models fared on the same question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .rows import Row
from .sources import lines

# Small and large models of MMLU-Pro's table; training takes their mean, which is less noisy than any pair.
WEAK = ("Meta-Llama-3_1-8B-Instruct", "Meta-Llama-3-8B", "Mistral-7B-Instruct-v0.2", "gemma-7b", "Qwen1.5-7B-Chat", "Yi-6b-Chat")
STRONG = ("Meta-Llama-3_1-70B-Instruct", "gemini-1.5-pro-002", "gemini-1.5-flash-002", "Qwen1.5-110B", "jamba-1.5-large")
# Figures are of one pair: "the 8B model is wrong", and "the 70B model is right where the 8B model is wrong".
PAIR = ("Meta-Llama-3_1-8B-Instruct", "Meta-Llama-3_1-70B-Instruct")
# Two of the ten categories, named before any figure was seen, judge the released head and never train it.
HELD_OUT = ("computer science", "philosophy")


def soft(weak: float, strong: float) -> str:
    """Shares of wrong answers of the weak, and of the strong alone being right, as a label."""
    return f"{1 - weak:.2f} {(1 - weak) * strong:.2f}"


def mean_of(correct: dict[str, int], names: tuple[str, ...]) -> float:
    return float(np.mean([correct[name] for name in names if name in correct]))


def mmlu_rows(data: Path) -> Iterator[Row]:
    for row in lines(data, "mmlu_pro_correctness"):
        held, correct = row["category"] in HELD_OUT, row["correct"]
        label = soft(correct[PAIR[0]], correct[PAIR[1]]) if held else soft(mean_of(correct, WEAK), mean_of(correct, STRONG))
        yield Row("difficulty", row["question"], label, "mmlu_pro", "valid" if held else "train", group=row["category"])


def difficulty_rows(data: Path) -> Iterator[Row]:
    """MMLU-Pro's questions, and the training part of llmrouter_pairs."""
    yield from mmlu_rows(data)
    for row in lines(data, "llmrouter_pairs"):
        if row["split"] == "train" and row["weak_score"] is not None and row["strong_score"] is not None:
            label = soft(float(row["weak_score"]), float(row["strong_score"]))
            yield Row("difficulty", row["prompt"], label, "llmrouter", group=row["category"])
