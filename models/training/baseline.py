"""Stage `baseline`: TF-IDF with a linear model on the same rows, and the open replay."""

from __future__ import annotations

import json

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from .bench import run_texts
from .config import TASKS, Config
from .data import load
from .embed import Features
from .export import FILES
from .heads import calibration_half, load_heads, targets
from .metrics import auroc, interval, macro_f1
from .rows import read_jsonl, share

SUPPORT = {"faq", "faq_entity", "order_status", "order_lookup", "product_search"}
REPLAY_TASKS = {"faq": "faq", "faq_entity": "faq", "order_status": "order_status",
                "order_lookup": "order_status", "product_search": "product_search", "greeting": "greeting"}


def figures(truth: np.ndarray, guess: np.ndarray, sources: np.ndarray) -> dict:
    """Macro-F1 over all rows, over public rows (labels with ten rows or more) and over GoEmotions."""
    real, only = sources != "generated", sources == "goemotions"
    enough = [k for k in np.unique(truth[real]) if (truth[real] == k).sum() >= 10]
    keep = real & np.isin(truth, enough)
    report = {"rows": len(truth), "macro_f1": interval(macro_f1, truth, guess),
              "without_generated": interval(lambda a, b: macro_f1(a, b, enough), truth[keep], guess[keep])}
    if only.any():
        report["goemotions"] = interval(macro_f1, truth[only], guess[only])
    return report


def compare(config: Config, head: str) -> dict:
    """TF-IDF and this model (FP32, stored features) on the very same report rows."""
    rows = load(config, head)
    train = [r for r in rows if r.split == "train"]
    test = [r for r in rows if r.split == "valid" and not calibration_half(r)]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=100_000)
    model = make_pipeline(words, LinearSVC(C=0.3, class_weight="balanced", random_state=config.seed))
    model.fit([r.text for r in train], targets(head, train))
    texts, truth = [r.text for r in test], targets(head, test)
    sources = np.array([r.source for r in test])
    own = load_heads(config)[head].logits(Features(config).get(texts)).argmax(axis=1)
    return {"tfidf": figures(truth, model.predict(texts), sources), "model": figures(truth, own, sources)}


def replay(config: Config) -> dict:
    """Unique texts of the replay, which no stage trains or calibrates on."""
    texts: dict[str, str] = {}
    for row in read_jsonl(config.data / "replay_dev.jsonl.gz"):
        if row["class"] == "injection" or share(row["text"], "replay") < (0.02 if config.smoke else 0.3):
            texts.setdefault(row["text"], row["class"])
    found = run_texts(str(config.path(FILES["default"])), list(texts), 1, "replay")
    classes = np.array(list(texts.values()))
    attack = (classes == "injection").astype(int)
    scope = np.isin(classes, [*SUPPORT, "oos", "general"])
    inside = np.isin(classes, list(SUPPORT)).astype(int)
    guess = np.array([TASKS[k] for k in found["task"].argmax(axis=1)])
    tasks = {c: float((guess[classes == c] == t).mean()) for c, t in REPLAY_TASKS.items() if (classes == c).any()}
    return {"texts": len(texts), "injection_auroc": interval(auroc, attack, found["injection"][:, 0]),
            "in_scope_auroc": interval(auroc, inside[scope], found["in_scope"][scope, 0]),
            "task_accuracy_by_class": tasks}


def run(config: Config) -> None:
    report = {"linear": {head: compare(config, head) for head in ("task", "sentiment")},
              "replay": replay(config)}
    config.path("baseline.json").write_text(json.dumps(report, indent=1))
    print(f"baseline: {report}", flush=True)
