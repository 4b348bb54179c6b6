"""Moves activation outliers into the weights before quantisation (the graph's result is the same).

Each product's input is divided per channel by s and its weight multiplied by s, with
s = max|x|^a / max|w|^(1-a): one INT8 scale a tensor then fits every channel better.
"""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from .config import LAYERS, WIDTH
from .graph import GraphBuilder, Smoothing, Weights, build_encoder, to_model

PARTS = ("attention.qkv", "attention.dense", "feed.up", "feed.down")


def product_inputs(g: GraphBuilder) -> dict[str, str]:
    """Product name -> the name of the tensor that goes into it."""
    wanted = {f"layer{i}.{part}.matmul": f"layer{i}.{part}" for i in range(LAYERS) for part in PARTS}
    return {wanted[n.name]: n.input[0] for n in g.nodes if n.name in wanted}


def channel_maxima(weights: Weights, batches: list[np.ndarray]) -> Smoothing:
    """The largest absolute input of every channel of every product, over one text at a time."""
    g = build_encoder(weights)
    inputs = product_inputs(g)
    model = to_model(g, {name: 4 * WIDTH for name in set(inputs.values())})
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    session = ort.InferenceSession(model.SerializeToString())
    names = sorted(set(inputs.values()))
    peaks: dict[str, np.ndarray] = {}
    for ids in batches:
        rows = session.run(names, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, row in zip(names, rows, strict=True):
            peak = np.abs(row).max(axis=(0, 1))
            peaks[name] = np.maximum(peaks.get(name, peak), peak)
    return {product: peaks[name] for product, name in inputs.items()}


def smoothing(weights: Weights, batches: list[np.ndarray], strength: float) -> Smoothing:
    """The divisors for `build_encoder`, their geometric mean one."""
    peaks = channel_maxima(weights, batches)
    g = build_encoder(weights)
    result: Smoothing = {}
    for name, peak in peaks.items():
        matrix = np.abs(g.tensors[f"{name}.weight"]).max(axis=1)
        s = np.maximum(peak, 1e-5) ** strength / np.maximum(matrix, 1e-5) ** (1.0 - strength)
        result[name] = (s / np.exp(np.log(s).mean())).astype(np.float32)
    return result
