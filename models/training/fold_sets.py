"""Which sets each fold never sees: what is measured or calibrated on them is then measured on the unknown."""

from __future__ import annotations

from dataclasses import dataclass

from .rows import Row


@dataclass(frozen=True)
class Fold:
    """Families of intents and sources of task rows that are left out; every one stands in just one fold."""

    families: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def keeps(self, row: Row) -> bool:
        """Only the task's labels go by source: a source's style tells its category."""
        return row.head != "task" or row.source not in self.sources


# Names of encoders: the untouched one, the one that stage `adapt` may leave, the released one, and one for each fold.
BASE = "base"
ADAPTED = "adapted"
RELEASE = "release"
FOLDS = {
    "assistant": Fold(
        ("clinc150", "snips"),
        ("clinc150", "snips", "nq_open", "prompttensor", "gsm8k", "asdiv", "mbxp", "wands", "cucom")),
    "support": Fold(
        ("banking77", "bitext", "natcs", "smalltalk"),
        ("banking77", "bitext", "natcs", "smalltalk", "dstc9", "hetpqa", "math_levels", "svamp", "cruxeval")),
}


def fold_named(name: str) -> Fold:
    return FOLDS.get(name, Fold())


def fold_without(source: str) -> str:
    """The fold that never saw this source."""
    return next(name for name, fold in FOLDS.items() if source in fold.sources)
