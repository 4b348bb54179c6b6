"""Writes CARD.md, whose figures `npm run eval` fills in, and SOURCES.md."""

from __future__ import annotations

from pathlib import Path

from .sources_table import NOTES, SOURCES

CALM = 0.75
EVAL_SECTION = """<!-- eval:begin -->
Not evaluated yet: `npm run eval -- --write` puts the figures here.
<!-- eval:end -->"""


def number(value: object) -> str:
    """A figure, with its 95 % interval where there is one."""
    if isinstance(value, list) and None in value:
        return "-"
    if isinstance(value, list) and len(value) == 3:
        return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"
    return "-" if value is None else f"{value:.3f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(r) + " |" for r in rows])


def is_calm(metrics: dict) -> bool:
    """Unknown load counts as busy."""
    return metrics.get("load", float("inf")) <= CALM


def held_out_text(metrics: dict) -> str:
    held = metrics["held_out"]
    task = held["task"]
    per_category = table(["category", "F1"], [[k, number(v)] for k, v in task["f1"].items()])
    per_source = table(["source left out", "accuracy"],
                       [[k, number(v)] for k, v in task["accuracy_by_source"].items()])
    binary = [[head, fold, number(v["auroc"]), str(v["rows"])]
              for head in ("injection", "in_scope") for fold, v in held.get(head, {}).items()]
    return "\n\n".join([
        f"Task, macro-F1 over the {len(task['categories'])} categories that have two real sources, every "
        f"row scored by a head that never saw its source: **{number(task['macro_f1'])}**, "
        f"{task['rows']} rows. Generated rows stay in training.", per_category, per_source,
        table(["head", "sources left out", "AUROC", "rows"], binary)])


def embedding_text(training: dict) -> str:
    """How well intents are told apart that the correction never saw, and those that it did see."""
    record = training["embedding"]
    rows = [[name, shots, *(f"{figures[kind][shots]:.1f}" for kind in ("base", "unseen", "release"))]
            for name, figures in record["few_shot"].items() for shots in figures["base"]]
    return (
        f"The embedding is the base encoder's, corrected by a low-rank product of all layers' means ({record['steps']} steps, "
        "contrastive over intent sets, usable when cut to 256 and 128 numbers, held near the base on other texts). Accuracy in "
        "percent of a logistic regression on a few sentences an intent, on texts that nothing was trained on, mean of three draws; "
        "\"unseen\" is a correction trained without that set's family, so it tells what a user's own intents may expect, "
        "\"release\" has seen other sentences of the same intents.\n\n"
    ) + table(["set", "sentences an intent", "base encoder", "corrected, set unseen", "release"], rows)


def adapt_text(record: dict) -> str:
    """Whether more masked-word training on support text was worth keeping."""
    if not record:
        return "No adaptation to support text was tried for this release."
    before, after = record["perplexity"]["before"], record["perplexity"]["after"]
    base, own = record["trials"]["base"], record["trials"]["adapted"]
    return (
        f"Masked-word training on {record['texts']} support texts took perplexity on held-out ones from {before:.0f} to {after:.0f} "
        "(both with a head for masked words trained on the untouched encoder first). A short tuning from it gave a mean macro-F1 of "
        f"{own['judged']:.3f} on validation rows, against {base['judged']:.3f} from the untouched encoder; "
        f"it is {'kept' if record['kept'] else '**not kept**, since that is no clear gain'}."
    )


def published_text(record: dict) -> str:
    """Encoders tuned on one public set alone: comparable with published scores, and no part of the release."""
    if not record:
        return ""
    rows = [[name, number(found["accuracy"]), number(found.get("oos_auroc")),
             "; ".join(f"{t['accuracy']:.3f} at {t['oos_recall']:.3f}" for t in found.get("thresholds", [])) or "-"]
            for name, found in record.items()]
    return "\n\n".join([
        "## Tuned on one set alone",
        "Evaluation builds, not this release: the base encoder tuned on one set's training part, scored once on its test part; "
        "thresholds come from validation rows.",
        table(["set", "accuracy, in scope", "out-of-scope AUROC", "accuracy at out-of-scope recall, three thresholds"], rows)]) + "\n"


def difficulty_text(held: dict) -> str:
    """Each category of MMLU-Pro by a head that never saw it."""
    rows = [[name, number(v["model"]), number(v["tfidf"]), number(v["length"]), str(v["rows"])]
            for name, v in held.get("difficulty", {}).items()]
    if not rows:
        return ""
    return "\n\n".join(["AUROC of \"the 8B model is wrong\" on MMLU-Pro, each category by a head, a bag of words and a length that "
                        "never saw it:", table(["category left out", "head", "TF-IDF", "length", "rows"], rows)]) + "\n"


def encoder_text(training: dict) -> str:
    if training["encoder"] == "frozen":
        return "frozen"
    return "tuned with its sentence embedding held in place"


def prose(name: str) -> str:
    """Text of the card that no figure can tell."""
    return (Path(__file__).parent / "prose" / f"{name}.md").read_text("utf-8")


def write_card(path: Path, manifest: dict, data: dict) -> None:
    m, training = manifest["metrics"], manifest["training"]
    choices = ", ".join(f"{k} {v['choice']}" for k, v in training["heads"].items())
    smoke = "\n**This is a smoke run: its figures mean nothing.**\n" if training["smoke"] else ""
    text = f"""# {manifest['name']}-v{manifest['version']}

One sentence encoder ({training['base']}, 6 layers, 384 wide, {encoder_text(training)}) with a corrected embedding and {len(training['heads'])} heads in one ONNX graph; one forward pass gives
all outputs. Created {manifest['created']}, licence {manifest['license']} (weights and figures; the sets keep their own, see SOURCES.md).
{smoke}
Heads read the mean of every layer's tokens (6 x 384 numbers). Validation rows are cut in two by hash: one half chooses and
calibrates, the other is the report rows, with 95 % bootstrap intervals. No text of an evaluation split is trained on:
{sum(v for k, v in data.get('dropped', {}).items() if 'split' in k)} rows were dropped for that. {training['rows']} rows in all.
Weights are INT8 per output channel and the embedding table INT8 per row; activations are quantised at run time.
Before quantisation the outliers of the activations are moved into the weights, which changes no FP32 result.

{EVAL_SECTION}

The figures from here on need training anew and were made by the pipeline.

## Embedding
{embedding_text(training)}

{adapt_text(training.get('adapt', {}))}

{published_text(training.get('published', {}))}
## Sources left out
{held_out_text(m)}

{difficulty_text(m.get('held_out', {}))}
{prose("limits")}
{prose("missed")}
## Training
`python -m training.run --all` in `models/`, seed {training['seed']}. Chosen form of each head: {choices}.
"""
    path.write_text(text, "utf-8")


def write_sources(path: Path, manifest: dict) -> None:
    rows = [[s.name, s.origin, s.license, s.used_for] for s in SOURCES]
    hashes = [[k, f"`{v}`"] for k, v in manifest["training"]["data"].items()]
    path.write_text("\n\n".join([
        f"# Sources of {manifest['name']}-v{manifest['version']}", NOTES,
        table(["set", "origin @ commit", "licence", "used for"], rows),
        "## Files as read (sha256)", table(["file", "sha256"], hashes)]) + "\n", "utf-8")
