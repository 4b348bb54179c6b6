"""Progress lines with the time left, and the machine's name."""

from __future__ import annotations

import platform
import sys
import time
from pathlib import Path


class Progress:
    """Prints at most one line every few seconds."""

    def __init__(self, name: str, total: int, every: float = 10.0) -> None:
        self.name, self.total, self.every = name, max(1, total), every
        self.start = self.last = time.monotonic()

    def at(self, done: int) -> None:
        now = time.monotonic()
        if now - self.last < self.every and done < self.total:
            return
        self.last = now
        spent = now - self.start
        left = spent / max(1, done) * (self.total - done)
        print(f"{self.name}: {done}/{self.total}, {spent:.0f} s, about {left:.0f} s left",
              file=sys.stderr, flush=True)


def processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), platform.machine())
    flags = next((x for x in lines if x.startswith("flags")), "")
    return f"{name}, {'with' if 'vnni' in flags else 'without'} VNNI"
