"""What a scenario is: a story, its parameters, what to look for, and one program that runs on any design.

A scenario's program knows the pools' public calls and its `ScenarioContext`, nothing else: the same lines run on the
older pool, on the newer one, on real threads and under a controlled scheduler.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from taskpool.errors import TaskPoolError

__all__ = ["BOUNDED", "Parameter", "Scenario", "ScenarioError", "get_scenario", "list_scenarios", "register", "threads"]

Value = int | float | str | bool


class ScenarioError(TaskPoolError, ValueError):
    """A scenario, design or parameter that does not exist, or a value that it cannot have."""


def unknown(kind: str, name: str, known: Iterable[str]) -> ScenarioError:
    """The error for a name that is not among ``known``: it offers the nearest ones, or all."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    offer = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known) or 'none'}."
    return ScenarioError(f"there is no {kind} {name!r}. {offer}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number or choice that a learner may change.

    Args:
        name: Its keyword; times carry their unit in the name (``_ms``).
        default: Its value when none is given; also fixes its type.
        meaning: One sentence.
        unit: What it counts or measures, for people.
        minimum: The smallest value that makes sense, for numbers.
        choices: The only values there are, for words.
        of_pool: Whether it shapes the pool (and goes to the design) and not the program.
    """

    name: str
    default: Value
    meaning: str
    unit: str = ""
    minimum: float = 0
    choices: tuple[str, ...] = ()
    of_pool: bool = False

    def checked(self, value: object) -> Value:
        """``value``, or what its text says (``"3"``, ``"0.5"``, ``"no"``), as this parameter's type.

        Raises:
            ScenarioError: If it is of another type, too small or not among the choices.
        """
        try:
            checked = self._converted(value)
        except (TypeError, ValueError):
            kind = {bool: "yes or no", int: "a whole number", float: "a number", str: "a word"}[type(self.default)]
            raise ScenarioError(f"{self.name}={value!r}: {kind} is needed (default: {self.default})") from None
        if self.choices and checked not in self.choices:
            raise ScenarioError(f"{self.name}={value!r}: choose one of {', '.join(self.choices)}")
        if not isinstance(checked, (str, bool)) and not self.minimum <= checked < float("inf"):
            raise ScenarioError(f"{self.name}={value!r}: at least {self.minimum:g} is needed")
        return checked

    def default_text(self) -> str:
        """The default as people and the command line write it, with its unit where it is a number."""
        if isinstance(self.default, bool):
            return "yes" if self.default else "no"
        return self.default if isinstance(self.default, str) else f"{self.default:g} {self.unit}".rstrip()

    def _converted(self, value: object) -> Value:
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            words = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False}
            words["off"] = False
            return self._word(words, value)
        if isinstance(self.default, str):
            if not isinstance(value, str):
                raise TypeError
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise TypeError
        if isinstance(self.default, int):
            if isinstance(value, float) and not value.is_integer():
                raise ValueError
            return int(value)
        return float(value)

    @staticmethod
    def _word(words: Mapping[str, bool], value: object) -> bool:
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError
        return words[value.lower()]


BOUNDED = Parameter(
    "bounded", True, "Whether the pool stays at `threads`; if not, it may grow without limit.", "yes/no", of_pool=True
)


def threads(default: int = 2) -> Parameter:
    """The parameter that every scenario has: how many threads the pool starts with."""
    return Parameter(
        "threads", default, "Threads that the pool starts with, on every design.", "threads", 1, of_pool=True
    )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story that any design can be put through.

    Args:
        name: What one types to run it.
        title: The story in one line.
        story: One paragraph, in plain words.
        parameters: What may be changed.
        look_for: What to look for in the trace, one sentence each.
        play: The program: called with a `ScenarioContext`, and with its parameters as keywords, on the first thread.
        pool: The pool's name in the story, which its threads carry.
    """

    name: str
    title: str
    story: str
    parameters: tuple[Parameter, ...]
    look_for: tuple[str, ...]
    play: Callable[..., None]
    pool: str = "pjsip"

    def __repr__(self) -> str:
        return f"Scenario({self.name!r}: {self.title})"

    def __str__(self) -> str:
        return self.tell()

    def tell(self, width: int = 100) -> str:
        """The story, its parameters and what to look for, as text of ``width`` columns."""
        lines = [f"{self.name}: {self.title}", "", textwrap.fill(self.story, width), "", "parameters"]
        for parameter in self.parameters:
            choices = f" One of: {', '.join(parameter.choices)}." if parameter.choices else ""
            text = parameter.meaning + choices
            lines.append(f"  {parameter.name}={parameter.default_text()}")
            lines.append(textwrap.fill(text, width, initial_indent="      ", subsequent_indent="      "))
        lines += ["", "what to look for"]
        lines += [
            textwrap.fill(sentence, width, initial_indent="  - ", subsequent_indent="    ")
            for sentence in self.look_for
        ]
        return "\n".join(lines)

    def resolve(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Every parameter's value: the given one, checked, or its default.

        Raises:
            ScenarioError: If a given name or value is not one of this scenario's.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise unknown(f"parameter of {self.name} called", name, known)
        return {
            name: parameter.checked(given[name]) if name in given else parameter.default
            for name, parameter in known.items()
        }


_scenarios: dict[str, Scenario] = {}


def register(scenario: Scenario) -> Scenario:
    """Make a scenario known by its name; returns it.

    Raises:
        ScenarioError: If another scenario has the name.
    """
    if _scenarios.setdefault(scenario.name, scenario) is not scenario:
        raise ScenarioError(f"there is already a scenario called {scenario.name!r}")
    return scenario


def list_scenarios() -> Mapping[str, Scenario]:
    """Every scenario by its name, in the order in which they are best met. Read only."""
    return MappingProxyType(_scenarios)


def get_scenario(name: str) -> Scenario:
    """The scenario called ``name``.

    Raises:
        ScenarioError: If there is none; names the nearest ones.
    """
    try:
        return _scenarios[name]
    except KeyError:
        raise unknown("scenario", name, _scenarios) from None
