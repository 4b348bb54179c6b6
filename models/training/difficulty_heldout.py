"""What tells a hard question of a category that nothing was trained on: the head, a bag of words, or its length."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from .config import Config
from .difficulty import PAIR, WEAK, mean_of
from .embed import Features
from .exclude import test_hashes
from .heads import fit_soft
from .metrics import auroc, interval
from .rows import text_hash
from .sources import lines


class Category:
    """One category of MMLU-Pro against all others: every question of it is unseen."""

    def __init__(self, rows: list[dict], name: str, seed: int) -> None:
        self.train = [r for r in rows if r["category"] != name]
        self.test = [r for r in rows if r["category"] == name]
        self.seed = seed
        self.truth = np.array([1 - r["correct"][PAIR[0]] for r in self.test])
        self.shares = np.array([1 - mean_of(r["correct"], WEAK) for r in self.train])

    def model(self, features: Features, c: float) -> np.ndarray:
        x, v = (features.get([r["question"] for r in part]) for part in (self.train, self.test))
        mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-5
        weight, bias = fit_soft((x - mean) / scale, self.shares, np.ones(len(x)), c)
        return (((v - mean) / scale) @ weight + bias)[:, 0]

    def words(self) -> np.ndarray:
        table = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        x = table.fit_transform([r["question"] for r in self.train])
        labels = (self.shares >= 0.5).astype(int)
        model = LogisticRegression(C=1.0, max_iter=200, random_state=self.seed).fit(x, labels)
        return model.decision_function(table.transform([r["question"] for r in self.test]))

    def length(self) -> np.ndarray:
        return np.array([len(r["question"]) for r in self.test], dtype=float)


def categories_left_out(config: Config, features: Features, c: float) -> dict:
    """AUROC of "the 8B model is wrong" for each category, by a head, a bag of words and a length that never saw it."""
    banned = test_hashes(config.data)
    rows = [r for r in lines(config.data, "mmlu_pro_correctness") if text_hash(r["question"]) not in banned]
    names = sorted({r["category"] for r in rows})[: 2 if config.smoke else None]
    rows = rows[::40] if config.smoke else rows
    report: dict[str, dict] = defaultdict(dict)
    for name in names:
        part = Category(rows, name, config.seed)
        scores = {"model": part.model(features, c), "tfidf": part.words(), "length": part.length()}
        report[name] = {kind: interval(auroc, part.truth, values) for kind, values in scores.items()} | {"rows": len(part.test)}
        print(f"difficulty: {name} {report[name]}", flush=True)
    return report
