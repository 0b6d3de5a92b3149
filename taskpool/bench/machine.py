"""Where figures were taken: the machine, the Python, and what of their state bears on speed."""

from __future__ import annotations

import gc
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a figure cannot be read without.

    Attributes:
        system: The operating system and its version.
        processor: The processor's model, as far as the system tells.
        cores: Processors that this process may use.
        python: Implementation and version.
        gil: Whether the interpreter has its global lock.
        switch_interval: After how long a thread is asked to give up that lock, in seconds.
        gc: The garbage collector's thresholds, or None where it is switched off.
        load: The system's load average over the last minute before the measurement; None where it is not told.
    """

    system: str
    processor: str
    cores: int
    python: str
    gil: bool
    switch_interval: float
    gc: tuple[int, ...] | None
    load: float | None

    @classmethod
    def here(cls) -> Machine:
        """This one, now. Does not block; any thread."""
        return cls(
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            processor=_processor(),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            python=f"{platform.python_implementation()} {platform.python_version()}",
            gil=getattr(sys, "_is_gil_enabled", lambda: True)(),
            switch_interval=sys.getswitchinterval(),
            gc=gc.get_threshold() if gc.isenabled() else None,
            load=_load(),
        )

    def __str__(self) -> str:
        lock = "GIL" if self.gil else "no GIL"
        collector = "off" if self.gc is None else f"on ({', '.join(map(str, self.gc))})"
        load = "unknown" if self.load is None else f"{self.load:.1f}"
        return (
            f"{self.python}, {lock}, switch interval {self.switch_interval * 1e3:g} ms, gc {collector}\n"
            f"{self.processor}, {self.cores} cores, {self.system}, load before {load}"
        )

    @property
    def is_busy(self) -> bool:
        """Whether others wanted half a core or more: elapsed times then say little, processor times a little more."""
        return self.load is not None and self.load >= 0.5 * self.cores

    def as_dict(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        return {**asdict(self), "gc": None if self.gc is None else list(self.gc)}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown processor"


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
