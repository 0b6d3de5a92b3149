"""What an exercise is, and what its checker says."""

from __future__ import annotations

import html
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from taskpool.errors import OptionError

if TYPE_CHECKING:
    from taskpool.explore import Failure
    from taskpool.explore.replayed import Replayed
    from taskpool.trace import Trace

__all__ = ["Exercise", "Mistake", "Verdict", "source_of"]


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What a checker says about an answer. True if the answer is right.

    Attributes:
        passed: Whether the answer is right.
        says: What happened, in a sentence.
        hint: Where to look, if it is not right.
        coverage: How much was tried, where schedules were.
        failure: The schedule on which it went wrong, where there is one.
    """

    passed: bool
    says: str
    hint: str = ""
    coverage: str = ""
    failure: Failure | None = None

    def __bool__(self) -> bool:
        return self.passed

    def with_coverage_of(self, other: Verdict) -> Verdict:
        """This verdict, with what ``other`` has covered told as well."""
        return replace(self, coverage=" ".join(filter(None, (other.coverage, self.coverage))))

    def __repr__(self) -> str:
        return f"<Verdict {'right' if self.passed else 'not yet'}: {self.says}>"

    def __str__(self) -> str:
        lines = [f"{'✓' if self.passed else '✗'} {self.says}"]
        if self.hint:
            lines.append(f"  Hint: {self.hint}")
        if self.failure is not None:
            lines.append(f"  It goes wrong on the schedule {str(self.failure.schedule)!r}:")
            lines += [f"    {line}" for line in self._steps(self.failure).splitlines()]
        if self.coverage:
            lines.append(f"  {self.coverage}")
        return "\n".join(lines)

    @property
    def short(self) -> Verdict:
        """This verdict without the steps that lead to the failure and without what was tried: what a lesson shows."""
        return replace(self, coverage="", failure=None)

    @property
    def run(self) -> Replayed:
        """The failing run, made again with recording on: hand it to the player.

        Raises:
            OptionError: If nothing failed on a schedule.
        """
        if self.failure is None:
            raise OptionError(f"this verdict has no failing run to show: {self.says}")
        return self.failure.run

    @property
    def trace(self) -> Trace:
        """The failing run's trace."""
        return self.run.trace

    @staticmethod
    def _steps(failure: Failure) -> str:
        """The steps, with the lines of the learner's cells: the package's say nothing to a learner, and change."""
        moments = tuple(replace(m, where=m.where if m.where.startswith("cell:") else "") for m in failure.moments)
        return replace(failure, moments=moments).columns()

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        mark, word = ("✓", "Right.") if self.passed else ("✗", "Not yet.")
        parts = [f"<p><b>{mark} {word}</b> {html.escape(self.says)}</p>"]
        if self.hint:
            parts.append(f"<p><b>Hint:</b> {html.escape(self.hint)}</p>")
        if self.failure is not None:
            parts.append(
                f"<details><summary>The steps that lead there (schedule <code>{html.escape(str(self.failure.schedule))}"
                f"</code>)</summary><pre>{html.escape(self._steps(self.failure))}</pre></details>"
            )
        if self.coverage:
            parts.append(f"<p><small>{html.escape(self.coverage)}</small></p>")
        return {"text/plain": str(self), "text/html": f"<div>{''.join(parts)}</div>"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer that learners give, and the hint that it gets.

    Args:
        make: A function that returns the answer; its body is the answer's text.
        hint: Part of the hint.
    """

    make: Callable[[], Any]
    hint: str


@dataclass(frozen=True, slots=True, repr=False)
class Exercise:
    """Something to write, and a checker that says whether it is right.

    Args:
        name: What it is called.
        lesson: The notebook that it belongs to.
        title: What is to be done, in a few words.
        prompt: The task, as Markdown.
        answer: The name that the answer's text defines.
        make_starter, make_solution: Functions that return an answer; their bodies are its text.
        judge: Judges an answer. Returns within about ten seconds whatever the answer does.
        mistakes: Wrong answers.
    """

    name: str
    lesson: int
    title: str
    prompt: str
    answer: str
    make_starter: Callable[[], Any]
    make_solution: Callable[[], Any]
    judge: Callable[[Any], Verdict]
    mistakes: tuple[Mistake, ...]

    def __repr__(self) -> str:
        return f"<Exercise {self.name}: {self.title}>"

    def check(self, answer: Any) -> Verdict:
        """Judge an answer. Blocks, for ten seconds at the most; from any thread that is not of a controlled run.

        Args:
            answer: What the learner wrote: what the name `answer` stands for.
        """
        if not callable(answer):
            kind = "class" if self.answer[:1].isupper() else "function"
            return Verdict(False, f"{self.answer} is to be a {kind}; this is {type(answer).__name__} {answer!r}.")
        return self.judge(answer)

    @property
    def starter(self) -> str:
        """The text that a learner starts from."""
        return source_of(self.make_starter)

    @property
    def solution(self) -> str:
        """The text of an answer that passes."""
        return source_of(self.make_solution)

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        text = f"**{self.title}**\n\n{self.prompt}\n\n`.starter` is where to begin, `.check({self.answer})` judges."
        return {"text/plain": text, "text/markdown": text}


def source_of(make: Callable[[], Any]) -> str:
    """The body of a function, without its docstring and its return: an answer as a learner would type it."""
    lines = inspect.getsource(make).splitlines()
    body = next(place for place, line in enumerate(lines) if line.rstrip().endswith(":")) + 1
    if lines[body].lstrip().startswith('"""'):
        body += 1
    while lines[-1].strip().startswith("return ") and lines[-1].startswith("    return"):
        lines.pop()
    return textwrap.dedent("\n".join(lines[body:])).strip("\n") + "\n"
