"""The optimiser of stages that train the encoder and something on top of it, each at a rate of its own (optax)."""

from __future__ import annotations

import optax


def two_rates(
    rates: dict[str, float], steps: int, warmup: int, floor: float, decay: float, frozen: frozenset[str] = frozenset(),
) -> optax.GradientTransformation:
    """AdamW for each part of the parameters: up over `warmup` steps, then a cosine down to `floor` of its rate; frozen parts stay."""
    def part(name: str) -> optax.GradientTransformation:
        if name in frozen:
            return optax.set_to_zero()
        schedule = optax.warmup_cosine_decay_schedule(0.0, rates[name], warmup, steps, rates[name] * floor)
        return optax.adamw(schedule, weight_decay=decay)

    parts = optax.multi_transform({name: part(name) for name in rates}, {name: name for name in rates})
    return optax.chain(optax.clip_by_global_norm(1.0), parts)
