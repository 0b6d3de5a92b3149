"""The two pools' options, checked and corrected as the original does.

Corrections are warnings (UserWarning) that say what was given and what is used instead; a value that cannot be
corrected raises OptionError with the option's name and value.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar

from taskpool._warn import warn
from taskpool.conf_options import Module, read_options
from taskpool.errors import OptionError
from taskpool.runtime.real import LONGEST_TIMEOUT

__all__ = ["TaskPoolOptions", "ThreadPoolOptions", "with_overrides"]

SELECTORS = ("least_full", "sequential")


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _check_whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise OptionError(f"{name}={value!r}: must be a whole number, 0 or more")


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LONGEST_TIMEOUT:
        raise OptionError(f"{name}={value!r}: must be seconds, from 0 (never) to {LONGEST_TIMEOUT:.0f}")


def _check_hook(name: str, value: object) -> None:
    if value is not None and not callable(value):
        raise OptionError(f"{name}={value!r}: must be a callable without arguments, or None")


@dataclass(frozen=True, slots=True)
class TaskPoolOptions:
    """How a TaskPool is sized and how it chooses.

    Args:
        selector: ``"least_full"`` or ``"sequential"``; another one is replaced by the default, with a warning.
        idle_timeout: Seconds after which an unused dynamic taskprocessor goes; 0 means never.
        auto_increment: Taskprocessors added at each growth; 0 means a fixed size.
        minimum_size: Static taskprocessors, which always exist.
        initial_size: Taskprocessors at the start.
        max_size: The most there may be; 0 means no limit.
        growth_threshold: Queue depth (tasks) at which the pool grows; half of ``high_water`` if None.
        grow_when: ``"queued"``: at the growth threshold, as the original does. ``"exhausted"``: when no taskprocessor
            is free, as the older threadpool does.
        high_water: High water mark of each queue, in tasks.
        thread_start, thread_end: Called on every thread of the pool before its first and after its last task.

    Raises:
        OptionError: If a value cannot be corrected into a meaningful one.
    """

    selector: str = "least_full"
    idle_timeout: float = 0.0
    auto_increment: int = 0
    minimum_size: int = 4
    initial_size: int = 4
    max_size: int = 0
    growth_threshold: int | None = None
    grow_when: Literal["queued", "exhausted"] = "queued"
    high_water: int = 500
    thread_start: Callable[[], object] | None = None
    thread_end: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        for name in ("auto_increment", "minimum_size", "initial_size", "max_size"):
            _check_whole(name, getattr(self, name))
        if self.growth_threshold is not None:
            _check_whole("growth_threshold", self.growth_threshold)
        _check_whole("high_water", self.high_water)
        if self.high_water < 1:
            raise OptionError(f"high_water={self.high_water!r}: must be at least 1 task")
        _check_seconds("idle_timeout", self.idle_timeout)
        _check_hook("thread_start", self.thread_start)
        _check_hook("thread_end", self.thread_end)
        if self.grow_when not in ("queued", "exhausted"):
            raise OptionError(f'grow_when={self.grow_when!r}: must be "queued" or "exhausted"')
        if self.selector not in SELECTORS:
            warn(f"selector={self.selector!r} is unknown (known: {', '.join(SELECTORS)}): using 'least_full'")
            self._set("selector", "least_full")
        self._correct_sizes()
        if self.growth_threshold is None:
            self._set("growth_threshold", max(1, self.high_water // 2))

    @classmethod
    def pjsip(cls) -> TaskPoolOptions:
        """The defaults that the original's PJSIP pool ships with. Does not block; from any thread.

        Returns:
            4 to 50 taskprocessors, grown one at a time, that go after 60 unused seconds.
        """
        return cls(minimum_size=4, initial_size=4, auto_increment=1, idle_timeout=60, max_size=50)

    @classmethod
    def stasis(cls) -> TaskPoolOptions:
        """The defaults that the original's message bus ships with. Does not block; from any thread.

        Its configuration has no option for the increment: that it is 1 is this package's choice.

        Returns:
            5 to 50 taskprocessors, grown one at a time, that go after 20 unused seconds.
        """
        return cls(minimum_size=5, initial_size=5, auto_increment=1, idle_timeout=20, max_size=50)

    @classmethod
    def from_conf(cls, path: str | os.PathLike[str], *, module: Module | None = None) -> TaskPoolOptions:
        """What a ``pjsip.conf`` or ``stasis.conf`` of the original says, over that module's shipped defaults.

        Read are ``taskpool_*`` in the section with ``type=system``, or the section ``[taskpool]``; and the deprecated
        ``threadpool_*`` and ``[threadpool]``, for the same options. The last one in the file wins. Blocks while it
        reads. From any thread.

        Args:
            path: The file; sizes in it are taskprocessors, timeouts seconds.
            module: ``"pjsip"`` or ``"stasis"``; None to tell from the file's name, else from its sections.

        Raises:
            ConfError: An OptionError that names the file, the line and the option.

        Warns:
            DeprecationWarning: For each deprecated name, with its replacement.
            UserWarning: If sizes are corrected, or the original would log something about the file.
        """
        module, given = read_options(path, "taskpool", module)
        return replace(cls.pjsip() if module == "pjsip" else cls.stasis(), **given)

    def _correct_sizes(self) -> None:
        if not self.auto_increment:
            if self.minimum_size == 0:
                warn("minimum_size=0 without auto_increment: using minimum_size=1")
                self._set("minimum_size", 1)
            if self.max_size == 0:
                self._set("max_size", self.minimum_size)
            if self.minimum_size != self.max_size or self.initial_size > self.max_size:
                warn(
                    f"without auto_increment the size is fixed: minimum_size={self.minimum_size} and "
                    f"initial_size={self.initial_size} become max_size={self.max_size}"
                )
                self._set("minimum_size", self.max_size)
                self._set("initial_size", self.max_size)
        if self.initial_size < self.minimum_size:
            warn(f"initial_size={self.initial_size} is below minimum_size: using {self.minimum_size}")
            self._set("initial_size", self.minimum_size)
        if self.max_size and self.max_size < self.initial_size:
            warn(f"max_size={self.max_size} is below initial_size: using {self.initial_size}")
            self._set("max_size", self.initial_size)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class ThreadPoolOptions:
    """How a ThreadPool is sized. The defaults are PJSIP's of old, with its later limit of 50 threads left out.

    Args:
        idle_timeout: Seconds after which an idle thread dies; 0 means never.
        auto_increment: Threads added when a push finds none idle; 0 means a fixed size.
        initial_size: Threads at the start.
        max_size: The most there may be; 0 means no limit.
        high_water: High water mark of the pool's queue, in tasks.
        thread_start, thread_end: Called on every thread of the pool before its first and after its last task.

    Raises:
        OptionError: If a value is not meaningful.
    """

    idle_timeout: float = 60.0
    auto_increment: int = 5
    initial_size: int = 0
    max_size: int = 0
    high_water: int = 500
    thread_start: Callable[[], object] | None = None
    thread_end: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        for name in ("auto_increment", "initial_size", "max_size", "high_water"):
            _check_whole(name, getattr(self, name))
        if self.high_water < 1:
            raise OptionError(f"high_water={self.high_water!r}: must be at least 1 task")
        _check_seconds("idle_timeout", self.idle_timeout)
        _check_hook("thread_start", self.thread_start)
        _check_hook("thread_end", self.thread_end)
        if self.max_size and self.max_size < self.initial_size:
            warn(f"max_size={self.max_size} is below initial_size: using {self.initial_size}")
            object.__setattr__(self, "max_size", self.initial_size)

    @classmethod
    def pjsip(cls) -> ThreadPoolOptions:
        """The defaults that the original's PJSIP threadpool last shipped with. Does not block; from any thread.

        Returns:
            None to 50 threads, grown five at a time, that die after 60 idle seconds.
        """
        return cls(initial_size=0, auto_increment=5, idle_timeout=60, max_size=50)

    @classmethod
    def stasis(cls) -> ThreadPoolOptions:
        """The defaults that the original's message bus last had for a threadpool. Does not block; from any thread.

        Returns:
            5 to 50 threads, grown one at a time, that die after 20 idle seconds.
        """
        return cls(initial_size=5, auto_increment=1, idle_timeout=20, max_size=50)

    @classmethod
    def from_conf(cls, path: str | os.PathLike[str], *, module: Module | None = None) -> ThreadPoolOptions:
        """What a ``pjsip.conf`` or ``stasis.conf`` says of the older pool, over that module's older defaults.

        Read are ``threadpool_*`` in the section with ``type=system``, or the section ``[threadpool]``: here they are
        not deprecated. The taskpool's options are left alone. The last one in the file wins. Blocks while it reads.
        From any thread.

        Args:
            path: The file; sizes in it are threads, timeouts seconds.
            module: ``"pjsip"`` or ``"stasis"``; None to tell from the file's name, else from its sections.

        Raises:
            ConfError: An OptionError that names the file, the line and the option.

        Warns:
            UserWarning: If sizes are corrected, or the original would log something about the file.
        """
        module, given = read_options(path, "threadpool", module)
        return replace(cls.pjsip() if module == "pjsip" else cls.stasis(), **given)


Options = TypeVar("Options", TaskPoolOptions, ThreadPoolOptions)


def with_overrides(kind: type[Options], options: Options | None, overrides: dict[str, Any]) -> Options:
    """Options with single ones replaced by name.

    Raises:
        OptionError: If a name is no option of ``kind``; the message lists those that are.
    """
    known = [f.name for f in fields(kind)]
    for name, value in overrides.items():
        if name not in known:
            raise OptionError(f"{name}={value!r}: no such option; there are {', '.join(known)}")
    if options is None:
        if kind is TaskPoolOptions and "minimum_size" in overrides:
            overrides = {"initial_size": overrides["minimum_size"], **overrides}
        elif kind is TaskPoolOptions and ("initial_size" in overrides or "max_size" in overrides):
            sizes = [overrides[name] for name in ("initial_size", "max_size") if _is_size(overrides.get(name))]
            if sizes:
                overrides = {"minimum_size": min(sizes), "initial_size": min(sizes), **overrides}
        return kind(**overrides)
    return replace(options, **overrides) if overrides else options
