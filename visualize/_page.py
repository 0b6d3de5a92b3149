"""The player's page: its modules, its style and a run's data, put together into one document that needs nothing else.

The modules import each other by name, as files do; in the page they are one script, in the order of their imports,
without the imports. So every name of every module is used once.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from visualize.palette import escaped

__all__ = ["frame", "page", "script"]

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


@cache
def script() -> str:
    """The player's modules as one script."""
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in parts:
            return
        source = (_FOLDER / name).read_text(encoding="utf-8")
        for needed in _IMPORT.findall(source):
            add(needed)
        parts[name] = _without_comments(re.sub(r"^export ", "", _IMPORT.sub("", source), flags=re.MULTILINE))

    add("player.js")
    return "".join(parts.values())


def _without_comments(source: str) -> str:
    """Whole lines of comment, blank lines and indentation cost room in every notebook."""
    lines = (line.strip() for line in source.split("\n"))
    return "".join(line + "\n" for line in lines if line and not line.startswith("//"))


@cache
def _asset(name: str) -> str:
    lines = (line.strip() for line in (_FOLDER / name).read_text(encoding="utf-8").split("\n"))
    return "\n".join(line for line in lines if line)


def embedded(data: dict[str, Any]) -> str:
    """``data`` as JSON inside a script element: nothing in it can end the element, or a line of JavaScript."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def page(data: dict[str, Any], title: str) -> str:
    """The whole document."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escaped(title)}</title>'
        f"<style>{_asset('player.css')}</style></head><body>{_asset('player.html')}"
        f'<script type="application/json" id="data">{embedded(data)}</script>'
        f'<script type="module">{script()}</script></body></html>'
    )


def frame(document: str, title: str, height: int) -> str:
    """The document in a frame, to stand inside another page."""
    source = document.replace("&", "&amp;").replace('"', "&quot;")
    style = f"width:100%;height:{height}px;border:0;display:block"
    return f'<iframe title="{escaped(title)}" style="{style}" srcdoc="{source}"></iframe>'
