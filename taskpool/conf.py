"""Asterisk's configuration files, read into sections of options that know their file and line.

A file is read line by line: comments go, then a line is a section's header, a directive or an option of the section
before it. What makes the original refuse a file is a ConfError here; what it only logs, or passes over, is a
UserWarning. The original's counterpart is ``main/config.c``; the syntax is described at
https://docs.asterisk.org/Fundamentals/Asterisk-Configuration/Asterisk-Configuration-Files/
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from taskpool._warn import warn
from taskpool.errors import OptionError

__all__ = ["ConfError", "Section", "Setting", "read_sections"]

BLANKS = "".join(map(chr, range(33)))
DEEPEST_INCLUDE = 10


class ConfError(OptionError):
    """A configuration file cannot be read, or an option in it has no meaning; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One option as given: its name in lower case, its value as text, and the file and line that gave it."""

    name: str
    value: str
    file: str
    line: int

    @property
    def where(self) -> str:
        """``file:line``, for messages."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Section:
    """One section: inherited settings first, then its own, then those of its additions.

    Sections may share a name. A template is only for others to inherit from.
    """

    name: str
    file: str
    line: int
    is_template: bool
    settings: tuple[Setting, ...]

    @property
    def where(self) -> str:
        """``file:line`` of its header, for messages."""
        return f"{self.file}:{self.line}"

    def get(self, name: str) -> str | None:
        """The value of the last setting of that name, or None. Does not block; from any thread."""
        return next((one.value for one in reversed(self.settings) if one.name == name.lower()), None)


def read_sections(path: str | os.PathLike[str]) -> tuple[Section, ...]:
    """All sections of a file and of those it includes, templates too, in their order.

    ``#include`` and ``#tryinclude`` are followed, from the directory of ``path``; ``#exec`` never runs anything.
    Blocks while it reads. From any thread.

    Args:
        path: The file. Bytes that are not UTF-8 are kept as surrogates: the original does not look at them either.

    Raises:
        ConfError: If a file cannot be read, or the original would refuse it.
    """
    reader = _Reader(Path(path).parent)
    reader.read(Path(path), depth=1)
    return tuple(Section(one.name, one.file, one.line, one.is_template, tuple(one.settings)) for one in reader.sections)


@dataclass(slots=True)
class _Growing:
    """A section while its file is being read."""

    name: str
    file: str
    line: int
    is_template: bool = False
    settings: list[Setting] = field(default_factory=list)


@dataclass(slots=True)
class _Comments:
    """Takes comments out of a file's lines, in order; ``opened`` are the lines of the block comments it is inside."""

    opened: list[int] = field(default_factory=list)

    def without(self, text: str, line: int) -> str:
        """The line's text outside comments.

        A backslash keeps a semicolon from starting anything. An opening is not its own end, so ``;--;`` only opens;
        with a third dash it is a comment to the line's end, as rulers are drawn.
        """
        kept: list[str] = []
        start = searched = 0  # the first character not kept yet; the first that an escape or an end may begin with
        while (at := text.find(";", searched)) >= 0:
            before = text[searched:at]
            if before.endswith("\\"):
                if not self.opened:
                    kept.append(text[start : at - 1])
                    start = at
                searched = at + 1
            elif text.startswith("--", at + 1) and not text.startswith("-", at + 3):
                if not self.opened:
                    kept.append(text[start:at])
                self.opened.append(line)
                searched = at + 3
            elif self.opened:
                if before.endswith("--"):
                    self.opened.pop()
                start = searched = at + 1
            else:
                return "".join((*kept, text[start:at]))
        if not self.opened:
            kept.append(text[start:])
        return "".join(kept)


