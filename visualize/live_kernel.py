"""Having the browser's messages handled while a cell runs.

JupyterLab sends the messages of widgets to a subshell, a thread of the kernel's for just that. But a kernel may send
them to the shell that the widget spoke for last instead (ipykernel 7.4 does), and a widget that was made in a cell, or
that a thread of one's own speaks through, has spoken for the cell that ran last: clicks would wait for cells again.
"""

from __future__ import annotations

from typing import Any

__all__ = ["forget_shell"]


def forget_shell(widget: Any) -> None:
    """Make the kernel forget whom a widget spoke for, so that the shell that the browser names counts. Any thread.

    Call it after each word. Kernels without that habit have no such attribute, and a message that slips between waits
    for a cell at worst, as it would anyway in kernels without subshells.
    """
    getattr(widget.comm, "__dict__", {}).pop("_reply_subshell_id", None)
