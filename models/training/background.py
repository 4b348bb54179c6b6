"""Stage `background`: sentences of other people's domains, embedded, for out-of-scope thresholds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .bench import run_texts
from .config import WIDTH, Config
from .exclude import test_hashes, valid_hashes
from .export import FILES
from .rows import share, text_hash
from .sources import lines

# Source, file, text field, group field, rows, licence. None of the sets is share-alike.
SETS = (
    ("clinc150", "clinc150_train", "text", "intent", 700, "CC BY 3.0"),
    ("banking77", "banking77_train", "text", "intent", 300, "CC BY 4.0"),
    ("snips", "snips_train", "text", "intent", 250, "CC0"),
    ("nq_open", "nq_open_dev", "question", "", 450, "Apache-2.0"),
    ("llmrouter", "llmrouter_pairs", "prompt", "category", 350, "MIT"),
    ("self_instruct", "self_instruct_seeds", "instruction", "", 120, "Apache-2.0"),
    ("wildguard", "wildguard_benign", "prompt", "", 150, "MIT"),
    ("gsm8k", "gsm8k_train", "question", "", 80, "MIT"),
    ("mbxp", "mbxp_mbpp", "description", "", 60, "CC BY 4.0"),
    ("wands", "wands_queries", "query", "query_class", 60, "MIT"),
)
Sentence = tuple[str, str]


def candidates(data: Path, banned: set[str], file: str, key: str, group: str) -> Iterator[Sentence]:
    for row in lines(data, file):
        text = " ".join(str(row.get(key) or "").split())
        if 8 <= len(text) <= 180 and text_hash(text) not in banned:
            banned.add(text_hash(text))
            yield text, str(row.get(group, ""))


def pick(config: Config) -> list[tuple[str, str, str]]:
    """(text, source, group), drawn by hash; all of CLINC150's out-of-scope rows come first."""
    banned = test_hashes(config.data) | valid_hashes(config.data)
    chosen = []
    for source, file, key, group, count, _ in SETS:
        found = sorted(candidates(config.data, banned, file, key, group),
                       key=lambda s: (s[1] != "oos", share(s[0], "background")))
        most = max(3, count // 20) if config.smoke else count
        chosen += [(text, source, name) for text, name in found[:most]]
    return chosen


def pack(rows: np.ndarray) -> bytes:
    """INT8 with one scale a row; the scale is not kept, a reader divides each row by its norm."""
    peak = np.abs(rows).max(axis=1, keepdims=True)
    return np.rint(rows / peak * 127).astype(np.int8).tobytes()


def run(config: Config) -> None:
    chosen = pick(config)
    found = run_texts(str(config.path(FILES["default"])), [c[0] for c in chosen], 1,
                         "background")
    sources = [s[0] for s in SETS]
    groups = sorted({c[2] for c in chosen})
    config.path("background.i8").write_bytes(pack(found["embedding"]))
    content = {
        "format": 1, "file": "background.i8", "count": len(chosen), "size": WIDTH,
        "encoding": "int8 row-major; divide each row by its Euclidean norm",
        "sources": [{"name": s[0], "license": s[5]} for s in SETS], "groups": groups,
        "sentences": [[t, sources.index(s), groups.index(g)] for t, s, g in chosen],
    }
    config.path("background.json").write_text(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")), "utf-8")
    print(f"background: {len(chosen)} sentences", flush=True)
