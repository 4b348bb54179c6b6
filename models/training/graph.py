"""Builds the encoder as an ONNX graph straight from its weights: no tracing, no framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from .config import ATTENTION_HEADS, LAYERS, MAX_TOKENS, OPSET, WIDTH

Weights = dict[str, np.ndarray]
Smoothing = dict[str, np.ndarray]


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


def add_masks(g: GraphBuilder) -> None:
    """`mask` for pooling [b,s,1] and `attend` for attention [b,1,1,s]."""
    g.const("one", np.array(1.0, dtype=np.float32))
    g.const("far", np.array(-10000.0, dtype=np.float32))
    g.const("axes.pool", np.array([2], dtype=np.int64))
    g.const("axes.attend", np.array([1, 2], dtype=np.int64))
    floats = g.op("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    g.op("Unsqueeze", [floats, "axes.pool"], "mask")
    hidden = g.op("Mul", [g.op("Sub", ["one", floats], "mask.inverse"), "far"], "mask.far")
    g.op("Unsqueeze", [hidden, "axes.attend"], "attend")


def split_heads(g: GraphBuilder, x: str, name: str, keys: bool = False) -> str:
    shape = g.op("Reshape", [x, "shape.heads"], f"{name}.split")
    return g.op("Transpose", [shape], f"{name}.heads", perm=[0, 2, 3, 1] if keys else [0, 2, 1, 3])


def add_attention(g: GraphBuilder, x: str, weights: Weights, layer: int) -> str:
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
    query, value = (split_heads(g, f"{name}.{p}", f"{name}.{p}") for p in ("query", "value"))
    key = split_heads(g, f"{name}.key", f"{name}.key", keys=True)
    scores = g.op("Add", [g.op("MatMul", [query, key], f"{name}.scores"), "attend"], f"{name}.masked")
    shares = g.op("Softmax", [scores], f"{name}.shares", axis=-1)
    mixed = g.op("Transpose", [g.op("MatMul", [shares, value], f"{name}.mixed")], f"{name}.order",
                 perm=[0, 2, 1, 3])
    joined = g.op("Reshape", [mixed, "shape.joined"], f"{name}.joined")
    dense = f"{base}.output.dense"
    out = g.linear(joined, weights[f"{dense}.weight"].T, weights[f"{dense}.bias"], f"{name}.dense")
    total = g.op("Add", [out, x], f"{name}.sum")
    return g.norm(total, weights, f"{base}.output.LayerNorm", f"{name}.norm")


def add_feed_forward(g: GraphBuilder, x: str, weights: Weights, layer: int) -> str:
    """Two linear steps with an exact GELU between them."""
    base, name = f"encoder.layer.{layer}", f"layer{layer}.feed"
    up = g.linear(g.divided(x, f"{name}.up"), weights[f"{base}.intermediate.dense.weight"].T,
                  weights[f"{base}.intermediate.dense.bias"], f"{name}.up")
    erf = g.op("Erf", [g.op("Div", [up, "root2"], f"{name}.div")], f"{name}.erf")
    gate = g.op("Mul", [up, g.op("Add", [erf, "one"], f"{name}.erf1")], f"{name}.gate")
    half = g.const(f"{name}.half", 0.5 / g.smoothing(f"{name}.down", 4 * WIDTH))
    act = g.op("Mul", [gate, half], f"{name}.gelu")
    down = g.linear(act, weights[f"{base}.output.dense.weight"].T,
                    weights[f"{base}.output.dense.bias"], f"{name}.down")
    total = g.op("Add", [down, x], f"{name}.sum")
    return g.norm(total, weights, f"{base}.output.LayerNorm", f"{name}.norm")


def add_pool(g: GraphBuilder, x: str, name: str) -> str:
    """Mean over the real tokens."""
    total = g.op("ReduceSum", [g.op("Mul", [x, "mask"], f"{name}.real"), "axis.tokens"],
                 f"{name}.total", keepdims=0)
    return g.op("Div", [total, "mask.count"], name)


def build_encoder(
    weights: Weights, int8_table: bool = False, smooth: Smoothing | None = None,
) -> tuple[GraphBuilder, list[str]]:
    """The encoder up to the unit-length `embedding.base`; gives the pooled name of every layer too."""
    g = GraphBuilder(smooth=smooth or {})
    add_masks(g)
    g.const("axis.tokens", np.array([1], dtype=np.int64))
    g.op("ReduceSum", ["mask", "axis.tokens"], "mask.count", keepdims=0)
    g.const("root2", np.array(sqrt(2.0), dtype=np.float32))
    g.const("split.qkv", np.array([WIDTH] * 3, dtype=np.int64))
    g.const("shape.heads", np.array([0, 0, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS], dtype=np.int64))
    g.const("shape.joined", np.array([0, 0, WIDTH], dtype=np.int64))
    x = add_embeddings(g, weights, int8_table)
    pools = []
    for layer in range(LAYERS):
        x = add_feed_forward(g, add_attention(g, x, weights, layer), weights, layer)
        pools.append(add_pool(g, x, f"pool{layer}"))
    g.op("LpNormalization", [pools[-1]], "embedding.base", axis=-1, p=2)
    return g, pools


def to_model(g: GraphBuilder, outputs: dict[str, int]) -> ModelProto:
    """Closes the graph: int64 ids and mask in, float rows out."""
    def info(name: str, kind: int, last: object) -> object:
        return helper.make_tensor_value_info(name, kind, ["batch", last])

    tensors = [numpy_helper.from_array(v, k) for k, v in g.tensors.items()]
    inputs = [info(n, TensorProto.INT64, "sequence") for n in ("input_ids", "attention_mask")]
    results = [info(n, TensorProto.FLOAT, width) for n, width in outputs.items()]
    graph = helper.make_graph(g.nodes, "support", inputs, results, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    model.producer_name = "sidestep-training"
    return model
