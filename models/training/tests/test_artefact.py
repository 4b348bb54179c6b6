"""The released folder: hashes, self-check, background and leaks."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from training.config import DEFAULT_DATA, MODELS_DIR
from training.embed import session
from training.encoder import load_tokenizer, window_ids
from training.exclude import test_hashes as hashes_of_tests
from training.rows import text_hash

DATA = Path(os.environ.get("TRAINING_DATA", DEFAULT_DATA))
FOLDER = MODELS_DIR / "support-v1"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text("utf-8"))


def test_files_have_their_hashes() -> None:
    for name, entry in MANIFEST["files"].items():
        content = (FOLDER / name).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_model_and_tokenizer_fit_the_size_budget() -> None:
    sizes = {name: entry["bytes"] for name, entry in MANIFEST["files"].items()}
    for file in MANIFEST["variants"].values():
        assert sizes[file] + sizes["tokenizer.json"] <= 24_000_000
    assert sizes["background.json"] + sizes["background.i8"] <= 3_000_000


@pytest.mark.parametrize("variant", ["default", "reduce_range"])
def test_selfcheck_holds(variant: str) -> None:
    run = session(str(FOLDER / MANIFEST["variants"][variant]), 2)
    check, tokenizer = MANIFEST["selfcheck"], load_tokenizer()
    names = [head["name"] for head in MANIFEST["heads"]]
    for case in check["cases"]:
        assert window_ids(tokenizer, case["text"]) == case["ids"]
        ids = np.array([case["ids"]])
        rows = run.run(names, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, row in zip(names, rows, strict=True):
            expected = np.array(case["outputs"][variant][name])
            limit = check["tolerance"]["embedding" if name == "embedding" else "logits"]
            assert np.abs(row[0][: len(expected)] - expected).max() <= limit


def test_selfcheck_has_a_cut_text_and_unit_embeddings() -> None:
    assert max(len(case["ids"]) for case in MANIFEST["selfcheck"]["cases"]) == MANIFEST["window"]["max_tokens"]
    assert len(MANIFEST["selfcheck"]["cases"]) == 8


def test_background_matches_its_sentences() -> None:
    background = json.loads((FOLDER / "background.json").read_text("utf-8"))
    rows = np.frombuffer((FOLDER / background["file"]).read_bytes(), dtype=np.int8)
    rows = rows.reshape(background["count"], background["size"]).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert len(background["sentences"]) == background["count"]
    run, tokenizer = session(str(FOLDER / "model.onnx"), 2), load_tokenizer()
    for index in range(0, background["count"], 400):
        ids = np.array([window_ids(tokenizer, background["sentences"][index][0])])
        vector = run.run(["embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        assert float(vector @ rows[index]) > 0.99


@pytest.mark.skipif(not DATA.is_dir(), reason="no data folder")
def test_background_holds_no_evaluation_text() -> None:
    background = json.loads((FOLDER / "background.json").read_text("utf-8"))
    banned = hashes_of_tests(DATA)
    assert not [text for text, _, _ in background["sentences"] if text_hash(text) in banned]
