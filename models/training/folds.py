"""Stage `folds`: the artefact with an embedding that never saw some of the sets, so that calibration meets unknown intents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from .config import Config
from .export import write_int8
from .fold_sets import FOLDS
from .release import VARIANTS, dump, rounded, selfcheck
from .rows import sha256_file


def fold_dir(config: Config, fold: str) -> Path:
    return config.path("folds", fold, "x").parent


def write_manifest(config: Config, out: Path, left_out: tuple[str, ...]) -> None:
    """The release's manifest, with this fold's sums and self-check."""
    manifest = json.loads((config.out / "manifest.json").read_text("utf-8"))
    files = {variant: out / name for variant, name in VARIANTS.items()}
    for path in files.values():
        manifest["files"][path.name] = {"sha256": sha256_file(path), "bytes": path.stat().st_size}
    manifest["selfcheck"]["cases"] = rounded(selfcheck(files))
    manifest["training"]["left_out"] = list(left_out)
    (out / "manifest.json").write_text(dump(manifest), "utf-8")


def run(config: Config) -> None:
    for fold, left_out in FOLDS.items():
        out = fold_dir(config, fold)
        shutil.copytree(config.out, out, dirs_exist_ok=True)
        targets = {variant: out / name for variant, name in VARIANTS.items()}
        write_int8(config, fold, targets)
        write_manifest(config, out, left_out.families)
        print(f"folds: {fold} without {', '.join(left_out.families)}: {out}", flush=True)
