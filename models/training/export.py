"""Stages `export` and `quantise`: encoder and heads in one graph, FP32 and two INT8 variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from .config import LAYERS, WIDTH, Config
from .data import load
from .encoder import load_tokenizer, load_weights, window_ids
from .fold_sets import RELEASE
from .graph import GraphBuilder, build_encoder, quantise_rows, to_model
from .heads import LABELS, Layers, load_heads
from .projection import Projection, load_projection
from .quantise import HEAD_PREFIX, quantise
from .smooth import smoothing

STRENGTHS = {"feed.down": 0.8}
DEFAULT_STRENGTH = 0.7
CALIBRATION_TEXTS = 400
FILES = {"fp32": "fp32.onnx", "default": "model.onnx", "reduce_range": "model.reduce-range.onnx"}


def matrix(g: GraphBuilder, value: np.ndarray, name: str, int8: bool) -> str:
    """FP32, or INT8 with a scale a row that is turned into floats once when the session is made."""
    if not int8:
        return g.const(name, value.astype(np.float32))
    values, scale = quantise_rows(value)
    floats = g.op("Cast", [g.const(f"{name}.int8", values)], f"{name}.floats", to=TensorProto.FLOAT)
    half = g.const(f"{name}.half", scale)
    scales = g.op("Cast", [half], f"{name}.scales", to=TensorProto.FLOAT)
    return g.op("Mul", [floats, scales], name)


def add_head(g: GraphBuilder, head: str, layers: Layers, int8: bool) -> None:
    """One or two linear steps on `features`; the result is named like the head."""
    x = "features"
    for step, (w, b) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        name, last = f"{HEAD_PREFIX}{head}.{step}", step == len(layers.weights) - 1
        product = g.op("MatMul", [x, matrix(g, w, f"{name}.weight", int8)], f"{name}.matmul")
        x = g.op("Add", [product, g.const(f"{name}.bias", b)], head if last else f"{name}.sum")
        if not last:
            x = g.op("Relu", [x], f"{name}.relu")


def add_embedding(g: GraphBuilder, projection: Projection, int8: bool) -> None:
    """The last layer's mean at unit length plus the trained correction, at unit length again."""
    down = matrix(g, projection.down, f"{HEAD_PREFIX}embedding.down", int8)
    up = matrix(g, projection.up, f"{HEAD_PREFIX}embedding.up", int8)
    low = g.op("MatMul", ["features", down], f"{HEAD_PREFIX}embedding.low")
    shift = g.op("MatMul", [low, up], f"{HEAD_PREFIX}embedding.shift")
    bias = g.const(f"{HEAD_PREFIX}embedding.bias", projection.bias.astype(np.float32))
    moved = g.op("Add", [g.op("Add", ["embedding.base", shift], "embedding.moved"), bias], "embedding.sum")
    g.op("LpNormalization", [moved], "embedding", axis=-1, p=2)


def calibration_batches(config: Config) -> list[np.ndarray]:
    """Training texts of every head, one text a batch."""
    tokenizer, texts = load_tokenizer(), []
    for head in LABELS:
        rows = [r for r in load(config, head) if r.split == "train"]
        step = max(1, len(rows) * len(LABELS) // CALIBRATION_TEXTS)
        texts += [r.text for r in rows[::step]]
    return [np.array([window_ids(tokenizer, text)]) for text in texts]


def smooth_factors(config: Config, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    batches = calibration_batches(config)
    base = smoothing(weights, batches, DEFAULT_STRENGTH)
    for part, strength in STRENGTHS.items():
        other = smoothing(weights, batches, strength)
        base |= {name: value for name, value in other.items() if part in name}
    return base


def build(
    config: Config, int8: bool, smooth: dict[str, np.ndarray], encoder: str = RELEASE,
) -> onnx.ModelProto:
    """`int8` keeps tables and heads in few bytes; the encoder's products are quantised afterwards."""
    g = build_encoder(load_weights(config, encoder), int8, smooth, padded=False)
    add_embedding(g, load_projection(config.path(f"projection-{encoder}.npz")), int8)
    outputs = {"embedding": WIDTH}
    for head, layers in load_heads(config).items():
        if layers.weights[0].shape[0] != LAYERS * WIDTH:
            raise SystemExit(f"head {head} was fitted on another number of layers")
        add_head(g, head, layers, int8)
        outputs[head] = len(LABELS[head])
    return to_model(g, outputs)


def run(config: Config) -> None:
    """The FP32 reference: the encoder's own weights, not smoothed and with an FP32 table."""
    model = build(config, False, {})
    onnx.checker.check_model(model)
    onnx.save(model, str(config.path(FILES["fp32"])))


def run_quantise(config: Config) -> None:
    targets = {variant: config.path(FILES[variant]) for variant in ("default", "reduce_range")}
    write_int8(config, RELEASE, targets)
    for variant, target in targets.items():
        print(f"quantise: {variant} {target.stat().st_size / 1e6:.2f} MB", flush=True)


def write_int8(config: Config, encoder: str, targets: dict[str, Path]) -> None:
    """The variants named, quantised from one smoothed graph of this encoder."""
    smooth = smooth_factors(config, load_weights(config, encoder))
    source = config.path("smoothed.onnx")
    onnx.save(build(config, True, smooth, encoder), str(source))
    for variant, target in targets.items():
        quantise(source, target, variant == "reduce_range")
    source.unlink()