class _Reader:
    """Reads one file and those it includes. ``current`` is the section that options go to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sections: list[_Growing] = []
        self.current: _Growing | None = None
        self.file, self.line = "", 0

    def read(self, path: Path, *, depth: int) -> None:
        file = str(path)
        try:
            text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfError(f"{self._told(file)}cannot be read: {reason}") from error
        comments = _Comments()
        for line, raw in enumerate(text.split("\n"), 1):
            self.file, self.line = file, line
            content = comments.without(raw, line).strip(BLANKS)
            if content.startswith("["):
                self._header(content)
            elif content.startswith("#"):
                self._directive(content, depth)
            elif content:
                self._option(content)
        if comments.opened:
            warn(f"{file}:{comments.opened[-1]}: this block comment is never closed: the rest of the file is in it")

    def _header(self, content: str) -> None:
        name, closed, rest = content[1:].partition("]")
        if not closed:
            self._refuse(f"{content!r} has no closing ]")
        name = name.strip(BLANKS)
        listed, closed, _ = rest.removeprefix("(").partition(")")
        if not rest.startswith("("):
            if rest.strip(BLANKS):
                self._tell(f"{rest.strip(BLANKS)!r} is ignored: ( must follow ] at once")
            listed = ""
        elif not closed:
            self._refuse(f"{content!r} has no closing )")
        section, is_new = _Growing(name, self.file, self.line), True
        for part in (part.strip(BLANKS) for part in listed.split(",")):
            if part == "!":
                section.is_template = True
            elif part.startswith("+"):
                known = self._find(name, part[1:])
                if known is None:
                    wanted = f" with {part[1:]}" if part[1:] else ""
                    self._refuse(f"[{name}]({part}) adds to a section [{name}]{wanted}: there is none before it")
                if is_new:
                    known.settings.extend(section.settings)
                    known.is_template |= section.is_template
                section, is_new = known, False
            elif part:
                parent = self._find(part, "TEMPLATES=include")
                if parent is None:
                    self._refuse(f"[{name}] inherits from [{part}]: there is none before it")
                section.settings.extend(tuple(parent.settings))
        if is_new:
            self.sections.append(section)
        self.current = section

    def _find(self, name: str, conditions: str) -> _Growing | None:
        """The first section of that name that meets all of ``name=value&...``; a template only if they ask for one.

        Values are compared whole, where the original takes regular expressions.
        """
        pairs = [pair.partition("=")[::2] for pair in conditions.split("&") if pair]
        templates = [value.casefold() for key, value in pairs if key == "TEMPLATES"]
        wanted = {(key.strip(BLANKS).lower(), value.strip(BLANKS)) for key, value in pairs if key != "TEMPLATES"}
        for one in self.sections:
            if one.name.casefold() != name.casefold() or (one.is_template and not templates):
                continue
            if "restrict" in templates and not one.is_template:
                continue
            if wanted <= {(setting.name, setting.value) for setting in one.settings}:
                return one
        return None

    def _directive(self, content: str, depth: int) -> None:
        word, argument = [*content[1:].split(maxsplit=1), "", ""][:2]
        word = word.lower()
        if word not in ("include", "tryinclude"):
            reason = "programs never run" if word == "exec" else "there is no such directive"
            self._tell(f"#{word} is ignored: {reason}")
            return
        if argument[:1] + argument[-1:] in ('""', "<>") and len(argument) > 1:
            argument = argument[1:-1]
        if not argument:
            self._tell(f"#{word} is ignored: it names no file")
            return
        pattern = str(Path(glob.escape(str(self.directory)), argument))  # an absolute argument stands alone
        try:  # Path.glob takes no absolute pattern, and Path.is_file may raise
            files = sorted(Path(one) for one in glob.glob(pattern) if os.path.isfile(one))  # noqa: PTH113, PTH207
        except ValueError:  # a NUL in a directory's name
            files = []
        if not files and word == "include":
            self._refuse(f"#include {argument}: there is no such file in {str(self.directory)!r}")
        if files and depth == DEEPEST_INCLUDE:
            self._refuse(f"#{word} {argument}: more than {DEEPEST_INCLUDE} files include one another")
        outer = self.file, self.line, self.current
        for file in files:
            self.read(file, depth=depth + 1)
        self.file, self.line, self.current = outer

    def _option(self, content: str) -> None:
        if self.current is None:
            self._refuse(f"{content!r} is in no section: a header such as [system] comes first")
        escaped = content.startswith("\\")
        content = content[escaped:]
        if escaped and content[:1].strip(BLANKS) == "":
            self._refuse("a backslash at a line's start must precede the option's first character")
        head, sign, value = content[escaped:].partition("=")
        name = content[:escaped] + head
        if not sign:
            self._tell(f"{content!r} is ignored: it has no =")
            return
        appends = head.endswith("+")
        name = (name[:-1] if appends else name).strip(BLANKS).lower()
        if not name:
            self._tell(f"{content!r} is ignored: it has no option's name before =")
            return
        settings = self.current.settings
        if appends:
            for index in reversed(range(len(settings))):
                if settings[index].name == name:
                    joined = (settings[index].value + value).strip(BLANKS)
                    settings[index] = replace(settings[index], value=joined, file=self.file, line=self.line)
                    return
        else:
            value = value.removeprefix(">")
        settings.append(Setting(name, value.strip(BLANKS), self.file, self.line))

    def _told(self, file: str) -> str:
        return f"{self.file}:{self.line}: {file} " if self.file else f"{file}: "

    def _refuse(self, what: str) -> NoReturn:
        raise ConfError(f"{self.file}:{self.line}: {what}")

    def _tell(self, what: str) -> None:
        warn(f"{self.file}:{self.line}: {what}")
