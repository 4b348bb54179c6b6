"""Stage `bench`: runs FP32 and INT8 one text at a time, calibrates on one half, reports the other."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict

import numpy as np
import onnxruntime as ort

from .calibrate import apply, fit_calibration
from .config import Config
from .data import load
from .embed import Features, session
from .encoder import load_tokenizer, window_ids
from .export import FILES
from .fold_sets import RELEASE
from .heads import KIND, LABELS, calibration_half, decided, load_heads, targets
from .metrics import auroc, ece, interval, macro_f1, softmax_ece
from .progress import Progress, processor
from .projection import load_projection
from .rows import Row

MOST_ROWS = 1200
MOST_SENTIMENT = 2600
TIMED = 200
REPEATS = 5
OUTPUTS = ["embedding", *LABELS]
Array = np.ndarray


def run_texts(path: str, texts: list[str], threads: int, name: str) -> dict[str, Array]:
    """All outputs of every text, one text at a time."""
    run, tokenizer = session(path, threads), load_tokenizer()
    found: dict[str, list[Array]] = defaultdict(list)
    progress = Progress(f"bench {name}", len(texts))
    for index, text in enumerate(texts):
        ids = np.array([window_ids(tokenizer, text)])
        rows = run.run(OUTPUTS, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for key, row in zip(OUTPUTS, rows, strict=True):
            found[key].append(row[0])
        progress.at(index + 1)
    return {key: np.array(rows) for key, rows in found.items()}


def reference(config: Config, texts: list[str]) -> dict[str, Array]:
    """FP32 outputs from the stored features, which spares a pass over all texts."""
    features = Features(config).get(texts)
    embedding = load_projection(config.path(f"projection-{RELEASE}.npz")).apply(features)
    logits = {head: layers.logits(features) for head, layers in load_heads(config).items()}
    return {"embedding": embedding} | logits


def time_variants(config: Config, texts: list[str]) -> dict[str, list[tuple[int, float]]]:
    """(tokens, best milliseconds of a few) of each text; the variants take turns on it."""
    runs = {name: session(str(config.path(file)), config.threads) for name, file in FILES.items()}
    tokenizer, times = load_tokenizer(), {name: [] for name in FILES}
    for round_number, text in enumerate([*texts[:10], *texts]):
        ids = np.array([window_ids(tokenizer, text)])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        for name, run in runs.items():
            spent = min(one_run(run, feed) for _ in range(REPEATS))
            if round_number >= 10:
                times[name].append((ids.shape[1], spent))
    return times


def one_run(run: ort.InferenceSession, feed: dict[str, Array]) -> float:
    begin = time.perf_counter()
    run.run(OUTPUTS, feed)
    return (time.perf_counter() - begin) * 1000


def head_figures(head: str, rows: list[Row], probability: Array) -> dict:
    """The head's main figure with interval, and its calibration error."""
    y = decided(head, rows)
    if KIND[head] == "softmax":
        guess = probability.argmax(axis=1)
        return {"macro_f1": interval(macro_f1, y, guess), "accuracy": float((y == guess).mean()),
                "ece": softmax_ece(probability, y)}
    if y.ndim == 2:
        each = {name: auroc(y[:, k], probability[:, k]) for k, name in enumerate(LABELS[head])}
        error = [ece(probability[:, k], y[:, k]) for k in range(y.shape[1])]
        return {"mean_auroc": float(np.nanmean(list(each.values()))), "auroc": each,
                "ece": float(np.mean(error))}
    return {"auroc": interval(auroc, y, probability[:, 0]), "ece": ece(probability[:, 0], y)}


def by_source(head: str, rows: list[Row], probability: Array) -> dict:
    """Accuracy (softmax) or mean probability of the right side per source."""
    if KIND[head] == "softmax":
        right = (probability.argmax(axis=1) == targets(head, rows)).astype(float)
    elif len(LABELS[head]) > 1:
        return {}
    else:
        right = ((probability[:, 0] >= 0.5) == targets(head, rows)).astype(float)
    groups = defaultdict(list)
    for row, value in zip(rows, right, strict=True):
        groups[row.source].append(value)
    return {k: {"accuracy": float(np.mean(v)), "rows": len(v)} for k, v in sorted(groups.items())}


