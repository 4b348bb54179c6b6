"""Fills the templates: the same seed gives the same rows, whatever else is drawn."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from . import slots
from .rows import Row, share
from .sources import lines
from .templates_attack import ATTACKS, BENIGN, GOALS
from .templates_feeling import FEELINGS
from .templates_task import TASK_TEMPLATES

SLOT = re.compile(r"\{(\w+)\}")
OPENERS = ("please ", "hi, ", "hello, ", "can you help? ", "hey ", "quick question: ")
HELD_OUT = 0.2


def passages(data: Path) -> list[str]:
    """Texts to summarise or translate: public documents, questions and complaints, cut short."""
    found = [row["content"] for row in lines(data, "tau2_banking_kb")]
    found += [row["text"] for row in lines(data, "goemotions_train")][:4000:4]
    found += [row["question"] for row in lines(data, "gsm8k_train")][:2000:4]
    found += [row["prompt"] for row in lines(data, "wildguard_benign")][::4]
    return [re.sub(r"\s+", " ", text)[:500].strip() for text in found if len(text) > 30]


class Filler:
    """Draws slot values; every template has a seeded stream of its own."""

    def __init__(self, data: Path, seed: int) -> None:
        self.seed, self.random = seed, random.Random(seed)
        self.lists: dict[str, list[str]] = {
            name.lower().rstrip("s"): list(value)
            for name, value in vars(slots).items() if isinstance(value, tuple)
        }
        words = list(lines(data, "word_translation_en_de"))[0]["examples"].values()
        self.lists |= {
            "passage": passages(data), "word": [w["input"] for w in words],
            "snippet": [row["code"] for row in lines(data, "cruxeval")], "goal": list(GOALS),
            "support": [row["utterance"] for row in lines(data, "bitext_train")][::8],
        }

    def start(self, head: str, template: str) -> None:
        self.random = random.Random(f"{self.seed}:{head}:{template}")

    def value(self, slot: str) -> str:
        if slot == "number":
            return str(self.random.randint(1000, 9_999_999))
        if slot == "small":
            return str(self.random.randint(2, 90))
        return self.random.choice(self.lists[slot])

    def fill(self, template: str) -> str:
        """No value stands twice in one text: nothing is compared with itself."""
        used: set[str] = set()

        def pick(match: re.Match[str]) -> str:
            choices = (self.value(match.group(1)) for _ in range(20))
            found = next((c for c in choices if c not in used), "it")
            used.add(found)
            return found

        return SLOT.sub(pick, template)

    def vary(self, text: str) -> str:
        """Case, opening words and closing marks as people write them."""
        draw = self.random.random
        if draw() < 0.15 and len(text) < 120:
            text = self.random.choice(OPENERS) + text[0].lower() + text[1:]
        if draw() < 0.3:
            text = text.lower()
        if draw() < 0.2:
            text = text.rstrip("?.!")
        return text + "!" * (draw() < 0.05)


def held(template: str) -> str:
    """A fifth of the templates is kept for validation: their wording is never trained on."""
    return "valid" if share(template, "template") < HELD_OUT else "train"


def draw(filler: Filler, head: str, templates: list[tuple[str, str]], count: int) -> Iterator[Row]:
    """`count` rows over (template, label) pairs, the same number from each."""
    for template, label in templates:
        filler.start(head, template)
        seen: set[str] = set()
        for _ in range(max(1, count // len(templates))):
            text = filler.vary(filler.fill(template))
            if text not in seen:
                seen.add(text)
                yield Row(head, text, label, "generated", held(template), weak=True, group=template)


def generated_rows(data: Path, seed: int, scale: float = 1.0) -> Iterator[Row]:
    """All generated rows; `scale` shrinks them for a smoke run."""
    filler = Filler(data, seed)
    for label, templates in TASK_TEMPLATES.items():
        yield from draw(filler, "task", [(t, label) for t in templates], int(900 * scale))
    sides = [(t, s) for t, s, _ in FEELINGS]
    yield from draw(filler, "sentiment", sides, int(3600 * scale))
    yield from draw(filler, "emotion", [(t, e) for t, _, e in FEELINGS], int(3600 * scale))
    yield from draw(filler, "injection", [(t, "1") for t in ATTACKS], int(1800 * scale))
    yield from draw(filler, "injection", [(t, "0") for t in BENIGN], int(1800 * scale))
    inside = [t for c in ("faq", "order_status", "product_search", "greeting") for t in TASK_TEMPLATES[c]]
    outside = [t for c in ("math", "code", "creative", "discussion", "translation") for t in TASK_TEMPLATES[c]]
    inside += list(BENIGN) + [t for t, _, _ in FEELINGS if "{product}" in t or "{item}" in t]
    yield from draw(filler, "in_scope", [(t, "1") for t in inside], int(1800 * scale))
    yield from draw(filler, "in_scope", [(t, "0") for t in outside], int(1800 * scale))
