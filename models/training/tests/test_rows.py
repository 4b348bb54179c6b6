"""Windows, hashes, splits and leaks."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from training.config import DEFAULT_DATA, MAX_TOKENS, Config
from training.data import clean
from training.encoder import load_tokenizer, normalise, window_ids
from training.exclude import test_hashes as hashes_of_tests
from training.exclude import valid_hashes
from training.generate import generated_rows
from training.rows import Row, text_hash

DATA = Path(os.environ.get("TRAINING_DATA", DEFAULT_DATA))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no data folder: set TRAINING_DATA")


def test_normalise_joins_case_and_marks() -> None:
    assert normalise("  Where's MY order?! ") == "where s my order"
    assert text_hash("Hello, there") == text_hash("hello there!")


def test_window_keeps_both_ends() -> None:
    tokenizer = load_tokenizer()
    text = " ".join(f"word{i}" for i in range(400))
    whole = tokenizer.encode(text, add_special_tokens=False).ids
    ids = window_ids(tokenizer, text)
    assert len(ids) == MAX_TOKENS
    assert ids == [101, *whole[:63], *whole[-63:], 102]


def test_window_leaves_126_content_tokens_alone() -> None:
    tokenizer = load_tokenizer()
    assert len(window_ids(tokenizer, "a " * 126)) == 128
    assert window_ids(tokenizer, "a b") == [101, 1037, 1038, 102]


def test_clean_drops_evaluation_texts_and_crossing_texts() -> None:
    rows = [Row("task", "In the test!", "faq", "x"), Row("task", "kept", "faq", "bitext"),
            Row("task", "both sides", "faq", "bitext", "valid"), Row("task", "Both sides.", "faq", "bitext")]
    kept, dropped = clean(rows, {text_hash("in the test")}, {text_hash("both sides")})
    assert [(r.text, r.split) for r in kept] == [("both sides", "valid"), ("kept", "train")]
    assert isinstance(dropped, Counter) and sum(dropped.values()) == 2


@needs_data
def test_generator_repeats_itself() -> None:
    first = list(generated_rows(DATA, 3, 0.03))
    assert first == list(generated_rows(DATA, 3, 0.03))
    assert first != list(generated_rows(DATA, 4, 0.03))


@needs_data
def test_templates_never_cross_the_split() -> None:
    sides: dict[tuple[str, str], set[str]] = {}
    for row in generated_rows(DATA, 3, 0.03):
        sides.setdefault((row.head, row.group), set()).add(row.split)
    assert all(len(side) == 1 for side in sides.values())


@needs_data
def test_no_evaluation_text_is_trained_on(tmp_path: Path) -> None:
    from training import data

    config = Config(data=DATA, work=tmp_path)
    data.run(config)
    banned, valid = hashes_of_tests(DATA), valid_hashes(DATA)
    rows = data.read_rows(config.path("rows.jsonl.gz"))
    assert len(rows) > 50_000
    assert not [r for r in rows if text_hash(r.text) in banned]
    assert not [r for r in rows if r.split == "train" and text_hash(r.text) in valid]
    for head in {r.head for r in rows}:
        train, held = ({text_hash(r.text) for r in rows if r.head == head and r.split == s}
                       for s in ("train", "valid"))
        assert not train & held
