"""Stage `adapt`: goes on with masked-word training on support text, and keeps it only if what follows gains (JAX)."""

from __future__ import annotations

import json
import random
from math import exp

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .config import WIDTH, Config
from .encoder import encoder_file, load_base_weights, load_tokenizer
from .fold_sets import ADAPTED, RELEASE
from .masking import Hidden, hide, support_texts
from .network import Weights, arrays, frozen_part, moving_part, norm, token_rows
from .optimiser import two_rates
from .progress import Progress
from .tune import Tuner
from .tune_batches import Tokens

SHAPE = (48, 40)
HEAD_STEPS = 250
STEPS = 350
SMOKE_STEPS = 3
# Steps of stage `tune` from either encoder, which decide.
TRIAL_STEPS = 200
GAIN = 0.005
RATE = 5e-5
HEAD_RATE = 1e-3
DECAY = 1e-4
JUDGED_BATCHES = 12

Parameters = dict[str, Weights]


def start(base: Weights) -> Parameters:
    """The package carries no head for masked words, so one is learned: a step back into the word table's space."""
    head = {"dense": jnp.eye(WIDTH), "shift": jnp.zeros(WIDTH), "norm.weight": jnp.ones(WIDTH), "norm.bias": jnp.zeros(WIDTH),
            "words": jnp.zeros(base["embeddings.word_embeddings.weight"].shape[0])}
    return {"encoder": moving_part(base), "head": head}


def loss_of(moving: Parameters, frozen: Weights, batch: Hidden) -> jax.Array:
    """Mean cross entropy of the hidden words."""
    head, table = moving["head"], frozen["embeddings.word_embeddings.weight"]
    rows = token_rows({**frozen, **moving["encoder"]}, batch.ids, batch.mask)[-1][batch.rows, batch.places]
    rows = norm(jax.nn.gelu(rows @ head["dense"] + head["shift"]), head, "norm")
    found = optax.softmax_cross_entropy_with_integer_labels(rows @ table.T + head["words"], batch.truth)
    return (found * batch.weight).sum() / batch.weight.sum()


class Adapter:
    """Trains the head alone first, so that perplexity before and after means the same thing."""

    def __init__(self, config: Config) -> None:
        self.smoke = config.smoke
        self.base = arrays(load_base_weights())
        self.tokens = Tokens(load_tokenizer())
        self.train, self.judged = support_texts(config.data)
        self.draw = random.Random(config.seed)
        self.frozen = frozen_part(self.base)
        self.measure = jax.jit(lambda moving, frozen, batch: loss_of(moving, frozen, Hidden(*batch)))

    def batch(self, texts: list[str], draw: random.Random) -> tuple:
        chosen = hide([self.tokens(text) for text in draw.sample(texts, SHAPE[0])], SHAPE, draw)
        return tuple(getattr(chosen, name) for name in Hidden.__dataclass_fields__)

    def perplexity(self, moving: Parameters) -> float:
        """On the same texts with the same words hidden each time."""
        draw = random.Random(0)
        losses = [float(self.measure(moving, self.frozen, self.batch(self.judged, draw))) for _ in range(2 if self.smoke else JUDGED_BATCHES)]
        return round(exp(float(np.mean(losses))), 3)

    def train_for(self, moving: Parameters, steps: int, frozen: bool) -> Parameters:
        rates = {"encoder": RATE, "head": HEAD_RATE}
        held = frozenset({"encoder"}) if frozen else frozenset()
        optimiser = two_rates(rates, steps, min(20, steps // 2), 0.05, DECAY, held)
        state = optimiser.init(moving)

        @jax.jit
        def step(moving: Parameters, state: object, frozen: Weights, batch: tuple):
            value, gradient = jax.value_and_grad(loss_of)(moving, frozen, Hidden(*batch))
            change, state = optimiser.update(gradient, state, moving)
            return optax.apply_updates(moving, change), state, value

        progress = Progress(f"adapt {'head' if frozen else 'encoder'}", steps)
        for number in range(steps):
            moving, state, _ = step(moving, state, self.frozen, self.batch(self.train, self.draw))
            progress.at(number + 1)
        return moving


def trial(config: Config, encoder: str) -> dict[str, float]:
    """The best validation figures of a short `tune` from this encoder."""
    tuned = Tuner(config, RELEASE, start_from=encoder, steps=SMOKE_STEPS if config.smoke else TRIAL_STEPS).fit()
    best = max(tuned.curve, key=lambda entry: entry["judged"])
    return {name: best[name] for name in ("sentiment", "task", "judged", "loss_contrast")}


def run(config: Config) -> None:
    """Writes adapt.json, and the adapted encoder if `tune` should begin with it."""
    adapter, moving = Adapter(config), None
    target = encoder_file(config, ADAPTED)
    target.unlink(missing_ok=True)
    moving = adapter.train_for(start(adapter.base), SMOKE_STEPS if config.smoke else HEAD_STEPS, frozen=True)
    before = adapter.perplexity(moving)
    moving = adapter.train_for(moving, SMOKE_STEPS if config.smoke else STEPS, frozen=False)
    after = adapter.perplexity(moving)
    print(f"adapt: perplexity {before} -> {after}", flush=True)
    np.savez(target, **{k: np.asarray(v) for k, v in moving["encoder"].items()})
    trials = {"base": trial(config, "base"), ADAPTED: trial(config, ADAPTED)}
    kept = trials[ADAPTED]["judged"] >= trials["base"]["judged"] + GAIN
    if not kept:
        target.unlink()
    record = {"texts": len(adapter.train), "perplexity": {"before": before, "after": after}, "trials": trials, "kept": kept}
    config.path("adapt.json").write_text(json.dumps(record, indent=1))
    print(f"adapt: {record}", flush=True)
