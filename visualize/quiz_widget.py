"""The quiz's widget: the browser shows the questions and sends answers; they are judged here, where the trace is.

What is sent to the browser does not hold an answer before it has been given or asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from visualize.live_kernel import forget_shell
from visualize.palette import cleaned
from visualize.quiz_question import Question

__all__ = ["QuizWidget"]

_FOLDER = Path(__file__).parent


class QuizWidget(anywidget.AnyWidget):
    """Shows questions and judges answers.

    Args:
        questions: The questions.
    """

    _esm = (_FOLDER / "quiz.js").read_text(encoding="utf-8")
    _css = (_FOLDER / "quiz.css").read_text(encoding="utf-8")

    questions: traitlets.List[Any] = traitlets.List().tag(sync=True)
    verdicts = traitlets.Dict().tag(sync=True)
    reply = traitlets.Dict().tag(sync=True)

    def __init__(self, questions: Sequence[Question]) -> None:
        self._asked = tuple(questions)
        super().__init__(questions=[_sent(question) for question in self._asked], verdicts={}, reply={})
        forget_shell(self)
        self.on_msg(self._heard)

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, Mapping):
            return
        try:
            number = int(content["question"])
            question = self._asked[number]
            verdict = question.reveal() if content.get("do") == "reveal" else question.check(content.get("answer"))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            self.reply = {"id": content.get("id"), "text": str(error)}
        else:
            state = "revealed" if content.get("do") == "reveal" else "right" if verdict.right else "wrong"
            self.verdicts = {**self.verdicts, str(number): {"state": state, "text": cleaned(verdict.text)}}
            self.reply = {"id": content.get("id"), "text": ""}
        forget_shell(self)


def _sent(question: Question) -> dict[str, Any]:
    return {
        "text": cleaned(question.text),
        "form": question.form,
        "choices": [cleaned(choice) for choice in question.choices],
    }
