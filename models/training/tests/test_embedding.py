"""The embedding's correction: its batches, its losses, what it learns, and that the graph computes the same."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from training import contrast
from training.config import LAYERS, WIDTH
from training.embed import pad, session
from training.embedding import few_shot, without
from training.encoder import load_tokenizer, load_base_weights, window_ids
from training.export import add_embedding
from training.graph import build_encoder, to_model
from training.intent_batches import BATCH, IntentBatches, family
from training.projection import Projection, load_projection, unit

SIZE = LAYERS * WIDTH


def sets(count: int = 6, texts: int = 8) -> dict[str, dict[str, list[str]]]:
    return {f"set{s} part": {f"label{k}": [f"{s} {k} {t}" for t in range(texts)] for k in range(count)} for s in range(2)}


def projection(seed: int = 3) -> Projection:
    draw = np.random.default_rng(seed)
    return Projection(draw.normal(size=(SIZE, 4)) / 50, draw.normal(size=(4, WIDTH)) / 50, draw.normal(size=WIDTH) / 50)


def test_batches_repeat_and_label_every_text_with_its_own_intent() -> None:
    one, two = IntentBatches(sets(), 5), IntentBatches(sets(), 5)
    for _ in range(20):
        texts, labels = one.draw()
        assert (texts, labels) == two.draw()
        assert len(texts) == len(labels) == BATCH
        meaning = {}
        for text, label in zip(texts, labels, strict=True):
            assert meaning.setdefault(label, text.rsplit(" ", 1)[0]) == text.rsplit(" ", 1)[0]


def test_contrast_is_less_for_sentences_that_stand_together() -> None:
    labels = jnp.array([0, 0, 1, 1])
    apart = unit(np.eye(4, 8))
    together = np.repeat(np.eye(2, 8), 2, axis=0)
    assert contrast.contrast(jnp.array(together), labels) < contrast.contrast(jnp.array(apart), labels)


def test_no_correction_has_no_distance() -> None:
    rows = jnp.array(unit(np.random.default_rng(0).normal(size=(5, 16))))
    assert contrast.distance(rows, rows) == pytest.approx(0, abs=1e-5)
    assert contrast.distance(rows, -rows) > 1


def test_fit_learns_what_the_last_layer_hides() -> None:
    """Labels that only an early layer tells apart: the base cannot see them, the correction can."""
    draw = np.random.default_rng(1)
    groups = sets(count=4, texts=24)
    rows = {}
    for name, group in groups.items():
        for label, texts in group.items():
            centre = draw.normal(size=WIDTH)
            for text in texts:
                row = draw.normal(size=SIZE)
                row[:WIDTH] += 4 * centre
                rows[text] = row.astype(np.float32)
    other = [f"other {i}" for i in range(80)]
    rows |= {text: draw.normal(size=SIZE).astype(np.float32) for text in other}

    def lookup(texts: list[str]) -> np.ndarray:
        return np.stack([rows[text] for text in texts])

    fitted, curve = contrast.fit_projection(IntentBatches(groups, 2), other, lookup, 120, 2, "test")
    assert len(curve) == 2
    group = groups["set0 part"]
    examples = {label: texts[:8] for label, texts in group.items()}
    asked = {label: texts[8:] for label, texts in group.items()}
    base = few_shot(examples, asked, lambda texts: unit(lookup(texts)[:, -WIDTH:]), 5)
    assert few_shot(examples, asked, lambda texts: fitted.apply(lookup(texts)), 5) > base + 30


def test_graph_computes_the_correction(tmp_path) -> None:
    wanted = projection()
    wanted.save(tmp_path / "p.npz")
    stored = load_projection(tmp_path / "p.npz")
    tokenizer, weights = load_tokenizer(), load_base_weights()
    feed = pad([window_ids(tokenizer, t) for t in ("Where is my order?", "hello, can you help me please")])
    for int8, closeness in ((False, 1e-5), (True, 5e-3)):
        g = build_encoder(weights)
        add_embedding(g, stored, int8)
        run = session(to_model(g, {"embedding": WIDTH, "features": SIZE}).SerializeToString(), 1)
        embedding, features = run.run(["embedding", "features"], feed)
        assert np.allclose(embedding, wanted.apply(features), atol=closeness)
        assert np.allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)


def test_left_out_families_take_all_their_sets() -> None:
    names = {"clinc150 travel": {}, "clinc150 home": {}, "snips": {}}
    assert list(without(names, ("clinc150",))) == ["snips"]
    assert family("clinc150 travel") == "clinc150"
