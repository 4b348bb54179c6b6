"""Stage `evaluation`: what `npm run eval` needs to find its rows again: hashes, labels and FP32 outputs, no text of a set."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from sklearn.linear_model import LogisticRegression

from .bench import reference
from .config import WIDTH, Config
from .data import load
from .embed import Features
from .embedding import anchors
from .encoder import encoder_digest
from .exclude import test_hashes, valid_hashes
from .export import FILES
from .fold_sets import BASE, RELEASE
from .heads import KIND, LABELS, calibration_half, decided
from .intent_sets import is_valid, read_sets
from .projection import unit
from .rows import Row, read_jsonl, sha256_file, share, text_hash
from .tune import Tuner

ROWS_FILE = "evaluation/rows.json.gz"
TRAINED_FILE = "evaluation/training-texts.gz"
GENERATED = "generated"
# First bytes of a hash: of a row's own text, and of a normalised text that was trained on.
KEY_BYTES = 6
TRAINED_BYTES = 5
# Logits are stored as 16-bit multiples of these: FP32 outputs, and the base encoder's baseline.
STEP = 1 / 64
BASE_STEP = 1 / 8
EMBEDDINGS = 200
BASE_ROWS = 8000
# As in stage `embedding`: on vectors of unit length.
STRENGTH = 30.0
SETS = {"clinc150": ("clinc150_train", "clinc150_test"), "banking77": ("banking77_train", "banking77_test")}
SHOTS = (5, 10)
DRAWS = (1, 2, 3)

Array = np.ndarray


@dataclass
class Use:
    """What a set of texts was trained on for: normalised hash -> target; `encoder` where it moves every head's input."""

    name: str
    encoder: bool
    targets: dict[bytes, str] = field(default_factory=dict)


def trained_hash(text: str) -> bytes:
    return bytes.fromhex(text_hash(text))[:TRAINED_BYTES]


def key(text: str) -> bytes:
    """Finds the row's very text, not just one that is normalised to the same."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:KEY_BYTES]


def target_names(head: str, rows: list[Row]) -> list[str]:
    """The label of a softmax head; one digit a label of a sigmoid head."""
    if KIND[head] == "softmax":
        return [r.label for r in rows]
    values = decided(head, rows)
    columns = values if values.ndim == 2 else values[:, None]
    return ["".join("1" if v > 0 else "0" for v in row) for row in columns]


def embedding_texts(config: Config) -> Iterable[str]:
    """What stage `embedding` trains on."""
    for group in read_sets(config.data, limit=config.row_limit).values():
        for texts in group.values():
            yield from (t for t in texts if not is_valid(t))
    yield from anchors(config)


def tune_texts(config: Config) -> Iterable[str]:
    """What stage `tune` trains on; nothing where the encoder is the base encoder."""
    if encoder_digest(config, RELEASE) == BASE:
        return
    tuner = Tuner(config, RELEASE)
    yield from tuner.texts()


# Stages that train on texts of their own, with whether they move the encoder.
STAGES: dict[str, tuple[Callable[[Config], Iterable[str]], bool]] = {
    "embedding": (embedding_texts, False), "tune": (tune_texts, True),
}


def uses(config: Config) -> list[Use]:
    found = []
    for head in LABELS:
        rows = [r for r in load(config, head) if r.split == "train"]
        names = target_names(head, rows)
        found.append(Use(head, False, {trained_hash(r.text): n for r, n in zip(rows, names, strict=True)}))
    for name, (texts, encoder) in STAGES.items():
        found.append(Use(name, encoder, {trained_hash(t): "" for t in texts(config)}))
    return found


def write_trained(config: Config) -> None:
    """One line of JSON, then the sorted hashes and each use's targets, a plane a byte."""
    found = uses(config)
    hashes = sorted({h for use in found for h in use.targets})
    planes = [np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, TRAINED_BYTES).T]
    heads = []
    for use in found:
        names = sorted(set(use.targets.values()))
        place = {name: index + 1 for index, name in enumerate(names)}
        numbers = np.array([place.get(use.targets.get(h, "\0"), 0) for h in hashes], "<u2")
        planes.append(numbers.view(np.uint8).reshape(-1, 2).T)
        heads.append({"name": use.name, "encoder": use.encoder, "targets": names, "texts": len(use.targets)})
    own = {r.text for head in LABELS for r in load(config, head) if r.split == "train" and r.source == GENERATED}
    head = {"format": 1, "bytes": TRAINED_BYTES, "count": len(hashes), "uses": heads, "generated": sorted(own)}
    body = b"".join(np.ascontiguousarray(p).tobytes() for p in planes)
    line = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    save(config, TRAINED_FILE, line + body)


def save(config: Config, name: str, content: bytes) -> None:
    path = config.out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0))
    print(f"evaluation: {name} {path.stat().st_size / 1e3:.0f} kB", flush=True)


