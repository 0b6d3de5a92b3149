"""The panel's widget: what to draw goes to the browser as one trait, what is clicked comes back as messages.

Where the kernel can, JupyterLab has messages of widgets handled on a thread of their own, a subshell, also while a cell
runs; else they wait for the cell's end, which the browser's side notices by the missing reply and says.

A kernel may send a widget's messages to the shell that the widget spoke for last (ipykernel 7.4 does), and a thread of
one's own speaks for the cell that ran last: clicks would wait for cells again. So after each word the kernel is made to
forget whom it was said for, and the shell that the browser names counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["LiveWidget"]

_FOLDER = Path(__file__).parent


class LiveWidget(anywidget.AnyWidget):
    """Draws a panel and hands on what is clicked.

    Args:
        view: What to draw first.
        ask: Called with each message: what to do and its facts, and whom to tell the reply's text and whether it
            went well. Must not block.
    """

    _esm = (_FOLDER / "live.js").read_text(encoding="utf-8")
    _css = (_FOLDER / "live.css").read_text(encoding="utf-8")

    view = traitlets.Dict().tag(sync=True)
    reply = traitlets.Dict().tag(sync=True)

    def __init__(
        self, view: Mapping[str, Any], ask: Callable[[Mapping[str, Any], Callable[[bool, str], None]], None]
    ) -> None:
        super().__init__(view=dict(view), reply={})
        self._ask = ask
        self._forget_shell()
        self.on_msg(self._heard)

    def show(self, view: Mapping[str, Any]) -> None:
        """Draw something else. Does not block; any thread."""
        self.view = dict(view)
        self._forget_shell()

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, Mapping):
            return
        number = content.get("id")

        def answer(well: bool, text: str) -> None:
            self.reply = {"id": number, "well": well, "text": text}
            self._forget_shell()

        self._ask(content, answer)

    def _forget_shell(self) -> None:
        # Kernels without that habit have no such attribute, and a message that slips between waits for a cell at worst.
        getattr(self.comm, "__dict__", {}).pop("_reply_subshell_id", None)
