"""The panel over one pool: a thread that does what is asked and looks at the recording a few times a second."""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from taskpool.errors import PoolShutDown
from visualize._extra import extra
from visualize._words import listed, short_name
from visualize.live_feed import Feed, Line
from visualize.live_output import listen
from visualize.live_pool import group_for
from visualize.live_view import View, text_of
from visualize.live_work import LiveError, Work
from visualize.palette import cleaned, escaped, shortened

if TYPE_CHECKING:
    from visualize.live_widget import LiveWidget

__all__ = ["LivePanel"]

_REFRESH = 0.25
_PATIENCE = 5.0
_LOG = 80
_STOPPED = "this panel is stopped: live() makes a new one"


class LivePanel:
    """A panel over one pool. Made by `live`; its methods may be called from any thread but the pool's own.

    Args:
        pool: The pool, which must record and run on real threads.
        tasks: Further tasks that can be pushed, by name.
        owns_pool: Whether the pool ends with the panel.
        on_stop: Called with the panel when it has been stopped.

    Attributes:
        pool: The pool.
        owns_pool: Whether it ends with the panel.
    """

    def __init__(
        self,
        pool: Any,
        tasks: Mapping[str, Callable[[], object]],
        *,
        owns_pool: bool,
        on_stop: Callable[[LivePanel], object],
    ) -> None:
        self.pool = pool
        self.owns_pool = owns_pool
        self._on_stop = on_stop
        self._commands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._stop_lock = threading.Lock()
        self._stopped = threading.Event()
        self._left: list[str] = []
        self._feed = Feed(pool.recorder)
        self._drawing = View(pool.name)
        self._log: deque[Line] = deque(maxlen=_LOG)
        self._told_failures = 0
        self._clock_start: float | None = None
        self._view: dict[str, Any] = {}
        self._widget: LiveWidget | None = None
        self._work = Work(pool, group_for(pool), tasks, lambda text: self._commands.put(lambda: self._say(text)))
        mine: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

        def is_pools() -> bool:
            thread = threading.current_thread()
            if thread not in mine:
                if not any(handle is thread for handle in tuple(pool.threads)):
                    return False
                mine.add(thread)
            return True

        self._output = listen(is_pools)
        self._refresh()
        self._thread = threading.Thread(target=self._run, name=f"panel of {pool.name}", daemon=True)
        self._thread.start()

    # -- what a learner asks for

    def push(self, kind: str = "fast", onto: str = "", *, count: int = 1, asks: str = "", seconds: float = 2.0) -> None:
        """Push tasks. Does not wait for them.

        Args:
            kind: ``fast``, ``slow``, ``nested``, ``failing`` or one of the ``tasks`` given.
            onto: A serializer's name; empty for the pool itself.
            count: How many.
            asks: For nested tasks, the serializer to ask; another one than ``onto`` if empty.
            seconds: How long a slow task keeps its thread.

        Raises:
            LiveError: If that cannot be done; the message says why.
            PoolShutDown: If the pool takes no pushes any more, or the panel is stopped.
        """
        self._do(lambda: self._work.push(kind, onto, count, asks, seconds))

    def add(self, name: str) -> None:
        """Open a serializer; it is closed when the panel stops.

        Raises:
            LiveError, PoolShutDown: As for `push`.
        """
        self._do(lambda: self._work.add(name))

    def suspend(self, serializer: str) -> None:
        """Ask a serializer to pause. Does not wait until it is still: the panel shows when it is.

        Raises:
            LiveError, PoolShutDown: As for `push`.
        """
        self._do(lambda: self._work.suspend(serializer))

    def resume(self, serializer: str) -> None:
        """End the panel's own pause of a serializer; pauses that others made stay.

        Raises:
            LiveError, PoolShutDown: As for `push`.
        """
        self._do(lambda: self._work.resume(serializer))

    def resize(self, size: int) -> None:
        """Ask a threadpool for another number of threads. A taskpool decides that itself.

        Raises:
            LiveError, OptionError, PoolShutDown: If the pool cannot be given that size, or takes nothing any more.
        """
        self._do(lambda: self._work.resize(size))

    def stop(self) -> None:
        """End the panel: its tasks, pauses and serializers, and the pool if the panel opened it. Idempotent.

        Blocks until all of it is gone, for some seconds at most: a task that is not the panel's is not stopped, and
        what must wait for it ends behind it (a note in the panel says so).
        """
        with self._stop_lock:
            if self._stopped.is_set():
                return
            deadline = time.monotonic() + _PATIENCE
            if self.owns_pool:
                self.pool.abort()
            self._left = self._work.end(deadline)
            if self.owns_pool:
                self._left += self._join_pool(deadline)
            self._stopped.set()
            self._commands.put(lambda: None)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._on_stop(self)

    # -- how it shows itself

    @property
    def stopped(self) -> bool:
        """Whether it has been stopped."""
        return self._stopped.is_set()

    @property
    def view(self) -> Mapping[str, Any]:
        """What it draws now, as plain data."""
        if self.stopped:
            return self._view
        self._do(lambda: None)
        return self._view

    @property
    def text(self) -> str:
        """What it draws now, as text."""
        return text_of(self.view)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        state = "stopped" if self.stopped else "open"
        return f"<LivePanel over pool {self.pool.name!r}: {state}>"

    def __enter__(self) -> LivePanel:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        name = shortened(self.pool.name, 60)
        note = f"A live panel over the pool {name}. It works with a running kernel: run this cell in JupyterLab."
        bundle: dict[str, Any] = {"text/plain": note, "text/html": f"<p>{escaped(note)}</p>"}
        if self._widget is None:
            with extra("live"):
                from visualize.live_widget import LiveWidget

            self._widget = LiveWidget(self._view, self._heard)
        shown = self._widget._repr_mimebundle_(**kwargs)
        data = shown[0] if isinstance(shown, tuple) else shown
        return {**(data or {}), **bundle}

    def close(self) -> None:
        """Stop, and take the panel from the page."""
        self.stop()
        if self._widget is not None:
            self._widget.close()
            self._widget = None

    # -- the panel's own thread

    def _do(self, command: Callable[[], object]) -> None:
        """Have something done on the panel's thread, and wait for that."""
        if self.stopped:
            raise PoolShutDown(_STOPPED)
        if threading.current_thread() is self._thread:
            command()
            return
        done: Future[None] = Future()

        def perform() -> None:
            try:
                command()
                self._refresh()
            except Exception as error:  # noqa: BLE001 - it is raised where the command was given
                done.set_exception(error)
            else:
                done.set_result(None)

        self._commands.put(perform)
        while not wait([done], _PATIENCE).done:
            if not self._thread.is_alive():  # it was stopped meanwhile
                raise PoolShutDown(_STOPPED)
        done.result()

    def _heard(self, message: Mapping[str, Any], answer: Callable[[bool, str], None]) -> None:
        """Something was clicked. Called by the widget, on whichever thread the kernel has for that."""
        self._commands.put(lambda: self._obey(message, answer))

    def _obey(self, message: Mapping[str, Any], answer: Callable[[bool, str], None]) -> None:
        try:
            text, well = self._perform(message), True
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told where the click came from
            text, well = str(error) or type(error).__name__, False
        self._refresh()
        answer(well, shortened(text, 300))

    def _perform(self, message: Mapping[str, Any]) -> str:
        what, name = str(message.get("do")), str(message.get("name", ""))
        if what == "push":
            return self._work.push(
                str(message.get("kind", "")),
                name,
                int(message.get("count") or 1),
                str(message.get("asks", "")),
                float(message.get("seconds") or 0),
            )
        if what == "add":
            return self._work.add(name)
        if what == "suspend":
            return self._work.suspend(name)
        if what == "resume":
            return self._work.resume(name)
        if what == "resize":
            return self._work.resize(int(message.get("size") or 0))
        if what == "stop":
            self.stop()
            return "Stopped. Run the cell again for a new panel."
        raise LiveError(f"there is nothing to do called {what!r}")

    def _run(self) -> None:
        while not self.stopped:
            self._perform_next(_REFRESH)
            self._refresh()
        while self._perform_next(0):
            pass
        for text in self._left:
            self._say(text)
        self._output.close()
        self._refresh(last=True)

    def _perform_next(self, patience: float) -> bool:
        """Do what was asked for first; False if nothing was asked for within so many seconds."""
        try:
            command = self._commands.get(timeout=patience)
        except Empty:
            return False
        command()
        return True

    def _say(self, text: str) -> None:
        self._log.append(self._feed.line("panel", "panel", cleaned(text)))

    def _refresh(self, *, last: bool = False) -> None:
        """Look at the pool and pass on what has changed."""
        self._feed.read()
        for line in self._feed.failures:
            if line.number > self._told_failures:
                self._told_failures = line.number
                self._log.append(line)
        for thread, kind, text in self._output.take(unfinished=last):
            self._log.append(self._feed.line(kind, shortened(short_name(thread), 40), cleaned(text)))
        view = self._drawing.look(self.pool, self._feed, self._now(), self._work, list(self._log), stopped=self.stopped)
        if view != self._view:
            self._view = view
            if self._widget is not None:
                self._widget.show(view)

    def _now(self) -> float:
        """The recorder's time now, as nearly as its events tell: they are read a little after they were written."""
        now = time.monotonic()
        state = self._feed.state
        if state.position:
            start = now - state.time
            self._clock_start = start if self._clock_start is None else min(start, self._clock_start)
        return now - (self._clock_start if self._clock_start is not None else now)

    def _join_pool(self, deadline: float) -> list[str]:
        busy = []
        for handle in tuple(self.pool.threads):
            handle.join(max(0.0, deadline - time.monotonic()))
            if handle.is_alive():
                busy.append(handle.name)
        return [f"{listed(busy)} still runs a task, and ends after it"] if busy else []
