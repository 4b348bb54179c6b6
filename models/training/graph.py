"""Builds the encoder as an ONNX graph straight from its weights: no tracing, no framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from .config import ATTENTION_HEADS, LAYERS, MAX_TOKENS, OPSET, WIDTH

Weights = dict[str, np.ndarray]
Smoothing = dict[str, np.ndarray]
FUSED = "com.microsoft"


@dataclass
class GraphBuilder:
    """Collects nodes and weights, and names what each node gives."""

    nodes: list[NodeProto] = field(default_factory=list)
    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    smooth: Smoothing = field(default_factory=dict)

    def const(self, name: str, value: np.ndarray) -> str:
        self.tensors[name] = np.ascontiguousarray(value)
        return name

    def op(self, kind: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def fused(self, kind: str, inputs: list[str], name: str, **attributes: object) -> str:
        """One of onnxruntime's own operators."""
        return self.op(kind, inputs, name, domain=FUSED, **attributes)

    def smoothing(self, name: str, width: int) -> np.ndarray:
        """The per-channel divisor of one product's input; ones where none was measured."""
        return self.smooth.get(name, np.ones(width, dtype=np.float32))

    def divided(self, x: str, name: str) -> str:
        """x over its smoothing divisor, as a product of its own."""
        if name not in self.smooth:
            return x
        inverse = self.const(f"{name}.inverse", (1.0 / self.smooth[name]).astype(np.float32))
        return self.op("Mul", [x, inverse], f"{name}.in")

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str) -> str:
        """x @ weight + bias; the weight is [in, out] and takes back what smoothing divided out."""
        weight = weight * self.smoothing(name, weight.shape[0])[:, None]
        w = self.const(f"{name}.weight", weight.astype(np.float32))
        b = self.const(f"{name}.bias", bias.astype(np.float32))
        return self.op("Add", [self.op("MatMul", [x, w], f"{name}.matmul"), b], f"{name}.out")

    def residual_norm(self, x: str, added: str, weights: Weights, layer: tuple[str, str]) -> str:
        """Sum and norm; `Sum`, since onnxruntime makes one operator of Add and norm that takes five times as long."""
        prefix, name = layer
        return self.norm(self.op("Sum", [x, added], f"{name}.sum"), weights, f"{prefix}.output.LayerNorm", f"{name}.norm")

    def norm(self, x: str, weights: Weights, prefix: str, name: str) -> str:
        scale = self.const(f"{name}.scale", weights[f"{prefix}.weight"])
        shift = self.const(f"{name}.shift", weights[f"{prefix}.bias"])
        return self.op("LayerNormalization", [x, scale, shift], name, axis=-1, epsilon=1e-12)


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """INT8 with one FP16 scale a row, so that a rare large value costs only its own row."""
    scale = (np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-3) / 127.0).astype(np.float16)
    values = np.rint(table / scale.astype(np.float32))
    return np.clip(values, -127, 127).astype(np.int8), scale


def add_word_rows(g: GraphBuilder, table: np.ndarray, int8_table: bool) -> str:
    """Looks the words up; an INT8 table is looked up as bytes and scaled row by row."""
    if not int8_table:
        return g.op("Gather", [g.const("words", table), "input_ids"], "words.rows")
    values, scale = quantise_rows(table)
    rows = g.op("Gather", [g.const("words.int8", values), "input_ids"], "words.bytes")
    floats = g.op("Cast", [rows], "words.floats", to=TensorProto.FLOAT)
    halves = g.op("Gather", [g.const("words.scale", scale), "input_ids"], "words.halves")
    scales = g.op("Cast", [halves], "words.scales", to=TensorProto.FLOAT)
    return g.op("Mul", [floats, scales], "words.rows")


def add_embeddings(g: GraphBuilder, weights: Weights, int8_table: bool) -> str:
    """Word rows plus position rows; the one token type is added to the positions beforehand."""
    words = add_word_rows(g, weights["embeddings.word_embeddings.weight"], int8_table)
    positions = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    g.const("i0", np.array([0], dtype=np.int64))
    length = g.op("Shape", ["input_ids"], "length", start=1, end=2)
    if int8_table:
        half = g.const("positions.half", positions.astype(np.float16))
        table = g.op("Cast", [half], "positions", to=TensorProto.FLOAT)
    else:
        table = g.const("positions", positions)
    rows = g.op("Slice", [table, "i0", length, "i0"], "positions.rows")
    total = g.op("Add", [words, rows], "embeddings.sum")
    return g.norm(total, weights, "embeddings.LayerNorm", "embeddings.norm")


