"""Stage `record`: what a run was made of and how it went, as JSON beside the artefact, with its curves as a picture."""

from __future__ import annotations

import json

import matplotlib

from . import adapt, contrast, embedding, tune, tune_batches
from .config import Config
from .fold_sets import FOLDS, RELEASE

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "sidestep"

from matplotlib import pyplot  # noqa: E402  the backend must be chosen first
from matplotlib.axes import Axes  # noqa: E402

RECORD = "training-record.json"
PICTURE = "training.svg"


def settings() -> dict:
    return {
        "adapt": {"steps": adapt.STEPS, "head_steps": adapt.HEAD_STEPS, "rate": adapt.RATE, "trial_steps": adapt.TRIAL_STEPS,
                  "least_gain": adapt.GAIN},
        "tune": {"steps": tune.STEPS, "rate": tune.RATE, "head_rate": tune.HEAD_RATE, "held": tune.HELD,
                 "contrast": tune.CONTRAST, "head_weight": tune.HEAD_WEIGHT, "rows_a_batch": tune_batches.HEAD_ROWS,
                 "sentences_a_batch": tune_batches.SENTENCES, "patience": tune.PATIENCE},
        "embedding": {"steps": embedding.STEPS, "rank": contrast.RANK, "temperature": contrast.TEMPERATURE,
                      "anchor": contrast.ANCHOR, "rate": contrast.RATE},
    }


def read(config: Config, name: str) -> dict:
    path = config.path(name)
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def losses(axis: Axes, curve: list[dict[str, float]]) -> None:
    """Each loss over its first value, so that they share one scale."""
    for name in ("loss_sentiment", "loss_task", "loss_contrast", "loss_moved"):
        first = curve[0][name] or 1.0
        axis.plot([p["step"] for p in curve], [p[name] / first for p in curve], label=name.removeprefix("loss_"))
    axis.set(title="tune: losses over their first value", xlabel="step", ylim=(0, None))
    axis.legend(fontsize=7)


def judged(axis: Axes, record: dict) -> None:
    for name in (RELEASE, *FOLDS):
        curve = record.get(name, {}).get("curve", [])
        axis.plot([p["step"] for p in curve], [p["judged"] for p in curve], label=name)
    axis.set(title="tune: mean macro-F1 on validation rows", xlabel="step")
    axis.legend(fontsize=7)


def correction(axis: Axes, curve: list[list[float]]) -> None:
    steps = [100 * (index + 1) for index in range(len(curve))]
    axis.plot(steps, [point[0] for point in curve], label="contrast")
    axis.plot(steps, [100 * point[1] for point in curve], label="distance from before, x 100")
    axis.set(title="embedding: losses", xlabel="step", ylim=(0, None))
    axis.legend(fontsize=7)


def draw(config: Config, tuned: dict, embedded: dict) -> None:
    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
    if tuned.get(RELEASE):
        losses(axes[0], tuned[RELEASE]["curve"])
        judged(axes[1], tuned)
    correction(axes[2], embedded.get("losses", []))
    target = config.out / "figures" / PICTURE
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, metadata={"Date": None})
    pyplot.close(figure)


def run(config: Config) -> None:
    tuned, embedded = read(config, "tune.json"), read(config, "embedding.json")
    content = {"run": read(config, "run.json"), "settings": settings(), "data": read(config, "data.json"),
               "adapt": read(config, "adapt.json"), "tune": tuned, "embedding": embedded, "heads": read(config, "heads.json"),
               "published": read(config, "published.json")}
    (config.out / RECORD).write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    draw(config, tuned, embedded)