def packed(values: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def stored(logits: Array, step: float) -> str:
    return packed(np.clip(np.round(logits / step), -32768, 32767).astype("<i2"))


def base_pools(config: Config, texts: list[str]) -> Array:
    """The base encoder's sentence embedding: the mean of its last layer at unit length."""
    return unit(Features(config, BASE).get(texts)[:, -WIDTH:])


def base_logits(config: Config, head: str, late: list[Row]) -> Array:
    """A logistic regression on the base encoder's embedding: a seeded draw of training rows, no choice of strength."""
    train = [r for r in load(config, head) if r.split == "train"]
    train = sorted(train, key=lambda r: share(r.text, "base"))[: BASE_ROWS]
    x, asked = base_pools(config, [r.text for r in train]), base_pools(config, [r.text for r in late])
    y = decided(head, train)
    columns = [y] if y.ndim == 1 else list(y.T)
    parts = [one_base(x, column, asked) for column in columns]
    if KIND[head] != "softmax":
        return np.column_stack(parts)
    full = np.full((len(late), len(LABELS[head])), -100.0)
    full[:, np.unique(y)] = parts[0] if parts[0].ndim == 2 else np.column_stack([-parts[0], parts[0]])
    return full


def one_base(x: Array, y: Array, asked: Array) -> Array:
    if len(np.unique(y)) < 2:
        return np.zeros(len(asked))
    return LogisticRegression(C=STRENGTH, max_iter=200).fit(x, y).decision_function(asked)


def head_part(config: Config, head: str, sources: dict[str, int], groups: dict[str, int]) -> dict:
    """Rows of the half that was neither trained on nor calibrated on, with FP32 outputs."""
    late = [r for r in load(config, head) if r.split == "valid" and not calibration_half(r)]
    logits = reference(config, [r.text for r in late])[head]
    return {
        "kind": KIND[head], "labels": list(LABELS[head]), "rows": len(late),
        "targets": target_names(head, late),
        "sources": [sources.setdefault(r.source, len(sources)) for r in late],
        "groups": [groups.setdefault(r.group, len(groups)) for r in late],
        "keys": packed(np.frombuffer(b"".join(key(r.text) for r in late), np.uint8)),
        "texts": {str(i): r.text for i, r in enumerate(late) if r.source == GENERATED},
        "fp32": stored(logits, STEP), "base": stored(base_logits(config, head, late), BASE_STEP),
    }


def embedding_part(config: Config) -> dict:
    """FP32 embeddings of some report rows of the first head, as signed bytes with a scale a row."""
    late = [r for r in load(config, next(iter(LABELS))) if r.split == "valid" and not calibration_half(r)]
    rows = list(range(0, len(late), max(1, len(late) // EMBEDDINGS)))
    vectors = reference(config, [late[i].text for i in rows])["embedding"]
    scale = np.abs(vectors).max(axis=1, keepdims=True) / 127
    return {"head": next(iter(LABELS)), "rows": rows, "width": vectors.shape[1],
            "values": packed(np.round(vectors / scale).astype(np.int8))}


def drawn(texts: Iterable[str], seed: int, shots: int) -> list[str]:
    """The same sentences as `npm run eval` draws: by a hash of seed and text."""
    def order(text: str) -> str:
        return hashlib.sha256(f"few-shot:{seed}:{text}".encode()).hexdigest()
    return sorted(set(texts), key=order)[:shots]


def few_shot(config: Config, name: str) -> dict[str, float]:
    """Accuracy on the test split, in-scope rows, of the base encoder with a regression, mean of the draws."""
    train, test = SETS[name]
    banned = test_hashes(config.data) | valid_hashes(config.data)
    groups: dict[str, list[str]] = defaultdict(list)
    for row in read_jsonl(config.data / f"{train}.jsonl.gz"):
        if row["intent"] != "oos" and text_hash(row["text"]) not in banned:
            groups[row["intent"]].append(row["text"])
    if config.smoke:
        groups = {intent: groups[intent] for intent in sorted(groups)[:8]}
    asked = [r for r in read_jsonl(config.data / f"{test}.jsonl.gz") if r["intent"] in groups]
    asked = asked[:200] if config.smoke else asked
    tests, truth = base_pools(config, [r["text"] for r in asked]), np.array([r["intent"] for r in asked])
    figures = {}
    for shots in SHOTS:
        right = []
        for seed in DRAWS:
            pairs = [(t, k) for k, texts in sorted(groups.items()) for t in drawn(texts, seed, shots)]
            model = LogisticRegression(C=STRENGTH, max_iter=200)
            model.fit(base_pools(config, [t for t, _ in pairs]), [k for _, k in pairs])
            right.append(float((model.predict(tests) == truth).mean()))
        figures[str(shots)] = float(np.mean(right))
    print(f"evaluation: {name} on the base encoder {figures}", flush=True)
    return figures


def run(config: Config) -> None:
    """Writes both files into the artefact's folder."""
    sources: dict[str, int] = {}
    groups: dict[str, int] = {}
    heads = {head: head_part(config, head, sources, groups) for head in LABELS}
    record = {
        "format": 1, "model": sha256_file(config.path(FILES["default"])), "step": STEP,
        "base_step": BASE_STEP, "key_bytes": KEY_BYTES,
        "heads": heads, "sources": list(sources), "groups": list(groups), "embeddings": embedding_part(config),
        "base_few_shot": {name: few_shot(config, name) for name in SETS},
        "base_rows": BASE_ROWS,
    }
    save(config, ROWS_FILE, json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())
    write_trained(config)
