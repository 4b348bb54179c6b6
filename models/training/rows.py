"""The row that every stage passes on, and reading and writing of JSON lines."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .encoder import normalise


@dataclass(frozen=True)
class Row:
    """One text with one label for one head; `emotion` labels are names joined by spaces."""

    head: str
    text: str
    label: str
    source: str
    split: str = "train"
    weak: bool = False
    group: str = ""


def read_jsonl(path: Path) -> Iterator[dict]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read_rows(path: Path) -> list[Row]:
    return [Row(**value) for value in read_jsonl(path)]


def text_hash(text: str) -> str:
    """Hash of the normalised text: what leak checks compare."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()


def share(text: str, salt: str) -> float:
    """A number in [0, 1) that depends on the normalised text alone: stable splits."""
    digest = hashlib.sha256(f"{salt}:{normalise(text)}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def sha256_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
