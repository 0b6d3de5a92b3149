"""A question with its answer, and what is said to an answer given: right, or not, and where to look.

The answer is not shown by anything but `Question.check` and `Question.reveal`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from taskpool.events import Event
from visualize.palette import cleaned, escaped

__all__ = ["Hint", "Question", "Verdict"]

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Hint:
    """What is said to a wrong answer.

    Attributes:
        text: In words. Of a wrong answer's event it tells when it is and where in the trace, not what it is.
        event: The event to look at, or None where none is to be seen.
    """

    text: str
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said to an answer. True if it was right.

    Attributes:
        right: Whether it was.
        text: The verdict with its reason or hint.
        event: The event that it points at, or None.
    """

    right: bool
    text: str
    event: Event | None = None

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        plain = "\n".join(textwrap.wrap(self.text, _WIDTH, break_on_hyphens=False, break_long_words=False))
        return {"text/plain": plain, "text/html": f"<p>{escaped(self.text)}</p>"}


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """One question about a run.

    Attributes:
        kind: What it is about, as in `visualize.quiz_kinds.KINDS`.
        text: The question.
        form: How it is answered: ``choice`` (one letter), ``order`` (all letters), ``number``.
        choices: What there is to choose from or to bring in order; none for a number.
    """

    kind: str
    text: str
    form: str
    choices: tuple[str, ...]
    _answer: tuple[int, ...] = field(repr=False)
    _why: Hint = field(repr=False)
    _hints: Mapping[Any, Hint] = field(repr=False)

    @property
    def letters(self) -> str:
        """The letters of the choices."""
        return "".join(chr(ord("A") + index) for index in range(len(self.choices)))

    def check(self, answer: Any) -> Verdict:
        """Say whether an answer is right; a wrong one gets a hint. Any number of times.

        Args:
            answer: A choice's letter or its text; the letters in order, such as ``"CADB"``; or a number.

        Raises:
            ValueError: If it is no answer to this question; the message says what is.
        """
        given = self._read(answer)
        if given == self._answer:
            return Verdict(True, f"Right. {self._why.text}", self._why.event)
        hint = self._hint(given)
        return Verdict(False, f"Not so. {hint.text}", hint.event)

    def reveal(self) -> Verdict:
        """The answer, with its reason."""
        return Verdict(True, f"{self._shown()}. {self._why.text}", self._why.event)

    def __str__(self) -> str:
        lines = textwrap.wrap(self.text, _WIDTH, break_on_hyphens=False)
        for letter, choice in zip(self.letters, self.choices, strict=True):
            lines += textwrap.wrap(
                choice,
                _WIDTH,
                initial_indent=f"  {letter}  ",
                subsequent_indent="     ",
                break_on_hyphens=False,
                break_long_words=False,
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def html(self) -> str:
        """The question as HTML, without its answer."""
        items = "".join(f"<li>{escaped(choice)}</li>" for choice in self.choices)
        listed = f'<ol type="A">{items}</ol>' if items else ""
        return f"<p>{escaped(self.text)}</p>{listed}"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.html()}

    def _read(self, answer: Any) -> tuple[int, ...]:
        if self.form == "number":
            return (self._number(answer),)
        if self.form == "order":
            return self._order(answer)
        text = str(answer).strip()
        if len(text) == 1 and text.upper() in self.letters:
            return (self.letters.index(text.upper()),)
        if text in self.choices:
            return (self.choices.index(text),)
        raise ValueError(f"answer={answer!r}: choose one of {', '.join(self.letters)}")

    def _number(self, answer: Any) -> int:
        text = str(answer).strip()
        if isinstance(answer, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
            raise ValueError(f"answer={answer!r}: give a whole number, 0 or more")
        return int(text)

    def _order(self, answer: Any) -> tuple[int, ...]:
        parts = answer if not isinstance(answer, str) and isinstance(answer, Sequence) else str(answer)
        letters = re.sub(r"[\s,;>-]+", "", "".join(str(part) for part in parts)).upper()
        if sorted(letters) != sorted(self.letters):
            raise ValueError(f"answer={answer!r}: give each of the letters {', '.join(self.letters)} once, in order")
        return tuple(self.letters.index(letter) for letter in letters)

    def _hint(self, given: tuple[int, ...]) -> Hint:
        if self.form == "number":
            return self._hints["more" if given < self._answer else "fewer"]
        if self.form == "order":
            for mine, right in zip(given, self._answer, strict=True):
                if mine != right:
                    letters = self.letters
                    hint = self._hints[right]
                    return Hint(f"{letters[right]} comes before {letters[mine]}. {hint.text}", hint.event)
        return self._hints[given[0]]

    def _shown(self) -> str:
        if self.form == "number":
            return f"The answer is {self._answer[0]}"
        if self.form == "order":
            return f"The order is {''.join(self.letters[index] for index in self._answer)}"
        index = self._answer[0]
        return f"The answer is {self.letters[index]}: {cleaned(self.choices[index]).rstrip('.')}"
