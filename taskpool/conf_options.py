"""What the original's two configuration files say about a pool: pjsip.conf and stasis.conf.

pjsip.conf has its pool's options in the section with ``type=system``, stasis.conf in sections named after the design.
Both designs' options may stand in one file. The taskpool takes the older threadpool's options too, as deprecated
names of its own; the threadpool takes only its own. Sections count in their order, settings in theirs: the last wins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Literal

from taskpool._warn import warn
from taskpool.conf import ConfError, Section, Setting, read_sections
from taskpool.runtime.real import LONGEST_TIMEOUT

__all__ = ["Design", "Module", "read_options"]

Module = Literal["pjsip", "stasis"]
Design = Literal["taskpool", "threadpool"]

OPTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("pjsip", "taskpool"): ("minimum_size", "initial_size", "auto_increment", "idle_timeout", "max_size"),
    ("pjsip", "threadpool"): ("initial_size", "auto_increment", "idle_timeout", "max_size"),
    ("stasis", "taskpool"): ("minimum_size", "initial_size", "idle_timeout_sec", "max_size"),
    ("stasis", "threadpool"): ("initial_size", "idle_timeout_sec", "max_size"),
}
DESIGNS = ("taskpool", "threadpool")
LARGEST = 2**31 - 1  # the original keeps them in C's int


def read_options(
    path: str | os.PathLike[str], design: Design, module: Module | None = None
) -> tuple[Module, dict[str, Any]]:
    """Which module the file is for, and the pool's options that it gives, by their names in this package.

    Blocks while it reads. From any thread. A deprecated name is a DeprecationWarning that names its replacement.

    Args:
        path: A pjsip.conf or stasis.conf.
        design: Whose options: ``"taskpool"`` or ``"threadpool"``.
        module: ``"pjsip"`` or ``"stasis"``; None to tell from the file's name, else from its sections.

    Raises:
        ConfError: If the file cannot be read, is for neither module, or gives an unknown option or a wrong value.
    """
    sections = [section for section in read_sections(path) if not section.is_template]
    module = module or _module_of(path, sections)
    given: dict[str, Any] = {}
    for of, name, setting in _settings_of(module, sections):
        if design == "threadpool" and of == "taskpool":
            continue
        known = OPTIONS[module, of]
        if name not in known:
            raise ConfError(
                f"{setting.where}: {_spelled(module, of, name)} is no option of the {of};"
                f" there are {', '.join(_spelled(module, of, one) for one in known)}"
            )
        if of != design:
            warn(
                f"{setting.where}: {_spelled(module, of, name)} is deprecated: use {_spelled(module, design, name)}",
                DeprecationWarning,
            )
        given[name.removesuffix("_sec")] = _number(setting, is_seconds=name.startswith("idle_timeout"))
    return module, given


def _module_of(path: str | os.PathLike[str], sections: list[Section]) -> Module:
    name = PurePath(os.fspath(path)).name.lower()
    of_pjsip = any(section.get("type") == "system" for section in sections)
    of_stasis = any(section.name.lower() in DESIGNS for section in sections)
    if name.startswith("pjsip") or (of_pjsip and not of_stasis and not name.startswith("stasis")):
        return "pjsip"
    if name.startswith("stasis") or (of_stasis and not of_pjsip):
        return "stasis"
    raise ConfError(
        f"{os.fspath(path)}: cannot tell if this is a pjsip.conf (a section with type=system) or a stasis.conf"
        ' (a section [taskpool]): give module="pjsip" or module="stasis"'
    )


def _settings_of(module: Module, sections: list[Section]) -> Iterator[tuple[str, str, Setting]]:
    """Each setting that is about a pool: of which design, its name there, and itself."""
    if module == "stasis":
        for section in sections:
            if section.name.lower() in DESIGNS:
                yield from ((section.name.lower(), setting.name, setting) for setting in section.settings)
        return
    systems = [section for section in sections if section.get("type") == "system"]
    for section in systems[1:]:
        warn(
            f"{section.where}: [{section.name}] is a second section with type=system (the first: {systems[0].where}):"
            " all of them count here, the original accepts but one"
        )
    for setting in (setting for section in systems for setting in section.settings):
        design, _, name = setting.name.partition("_")
        if design in DESIGNS:
            yield design, name, setting


def _spelled(module: Module, design: str, name: str) -> str:
    return f"{design}_{name}" if module == "pjsip" else f"{name} in [{design}]"


def _number(setting: Setting, *, is_seconds: bool) -> int:
    largest = min(LARGEST, int(LONGEST_TIMEOUT)) if is_seconds else LARGEST
    digits = setting.value.lstrip("0") or setting.value[:1]
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(largest)) and int(digits) <= largest:
        return int(digits)
    meaning = "whole seconds, from 0 (never)" if is_seconds else "a whole number, from 0"
    raise ConfError(f"{setting.where}: {setting.name}={setting.value!r}: must be {meaning} to {largest}")
