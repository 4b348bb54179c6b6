"""Texts that stand in an evaluation split and may therefore never be trained on."""

from __future__ import annotations

from pathlib import Path

from .rows import read_jsonl, text_hash

TEST_FILES = {"clinc150_test": "text", "banking77_test": "text", "replay_dev": "text"}
VALID_FILES = {
    "clinc150_val": "text", "bitext_dev": "utterance", "goemotions_dev": "text", "hetpqa_dev": "question",
}


def file_hashes(data: Path, files: dict[str, str]) -> set[str]:
    found: set[str] = set()
    for name, key in files.items():
        found.update(text_hash(row[key]) for row in read_jsonl(data / f"{name}.jsonl.gz"))
    return found - {text_hash("")}


def llmrouter_test_hashes(data: Path) -> set[str]:
    rows = read_jsonl(data / "llmrouter_pairs.jsonl.gz")
    return {text_hash(row["prompt"]) for row in rows if row["split"] == "test"}


def test_hashes(data: Path) -> set[str]:
    """Never trained on and never calibrated on."""
    return file_hashes(data, TEST_FILES) | llmrouter_test_hashes(data)


def valid_hashes(data: Path) -> set[str]:
    """Calibrated and reported on, never trained on."""
    return file_hashes(data, VALID_FILES)
