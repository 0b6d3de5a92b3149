"""The stepper's panel: what to draw goes to the browser as one trait, what is clicked comes back as messages.

The widget does not keep its stepper alive: a stepper that nobody has any more ends its run, and the panel says so.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from visualize.stepper_search import Answer

if TYPE_CHECKING:
    from visualize.stepper import Stepper

__all__ = ["StepperWidget", "widget_of"]

_FOLDER = Path(__file__).parent


class StepperWidget(anywidget.AnyWidget):
    """Draws a stepper and does with it what is clicked.

    Args:
        stepper: What is drawn.
    """

    _esm = (_FOLDER / "stepper.js").read_text(encoding="utf-8")
    _css = (_FOLDER / "stepper.css").read_text(encoding="utf-8")

    view = traitlets.Dict().tag(sync=True)

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = weakref.ref(stepper)
        self._stride = "operation"
        self._answer: Answer | None = None
        self._reply = 0
        super().__init__(view=self._drawn("", ""))
        self.on_msg(self._heard)

    def _drawn(self, error: str, said: str) -> dict[str, Any]:
        self._reply += 1
        stepper = self._stepper()
        if stepper is None:
            view = {"title": "", "closed": True, "headline": "This stepper is gone: run the cell again."}
        else:
            view = stepper.view(self._stride)
        answer = self._answer
        told = None
        if answer is not None:
            told = {"text": str(answer), "verdict": answer.verdict, "schedule": answer.schedule, "more": answer.more}
        return {**view, "error": error, "said": said, "answer": told, "reply": self._reply}

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, Mapping):
            return
        error = said = ""
        try:
            said = self._do(content)
        except (RuntimeError, ValueError, TypeError) as problem:
            error = str(problem) or type(problem).__name__
        except Exception as problem:  # noqa: BLE001 - whatever the program raises is shown where it was called for
            error = f"{type(problem).__name__}: {problem}"
        self.view = self._drawn(error, said)

    def _do(self, content: Mapping[str, Any]) -> str:
        stepper, act = self._stepper(), content.get("act")
        if stepper is None or act == "look":
            return ""
        if act == "ask":
            self._answer = stepper.can_deadlock()
            return str(self._answer)
        if act == "stride":
            self._stride = str(content["stride"])
            return ""
        self._answer, answer = None, self._answer
        if act == "step":
            stepper.step(int(content["thread"]), stride=self._stride)
        elif act == "run":
            stepper.run()
        elif act == "undo":
            stepper.undo(min(int(content.get("moves", 1)), len(stepper.moves)))
            return "Taken back."
        elif act == "load":
            stepper.load(str(content["schedule"]))
            return "Loaded. From here on it goes by itself, or as you choose."
        elif act == "show" and answer is not None:
            stepper.load(answer.schedule, whole=True)
            return "This is where that schedule leads. Undo goes back step by step."
        elif act == "close":
            stepper.close()
        return ""


def widget_of(stepper: Stepper) -> StepperWidget:
    """A new panel for a stepper."""
    return StepperWidget(stepper)