def thresholds(head: str, rows: list[Row], probability: Array) -> dict[str, float]:
    """Cuts on calibration rows: 1 % false alarms, and 99 % of the right ones kept."""
    if head not in ("injection", "in_scope"):
        return {}
    y = targets(head, rows)
    p = probability[:, 0]
    return {"false_positive_1pct": float(np.quantile(p[y == 0], 0.99)),
            "recall_99pct": float(np.quantile(p[y == 1], 0.01))}


def agreement(head: str, one: Array, two: Array) -> float:
    """Share of equal decisions, by argmax or by the sign of the calibrated logit."""
    if KIND[head] == "softmax":
        return float((one.argmax(axis=1) == two.argmax(axis=1)).mean())
    return float(((one >= 0.5) == (two >= 0.5)).mean())


def head_report(head: str, rows: list[Row], found: dict[str, dict[str, Array]]) -> tuple[dict, dict]:
    """Calibration from the default variant; figures of every variant with that calibration."""
    half = np.array([calibration_half(r) for r in rows])
    early = [r for r, h in zip(rows, half, strict=True) if h]
    late = [r for r, h in zip(rows, half, strict=True) if not h]
    logits = {name: outputs[head] for name, outputs in found.items()}
    calibration = fit_calibration(head, decided(head, early), logits["default"][half])
    p = {name: apply(head, calibration, values) for name, values in logits.items()}
    report = {name: head_figures(head, late, values[~half]) for name, values in p.items()}
    for name in ("default", "reduce_range"):
        report[name]["agreement"] = agreement(head, p[name][~half], p["fp32"][~half])
    real = np.array([r.source != "generated" for r in late])
    if real.any() and not real.all():
        kept = [r for r in late if r.source != "generated"]
        report["default_without_generated"] = head_figures(head, kept, p["default"][~half][real])
    public = np.array([r.source == "goemotions" for r in late])
    if head == "sentiment" and public.any():
        kept = [r for r in late if r.source == "goemotions"]
        report["goemotions"] = {name: head_figures(head, kept, values[~half][public])
                                for name, values in p.items()}
    report["by_source"] = by_source(head, late, p["default"][~half])
    if cuts := thresholds(head, early, p["default"][half]):
        calibration["thresholds"] = cuts
    return report | {"rows": len(late)}, calibration


def timing(times: list[tuple[int, float]]) -> dict[str, float]:
    values = np.array([t for _, t in times])
    short = np.array([t for n, t in times if 10 <= n <= 22])
    full = np.array([t for n, t in times if n == 128])
    return {"mean_ms": float(values.mean()), "p50_ms": float(np.median(values)),
            "p95_ms": float(np.quantile(values, 0.95)), "per_second": float(1000 / values.mean()),
            "p50_ms_10_to_22_tokens": float(np.median(short)) if len(short) else 0.0,
            "p50_ms_128_tokens": float(np.median(full)) if len(full) else 0.0}


def run(config: Config) -> None:
    """Writes bench.json and calibration.json."""
    rows = {h: [r for r in load(config, h) if r.split == "valid"] for h in LABELS}
    most = {h: MOST_SENTIMENT if h == "sentiment" else MOST_ROWS for h in rows}
    rows = {h: v[:: max(1, -(-len(v) // most[h]))] for h, v in rows.items()}
    texts = sorted({r.text for v in rows.values() for r in v})
    place = {t: i for i, t in enumerate(texts)}
    found, report = {}, {"processor": processor(), "onnxruntime": ort.__version__, "threads": config.threads, "texts": len(texts)}
    report["load"] = os.getloadavg()[0] / (os.cpu_count() or 1)
    times = time_variants(config, texts[:: max(1, len(texts) // TIMED)])
    for name, file in FILES.items():
        path = config.path(file)
        found[name] = reference(config, texts) if name == "fp32" else run_texts(str(path), texts, 1, name)
        cosine = (found[name]["embedding"] * found["fp32"]["embedding"]).sum(axis=1)
        report[name] = timing(times[name]) | {
            "bytes": path.stat().st_size, "cosine_mean": float(cosine.mean()),
            "cosine_p5": float(np.quantile(cosine, 0.05)), "cosine_min": float(cosine.min())}
    calibration, report["heads"] = {}, {}
    for head, members in rows.items():
        spots = [place[r.text] for r in members]
        part = {name: {head: outputs[head][spots]} for name, outputs in found.items()}
        report["heads"][head], calibration[head] = head_report(head, members, part)
    config.path("bench.json").write_text(json.dumps(report, indent=1))
    config.path("calibration.json").write_text(json.dumps(calibration, indent=1))
