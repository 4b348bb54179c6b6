"""Stages `export` and `quantise`: encoder and heads in one graph, FP32 and two INT8 variants."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from .config import LAYERS, WIDTH, Config
from .data import load
from .encoder import load_tokenizer, load_weights, window_ids
from .graph import GraphBuilder, build_encoder, to_model
from .heads import LABELS, Layers, load_heads
from .quantise import HEAD_PREFIX, quantise
from .smooth import smoothing

STRENGTHS = {"feed.down": 0.8}
DEFAULT_STRENGTH = 0.7
CALIBRATION_TEXTS = 400
FILES = {"fp32": "fp32.onnx", "default": "model.onnx", "reduce_range": "model.reduce-range.onnx"}


def half_precision(g: GraphBuilder, value: np.ndarray, name: str) -> str:
    """Kept as FP16 in the file and cast once when the session is made."""
    return g.op("Cast", [g.const(f"{name}.half", value.astype(np.float16))], name, to=TensorProto.FLOAT)


def add_head(g: GraphBuilder, head: str, layers: Layers) -> None:
    """One or two linear steps on `features`; the result is named like the head."""
    x = "features"
    for step, (w, b) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        name, last = f"{HEAD_PREFIX}{head}.{step}", step == len(layers.weights) - 1
        product = g.op("MatMul", [x, half_precision(g, w, f"{name}.weight")], f"{name}.matmul")
        x = g.op("Add", [product, g.const(f"{name}.bias", b)], head if last else f"{name}.sum")
        if not last:
            x = g.op("Relu", [x], f"{name}.relu")


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


def build(config: Config, int8_table: bool, smooth: dict[str, np.ndarray]) -> onnx.ModelProto:
    g, pools = build_encoder(load_weights(), int8_table, smooth)
    g.op("Concat", pools, "features", axis=-1)
    outputs = {"embedding": WIDTH}
    for head, layers in load_heads(config).items():
        if layers.weights[0].shape[0] != LAYERS * WIDTH:
            raise SystemExit(f"head {head} was fitted on another number of layers")
        add_head(g, head, layers)
        outputs[head] = len(LABELS[head])
    return to_model(g, outputs)


def run(config: Config) -> None:
    """The FP32 reference: the encoder's own weights, not smoothed and with an FP32 table."""
    model = build(config, False, {})
    onnx.checker.check_model(model)
    onnx.save(model, str(config.path(FILES["fp32"])))


def run_quantise(config: Config) -> None:
    source = config.path("smoothed.onnx")
    onnx.save(build(config, True, smooth_factors(config, load_weights())), str(source))
    for variant, narrow in (("default", False), ("reduce_range", True)):
        target = config.path(FILES[variant])
        quantise(source, target, narrow)
        print(f"quantise: {variant} {target.stat().st_size / 1e6:.2f} MB", flush=True)
    source.unlink()
