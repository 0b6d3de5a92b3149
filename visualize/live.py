"""A control panel over a running pool: push, suspend, resize with buttons, and watch threads and queues meanwhile.

``live(pool)`` returns at once. One thread of the panel's does what is asked of it and looks at the pool's recording a
few times a second; the pool's threads do the work. Nothing of it needs the kernel's main thread, so that the panel
goes on while a cell runs. In a script the same panel is driven by its methods, and printed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from taskpool.errors import OptionError
from visualize._callable import make_callable
from visualize.live_panel import LivePanel
from visualize.live_pool import DESIGNS, open_pool
from visualize.live_work import KINDS, LiveError

__all__ = ["live"]

_OWN = "live"

_open_lock = threading.Lock()
_open: list[LivePanel] = []


def live(
    pool: Any = None,
    *,
    design: str = "taskpool",
    threads: int = 2,
    tasks: Mapping[str, Callable[[], object]] | None = None,
) -> LivePanel:
    """A control panel over a pool on real threads. Returns at once; stops the panel that stood here before.

    Args:
        pool: A pool with a recorder; None to open one called ``live``, with the serializers ``A`` and ``B``, that
            ends with the panel.
        design: For a pool of the panel's own: ``taskpool`` or ``threadpool``.
        threads: For a pool of the panel's own: how many threads it starts with.
        tasks: Further tasks to push, by name: functions without arguments. What they print is shown in the panel.

    Raises:
        OptionError: If the pool has no recorder or does not run on real threads, or an argument makes no sense.
    """
    for name, task in (tasks or {}).items():
        if not callable(task) or name in KINDS:
            raise OptionError(f"tasks: {name!r} must be a function, under a name other than {', '.join(KINDS)}")
    if pool is None:
        if design not in DESIGNS:
            raise OptionError(f"design={design!r}: choose one of {', '.join(DESIGNS)}")
        _close(lambda panel: panel.owns_pool)
        panel = LivePanel(open_pool(design, _OWN, threads), tasks or {}, owns_pool=True, on_stop=_forget)
        for name in ("A", "B"):
            with suppress(LiveError):  # the name may be in use
                panel.add(name)
    else:
        if getattr(pool, "recorder", None) is None:
            raise OptionError(f"pool {getattr(pool, 'name', pool)!r} has no recorder: open it with recorder=Recorder()")
        if pool.runtime.name != "real":
            raise OptionError(
                f"pool {pool.name!r} is on a {pool.runtime.name} runtime: a live panel needs real threads"
            )
        _close(lambda panel: panel.pool is pool)
        panel = LivePanel(pool, tasks or {}, owns_pool=False, on_stop=_forget)
    with _open_lock:
        _open.append(panel)
    return panel


def _close(old: Callable[[LivePanel], bool]) -> None:
    with _open_lock:
        found = [panel for panel in _open if old(panel)]
    for panel in found:
        panel.close()


def _forget(panel: LivePanel) -> None:
    with _open_lock:
        if panel in _open:
            _open.remove(panel)


make_callable(__name__, live)
