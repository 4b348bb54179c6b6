"""The encoder's forward pass as a differentiable function of its weights (JAX), for stages that change them."""

from __future__ import annotations

from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np

from .config import ATTENTION_HEADS, LAYERS, WIDTH

Weights = dict[str, jax.Array]
FROZEN = "embeddings."
EPSILON = 1e-12


def arrays(weights: dict[str, np.ndarray]) -> Weights:
    """What the forward pass needs of an encoder's weights."""
    return {k: jnp.asarray(v) for k, v in weights.items() if v.dtype != np.int64 and "pooler" not in k}


def moving_part(weights: Weights) -> Weights:
    """Everything but the word and position tables, which stay as they are."""
    return {k: v for k, v in weights.items() if not k.startswith(FROZEN)}


def frozen_part(weights: Weights) -> Weights:
    return {k: v for k, v in weights.items() if k.startswith(FROZEN)}


def norm(x: jax.Array, weights: Weights, prefix: str) -> jax.Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = jax.lax.rsqrt((centred * centred).mean(axis=-1, keepdims=True) + EPSILON)
    return centred * spread * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"]


def linear(x: jax.Array, weights: Weights, prefix: str) -> jax.Array:
    return x @ weights[f"{prefix}.weight"].T + weights[f"{prefix}.bias"]


def attention(x: jax.Array, attend: jax.Array, weights: Weights, layer: int) -> jax.Array:
    """`x` is [batch, tokens, width], `attend` is [batch, 1, 1, tokens] with 0 or a large negative number."""
    base = f"encoder.layer.{layer}.attention"
    batch, tokens, _ = x.shape
    size = WIDTH // ATTENTION_HEADS

    def heads(part: str) -> jax.Array:
        rows = linear(x, weights, f"{base}.self.{part}")
        return rows.reshape(batch, tokens, ATTENTION_HEADS, size).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / sqrt(size) + attend
    mixed = (jax.nn.softmax(scores, axis=-1) @ heads("value")).transpose(0, 2, 1, 3)
    out = linear(mixed.reshape(batch, tokens, WIDTH), weights, f"{base}.output.dense")
    return norm(out + x, weights, f"{base}.output.LayerNorm")


def feed_forward(x: jax.Array, weights: Weights, layer: int) -> jax.Array:
    base = f"encoder.layer.{layer}"
    up = jax.nn.gelu(linear(x, weights, f"{base}.intermediate.dense"), approximate=False)
    down = linear(up, weights, f"{base}.output.dense")
    return norm(down + x, weights, f"{base}.output.LayerNorm")


def word_rows(weights: Weights, ids: jax.Array) -> jax.Array:
    total = weights["embeddings.word_embeddings.weight"][ids]
    total += weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    total += weights["embeddings.token_type_embeddings.weight"][0]
    return norm(total, weights, "embeddings.LayerNorm")


def token_rows(weights: Weights, ids: jax.Array, mask: jax.Array) -> list[jax.Array]:
    """Every layer's output for every token: six arrays of [batch, tokens, width]."""
    attend = (1.0 - mask.astype(jnp.float32))[:, None, None, :] * -10000.0
    x = word_rows(weights, ids)
    rows = []
    for layer in range(LAYERS):
        x = feed_forward(attention(x, attend, weights, layer), weights, layer)
        rows.append(x)
    return rows


def pooled_layers(weights: Weights, ids: jax.Array, mask: jax.Array) -> list[jax.Array]:
    """The mean over the real tokens of every layer: six arrays of [batch, width]."""
    real = mask.astype(jnp.float32)
    share = real[:, :, None] / jnp.maximum(real.sum(axis=1), 1.0)[:, None, None]
    return [(x * share).sum(axis=1) for x in token_rows(weights, ids, mask)]