def add_masks(g: GraphBuilder, padded: bool) -> list[str]:
    """`mask.mean` [b,1,s], whose product with rows is their mean; gives the further inputs of attention."""
    g.const("axis.tokens", np.array([1], dtype=np.int64))
    floats = g.op("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    total = g.op("ReduceSum", [floats, "axis.tokens"], "mask.count", keepdims=1)
    g.op("Unsqueeze", [g.op("Div", [floats, total], "mask.share"), "axis.tokens"], "mask.mean")
    return ["", g.op("Cast", ["attention_mask"], "mask.int", to=TensorProto.INT32)] if padded else []


def add_attention(g: GraphBuilder, x: str, weights: Weights, layer: int, masks: list[str]) -> str:
    """Self-attention; query, key and value are one product, the score scale sits in the query."""
    base, name = f"encoder.layer.{layer}.attention", f"layer{layer}.attention"
    parts = ("query", "key", "value")
    matrices = [weights[f"{base}.self.{p}.weight"].T for p in parts]
    biases = [weights[f"{base}.self.{p}.bias"] for p in parts]
    scale = 1.0 / sqrt(WIDTH / ATTENTION_HEADS)
    matrices[0], biases[0] = matrices[0] * scale, biases[0] * scale
    out_scale = g.smoothing(f"{name}.dense", WIDTH)
    matrices[2], biases[2] = matrices[2] / out_scale, biases[2] / out_scale
    qkv = g.linear(g.divided(x, f"{name}.qkv"), np.concatenate(matrices, 1), np.concatenate(biases), f"{name}.qkv")
    outputs = [f"{name}.{p}" for p in parts]
    g.nodes.append(helper.make_node("Split", [qkv, "split.qkv"], outputs, name=f"{name}.cut", axis=2))
    mixed = g.fused("MultiHeadAttention", [*outputs, *masks], f"{name}.mixed", num_heads=ATTENTION_HEADS, scale=1.0)
    dense = f"{base}.output.dense"
    out = g.linear(mixed, weights[f"{dense}.weight"].T, weights[f"{dense}.bias"], f"{name}.dense")
    return g.residual_norm(out, x, weights, (base, name))


def add_feed_forward(g: GraphBuilder, x: str, weights: Weights, layer: int) -> str:
    """Two linear steps with an exact GELU between them."""
    base, name = f"encoder.layer.{layer}", f"layer{layer}.feed"
    up = g.linear(g.divided(x, f"{name}.up"), weights[f"{base}.intermediate.dense.weight"].T,
                  weights[f"{base}.intermediate.dense.bias"], f"{name}.up")
    act = g.divided(g.fused("Gelu", [up], f"{name}.gelu"), f"{name}.down")
    down = g.linear(act, weights[f"{base}.output.dense.weight"].T,
                    weights[f"{base}.output.dense.bias"], f"{name}.down")
    return g.residual_norm(down, x, weights, (base, name))


def build_encoder(
    weights: Weights, int8_table: bool = False, smooth: Smoothing | None = None, padded: bool = True,
) -> GraphBuilder:
    """The encoder up to the unit-length `embedding.base` and `features`, the means of all layers side by side.

    `padded` lets texts of different lengths stand in one batch; without it attention is faster.
    """
    g = GraphBuilder(smooth=smooth or {})
    masks = add_masks(g, padded)
    g.const("split.qkv", np.array([WIDTH] * 3, dtype=np.int64))
    x = add_embeddings(g, weights, int8_table)
    pools = []
    for layer in range(LAYERS):
        x = add_feed_forward(g, add_attention(g, x, weights, layer, masks), weights, layer)
        pools.append(g.op("MatMul", ["mask.mean", x], f"pool{layer}"))
    last = g.op("Squeeze", [pools[-1], "axis.tokens"], "embedding.mean")
    g.op("LpNormalization", [last], "embedding.base", axis=-1, p=2)
    joined = g.op("Concat", pools, "features.row", axis=-1)
    g.op("Squeeze", [joined, "axis.tokens"], "features")
    return g


def to_model(g: GraphBuilder, outputs: dict[str, int]) -> ModelProto:
    """Closes the graph: int64 ids and mask in, float rows out."""
    def info(name: str, kind: int, last: object) -> object:
        return helper.make_tensor_value_info(name, kind, ["batch", last])

    tensors = [numpy_helper.from_array(v, k) for k, v in g.tensors.items()]
    inputs = [info(n, TensorProto.INT64, "sequence") for n in ("input_ids", "attention_mask")]
    results = [info(n, TensorProto.FLOAT, width) for n, width in outputs.items()]
    graph = helper.make_graph(g.nodes, "support", inputs, results, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)])
    model.ir_version = 8
    model.producer_name = "sidestep-training"
    return model
