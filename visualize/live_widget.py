"""The panel's widget: what to draw goes to the browser as one trait, what is clicked comes back as messages.

Where the kernel can, JupyterLab has messages of widgets handled on a thread of their own, a subshell, also while a cell
runs; else they wait for the cell's end, which the browser's side notices by the missing reply and says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from visualize.live_kernel import forget_shell

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
        forget_shell(self)
        self.on_msg(self._heard)

    def show(self, view: Mapping[str, Any]) -> None:
        """Draw something else. Does not block; any thread."""
        self.view = dict(view)
        forget_shell(self)

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, Mapping):
            return
        number = content.get("id")

        def answer(well: bool, text: str) -> None:
            self.reply = {"id": number, "well": well, "text": text}
            forget_shell(self)

        self._ask(content, answer)
