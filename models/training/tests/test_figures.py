"""Metrics, calibration, the graph and its INT8 helpers on small inputs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from training.calibrate import apply, platt, temperature
from training.config import WIDTH
from training.embed import batches, pad, session
from training.encoder import load_tokenizer, load_base_weights, window_ids
from training.graph import build_encoder, quantise_rows, to_model
from training.heads import Layers, fold
from training.metrics import ece, interval, sigmoid, softmax


def test_ece_is_zero_for_a_perfect_forecast() -> None:
    assert ece(np.ones(40), np.ones(40)) == 0
    assert ece(np.full(100, 0.9), np.zeros(100)) == pytest.approx(0.9)


def test_interval_holds_its_figure() -> None:
    value, low, high = interval(lambda a: float(a.mean()), np.arange(200.0))
    assert low < value < high


def test_temperature_finds_an_inflated_scale() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(4000, 3))
    y = np.array([draw.choice(3, p=p) for p in softmax(logits)])
    assert temperature(y, logits * 4) == pytest.approx(4, rel=0.15)


def test_platt_finds_scale_and_shift() -> None:
    draw = np.random.default_rng(0)
    z = draw.normal(size=6000)
    y = (draw.random(6000) < sigmoid(z)).astype(int)
    t, b = platt(y, (z - 1) * 3)
    assert t == pytest.approx(3, rel=0.15)
    assert b == pytest.approx(1, abs=0.2)


def test_apply_follows_the_manifest_formula() -> None:
    p = apply("injection", {"temperature": [2.0], "bias": [-1.0]}, np.array([[4.0]]))
    assert p[0, 0] == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_fold_keeps_the_result() -> None:
    draw = np.random.default_rng(1)
    x, w, b = draw.normal(size=(9, 5)) * 3 + 2, draw.normal(size=(5, 2)), draw.normal(size=2)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    folded = Layers(*([v] for v in fold(w, b, mean, scale)))
    assert np.allclose(folded.logits(x), ((x - mean) / scale) @ w + b, atol=1e-4)


def test_quantise_rows_keeps_every_row_close() -> None:
    table = np.random.default_rng(2).normal(size=(50, WIDTH)).astype(np.float32)
    values, scale = quantise_rows(table)
    assert values.dtype == np.int8
    assert np.abs(values * scale - table).max() <= np.abs(table).max() / 127


def test_batches_cover_every_text_once() -> None:
    groups = batches([[1] * n for n in (3, 128, 7, 9)])
    assert sorted(i for group in groups for i in group) == [0, 1, 2, 3]


def test_padding_and_smoothing_change_nothing() -> None:
    weights, tokenizer = load_base_weights(), load_tokenizer()
    ids = [window_ids(tokenizer, t) for t in ("Where is my order?", "hello, can you help me with a refund please")]
    factors = np.linspace(0.5, 2.0, WIDTH).astype(np.float32)
    wide = np.linspace(0.5, 2.0, 4 * WIDTH).astype(np.float32)
    smooth = {f"layer{i}.{p}": wide if p == "feed.down" else factors
              for i in range(6) for p in ("attention.qkv", "attention.dense", "feed.up", "feed.down")}
    rows = []
    for factors_of in ({}, smooth):
        g = build_encoder(weights, smooth=factors_of)
        model = to_model(g, {"embedding.base": WIDTH})
        onnx.checker.check_model(model)
        run = session(model.SerializeToString(), 1)
        rows.append(run.run(None, pad(ids))[0])
        rows.append(np.vstack([run.run(None, pad([one]))[0] for one in ids]))
    for other in rows[1:]:
        assert np.allclose(rows[0], other, atol=1e-4)
    assert np.allclose(np.linalg.norm(rows[0], axis=1), 1, atol=1e-5)
