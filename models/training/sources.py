"""Readers of the public sets for the task head: text, category, source."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from .config import TASKS
from .rows import Row, read_jsonl

ORDER_WORDS = re.compile(r"order|deliver|refund|track|parcel|package", re.I)
COMPARE_WORDS = re.compile(r"\b(difference between|compared? (to|with)|versus|vs\.?|better than)\b", re.I)
NATCS_STATUS = {"CheckPaymentStatus", "CheckTransactionHistory"}


def lines(data: Path, name: str) -> Iterator[dict]:
    return read_jsonl(data / f"{name}.jsonl.gz")


def load_mapping(data: Path) -> dict:
    mapping = json.loads((data / "label_mapping.json").read_text("utf-8"))
    if tuple(mapping["categories"]) != TASKS:
        raise SystemExit("label_mapping.json lists other categories than config.TASKS")
    return mapping


def mapped(data: Path, name: str, key: str, source: str, split: str) -> Iterator[Row]:
    """One of the sets whose every label stands in the mapping."""
    table = load_mapping(data)[source]
    for row in lines(data, name):
        label = table.get(row["intent"])
        if label:
            yield Row("task", row[key], label, source, split, group=row["intent"])


def natcs(data: Path) -> Iterator[Row]:
    for row in lines(data, "natcs_insurance"):
        label = "order_status" if row["intent"] in NATCS_STATUS else "faq"
        yield Row("task", row["utterance"], label, "natcs", group=row["intent"])


def smalltalk(data: Path) -> Iterator[Row]:
    with (data / "smalltalk.tsv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Row("task", row["Question"], "greeting", "smalltalk", group=row["Answer"])


def hetpqa(data: Path, name: str, split: str) -> Iterator[Row]:
    """Product questions are `faq`; those that ask for a difference are `comparison` (weak)."""
    for row in lines(data, name):
        compares = bool(COMPARE_WORDS.search(row["question"]))
        label = "comparison" if compares else "faq"
        yield Row("task", row["question"], label, "hetpqa", split, weak=compares)


def cucom(data: Path) -> Iterator[Row]:
    for row in lines(data, "cucom_dialogues"):
        first = next((t["content"] for t in row["turns"] if t["role"] == "user"), None)
        if first:
            label = "order_status" if ORDER_WORDS.search(first) else "faq"
            yield Row("task", first, label, "cucom", weak=True)


def math_sets(data: Path) -> Iterator[Row]:
    for row in lines(data, "gsm8k_train"):
        yield Row("task", row["question"], "math", "gsm8k")
    for row in lines(data, "math_levels"):
        yield Row("task", row["problem"], "math", "math_levels")
    for row in lines(data, "svamp"):
        yield Row("task", f"{row['Body']} {row['Question']}", "math", "svamp")
    for row in lines(data, "asdiv"):
        yield Row("task", f"{row['body']} {row['question']}", "math", "asdiv")


def code_sets(data: Path) -> Iterator[Row]:
    for name in ("mbxp_mbpp", "mbxp_mbjsp", "mbxp_mbtsp"):
        for index, row in enumerate(lines(data, name)):
            prefix = "" if index % 2 else "Complete this function:\n"
            yield Row("task", prefix + row["prompt"].strip(), "code", "mbxp")
            if index % 3 == 0 and row.get("description"):
                yield Row("task", row["description"].strip(), "code", "mbxp")
    for index, row in enumerate(lines(data, "cruxeval")):
        prefix = ("What does this return?\n", "", "Explain this function.\n")[index % 3]
        yield Row("task", f"{prefix}{row['code']}\n\nf({row['input']})", "code", "cruxeval")


def prompttensor_label(row: dict) -> str:
    intent = row["intent"]
    if intent in ("summarization", "translation"):
        return intent
    if intent == "rewrite_paraphrase":
        return "creative"
    creative = intent == "generation" and row["domain"] == "creative_writing"
    creative = creative or (intent == "planning" and row["domain"] == "creative_writing")
    return "creative" if creative else "discussion"


def prompttensor(data: Path) -> Iterator[Row]:
    from pyarrow import parquet

    columns = ["prompt_text", "intent", "domain"]
    for row in parquet.read_table(data / "prompttensor.parquet", columns=columns).to_pylist():
        yield Row("task", row["prompt_text"], prompttensor_label(row), "prompttensor", weak=True,
                  group=row["domain"])


def general(data: Path) -> Iterator[Row]:
    """Search questions: a lasting source of `discussion`, as the mapping has it."""
    for row in lines(data, "nq_open_dev"):
        yield Row("task", row["question"], "discussion", "nq_open", weak=True)
    for row in lines(data, "snips_train"):
        yield Row("task", row["text"], "other", "snips", weak=True, group=row["intent"])
    for row in lines(data, "wands_queries"):
        yield Row("task", row["query"], "product_search", "wands")


def dstc9(data: Path) -> Iterator[Row]:
    for row in lines(data, "dstc9_faq_train"):
        yield Row("task", row["question"], "faq", "dstc9", group=row["domain"])


def task_rows(data: Path) -> Iterator[Row]:
    """Every public row of the task head."""
    yield from mapped(data, "clinc150_train", "text", "clinc150", "train")
    yield from mapped(data, "clinc150_val", "text", "clinc150", "valid")
    yield from mapped(data, "banking77_train", "text", "banking77", "train")
    yield from mapped(data, "bitext_train", "utterance", "bitext", "train")
    yield from mapped(data, "bitext_dev", "utterance", "bitext", "valid")
    yield from hetpqa(data, "hetpqa_train", "train")
    yield from hetpqa(data, "hetpqa_dev", "valid")
    for reader in (natcs, smalltalk, cucom, math_sets, code_sets, prompttensor, general, dstc9):
        yield from reader(data)
