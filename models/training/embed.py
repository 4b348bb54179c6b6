"""Pooled layers of many texts through the FP32 graph, kept between runs by text."""

from __future__ import annotations

import hashlib

import numpy as np
import onnxruntime as ort

from .config import LAYERS, WIDTH, Config
from .encoder import encoder_digest, load_tokenizer, load_weights, window_ids
from .fold_sets import RELEASE
from .graph import build_encoder, to_model
from .progress import Progress

BATCH_TOKENS = 4096
CHUNK = 20_000


def session(model: bytes | str, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options)


def pooled_session(config: Config, encoder: str) -> ort.InferenceSession:
    """The FP32 encoder with the mean of every layer as one row of 6 x 384."""
    g = build_encoder(load_weights(config, encoder))
    return session(to_model(g, {"features": LAYERS * WIDTH}).SerializeToString(), config.threads)


def pad(ids: list[list[int]]) -> dict[str, np.ndarray]:
    longest = max(map(len, ids))
    out = np.zeros((len(ids), longest), dtype=np.int64)
    mask = np.zeros_like(out)
    for row, tokens in enumerate(ids):
        out[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": out, "attention_mask": mask}


def batches(ids: list[list[int]]) -> list[list[int]]:
    """Indexes by length, so that a batch wastes little on padding."""
    groups: list[list[int]] = [[]]
    for index in sorted(range(len(ids)), key=lambda i: len(ids[i])):
        if (len(groups[-1]) + 1) * len(ids[index]) > BATCH_TOKENS and groups[-1]:
            groups.append([])
        groups[-1].append(index)
    return groups


def compute(config: Config, encoder: str, texts: list[str]) -> np.ndarray:
    tokenizer, run = load_tokenizer(), pooled_session(config, encoder)
    ids = [window_ids(tokenizer, text) for text in texts]
    out = np.zeros((len(texts), LAYERS * WIDTH), dtype=np.float16)
    groups, done = batches(ids), 0
    progress = Progress(f"embed {encoder}", sum(map(len, ids)))
    for group in groups:
        out[group] = run.run(["features"], pad([ids[i] for i in group]))[0]
        done += sum(len(ids[i]) for i in group)
        progress.at(done)
    return out


def key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


class Features:
    """Text -> row of one encoder's pooled layers; what is missing is computed once and stored."""

    def __init__(self, config: Config, encoder: str = RELEASE) -> None:
        self.config, self.encoder = config, encoder
        self.folder = config.path("features", encoder_digest(config, encoder), "x").parent
        self.place: dict[str, tuple[int, int]] = {}
        self.parts: list[np.ndarray] = []
        for names in sorted(self.folder.glob("*.txt")):
            self.attach(names.read_text().split(), np.load(names.with_suffix(".npy"), mmap_mode="r"))

    def attach(self, keys: list[str], rows: np.ndarray) -> None:
        self.place |= {k: (len(self.parts), i) for i, k in enumerate(keys)}
        self.parts.append(rows)

    def ensure(self, texts: list[str]) -> None:
        missing = sorted({t for t in texts if key(t) not in self.place})
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            rows, keys = compute(self.config, self.encoder, chunk), [key(t) for t in chunk]
            base = self.folder / f"{len(self.parts):04d}"
            np.save(base.with_suffix(".npy"), rows)
            base.with_suffix(".txt").write_text("\n".join(keys))
            self.attach(keys, rows)

    def get(self, texts: list[str]) -> np.ndarray:
        self.ensure(texts)
        spots = [self.place[key(t)] for t in texts]
        return np.stack([self.parts[p][i] for p, i in spots]).astype(np.float32)
