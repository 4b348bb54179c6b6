"""Stages `adapt` and `tune`: the differentiable encoder, what batches hold, and what a fold leaves out."""

from __future__ import annotations

import random

import jax.numpy as jnp
import numpy as np
import pytest

from training.config import LAYERS, WIDTH
from training.contrast import unit
from training.difficulty import soft
from training.embed import pad, session
from training.encoder import load_base_weights, load_tokenizer, window_ids
from training.fold_sets import FOLDS, fold_without
from training.graph import build_encoder, to_model
from training.heads import decided, fit_soft, targets
from training.masking import HIDDEN_SHARE, MASK_ID, hide
from training.network import pooled_layers
from training.noise import noisy
from training.rows import Row
from training.tune_batches import LONG, SHORT, TOTAL, packed

TEXTS = ("Where is my order?", "hello", "The delivery was late and the box was crushed, can I have my money back please?")


def test_network_computes_what_the_graph_computes() -> None:
    weights, tokenizer = load_base_weights(), load_tokenizer()
    feed = pad([window_ids(tokenizer, text) for text in TEXTS])
    g = build_encoder(weights)
    run = session(to_model(g, {"features": LAYERS * WIDTH}).SerializeToString(), 1)
    (wanted,) = run.run(["features"], feed)
    arrays = {k: jnp.asarray(v) for k, v in weights.items() if v.dtype != np.int64}
    found = jnp.concatenate(pooled_layers(arrays, jnp.asarray(feed["input_ids"]), jnp.asarray(feed["attention_mask"])), -1)
    assert np.abs(np.asarray(found) - wanted).max() < 1e-4


def test_rows_come_back_in_their_order() -> None:
    draw = random.Random(4)
    rows = [[101, *(draw.randrange(1000, 2000) for _ in range(draw.randrange(1, 60))), 102] for _ in range(TOTAL)]
    short, long, order = packed(rows)
    assert short.ids.shape == SHORT and long.ids.shape == LONG
    wide = np.zeros((SHORT[0], LONG[1]), np.int32)
    wide[:, : SHORT[1]] = short.ids
    for row, ids in zip(rows, np.concatenate([wide, long.ids])[order], strict=True):
        kept = ids[ids > 0]
        assert kept[-1] == 102 and list(kept[:-1]) == row[: len(kept) - 1]


def test_hidden_words_are_a_share_of_the_words_and_never_the_marks() -> None:
    rows = [[101, *range(2000, 2030), 102]] * 12
    hidden = hide(rows, (12, 32), random.Random(1))
    count = int(hidden.weight.sum())
    assert count == 12 * round(30 * HIDDEN_SHARE)
    assert set(hidden.truth[:count]) <= set(range(2000, 2030))
    changed = (hidden.ids == MASK_ID).sum()
    assert 0.5 * count < changed <= count


def test_a_slip_changes_a_letter_or_two() -> None:
    draw = random.Random(2)
    text = "where is the parcel that I ordered"
    slips = [noisy(text, draw) for _ in range(400)]
    assert 0.1 < sum(slip != text for slip in slips) / 400 < 0.4
    assert all(abs(len(slip) - len(text)) <= 2 for slip in slips)


def test_every_source_is_left_out_by_one_fold() -> None:
    for name, fold in FOLDS.items():
        for source in fold.sources:
            assert fold_without(source) == name
            assert not fold.keeps(Row("task", "x", "faq", source))
    families = [family for fold in FOLDS.values() for family in fold.families]
    assert len(families) == len(set(families))
    with pytest.raises(StopIteration):
        fold_without("generated")


def test_difficulty_labels_are_shares() -> None:
    rows = [Row("difficulty", "x", soft(0.25, 0.5), "mmlu_pro"), Row("difficulty", "y", soft(1, 1), "mmlu_pro")]
    assert targets("difficulty", rows).tolist() == [[0.75, 0.38], [0.0, 0.0]]
    assert decided("difficulty", rows).tolist() == [[1, 0], [0, 0]]


def test_a_regression_on_shares_gives_shares() -> None:
    x = np.repeat(np.eye(2), 200, axis=0)
    weight, bias = fit_soft(x, np.repeat([0.8, 0.3], 200), np.ones(400), 100.0)
    assert np.allclose(1 / (1 + np.exp(-(np.eye(2) @ weight + bias)))[:, 0], [0.8, 0.3], atol=0.02)


def test_unit_rows_have_length_one() -> None:
    rows = unit(jnp.asarray(np.random.default_rng(0).normal(size=(4, 8))))
    assert np.allclose(np.linalg.norm(np.asarray(rows), axis=1), 1, atol=1e-6)
