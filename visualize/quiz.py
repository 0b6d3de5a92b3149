"""Predict, then reveal: questions about a run whose answers are computed from its trace.

``quiz(run)`` asks a few questions of several kinds, the same ones for the same run and seed. With a running kernel they
are answered in the page; without one, or without anywidget, they are text, and ``question.check(answer)`` says whether
an answer is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, overload

from visualize._callable import make_callable
from visualize._words import amount
from visualize.palette import escaped
from visualize.quiz_facts import Chance, Facts
from visualize.quiz_kinds import KINDS
from visualize.quiz_question import Question

if TYPE_CHECKING:
    from visualize.quiz_widget import QuizWidget

__all__ = ["Quiz", "quiz"]

_TRIES = 12
_NOTE = "To answer here, run this cell in JupyterLab; anywhere else, call check() of a question."


class Quiz(Sequence[Question]):
    """Some questions; a sequence of them.

    Args:
        questions: The questions.
        title: What they are about, or empty.
    """

    def __init__(self, questions: Iterable[Question], title: str = "") -> None:
        self._questions = tuple(questions)
        self.title = title
        self._widget: QuizWidget | None = None

    def __len__(self) -> int:
        return len(self._questions)

    @overload
    def __getitem__(self, index: int) -> Question: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Question, ...]: ...
    def __getitem__(self, index: int | slice) -> Question | tuple[Question, ...]:
        return self._questions[index]

    def __str__(self) -> str:
        parts = [f"{number}. {question}" for number, question in enumerate(self, 1)]
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        data = self._panel(**kwargs) if find_spec("anywidget") is not None else {}
        items = "".join(f"<li>{question.html()}</li>" for question in self)
        markup = f"<div><ol>{items}</ol><p><small>{escaped(_NOTE)}</small></p></div>"
        return {**data, "text/plain": str(self), "text/html": markup}

    def _panel(self, **kwargs: Any) -> dict[str, Any]:
        if self._widget is None:
            from visualize.quiz_widget import QuizWidget

            self._widget = QuizWidget(self)
        shown = self._widget._repr_mimebundle_(**kwargs)
        return (shown[0] if isinstance(shown, tuple) else shown) or {}


def quiz(run: Any, kind: str | Iterable[str] | None = None, *, count: int = 5, seed: int = 0) -> Quiz:
    """Questions about a run. Does not block; any thread.

    Args:
        run: A run of a scenario, a trace, anything with a ``trace``, or events.
        kind: One kind, or several of them; None for all that the run can be asked about: how many threads are
            ``blocked``, which thread ``runs`` a task, what a thread ``waits`` for, the ``state`` at a time, the
            ``order`` of events, what comes ``next``, the run's ``outcome``.
        count: How many questions at most; a short run may not be good for so many different ones.
        seed: Another seed asks other questions.

    Raises:
        TypeError: If there is no trace in ``run``.
        ValueError: If a kind does not exist, ``count`` is no positive number, or the run gives nothing to ask.
    """
    kinds = list(KINDS) if kind is None else [kind] if isinstance(kind, str) else list(kind)
    for name in kinds:
        if name not in KINDS:
            raise ValueError(f"kind={name!r}: choose from {', '.join(KINDS)}")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1 or not kinds:
        raise ValueError(f"count={count!r}: ask at least one question, of at least one kind")
    facts = Facts(run)
    order = Chance(f"{seed}").shuffled(kinds) if kind is None else kinds
    found: dict[str, Question] = {}
    for turn in range(_TRIES * count):
        if len(found) == count:
            break
        name = order[turn % len(order)]
        question = KINDS[name](facts, Chance(f"{seed} {name} {turn // len(order)}"))
        if question is not None:
            found.setdefault(question.text + " ".join(question.choices), question)
    if not found:
        what = f"a question of kind {' or '.join(kinds)}" if kind is not None else "a question"
        raise ValueError(f"{amount(len(facts.events), 'event')} give nothing for {what}: choose another kind or run")
    return Quiz(found.values(), facts.source.title)


make_callable(__name__, quiz)
