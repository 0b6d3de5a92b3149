"""Draw README's still, from a run: ``python tools/still.py docs/comparison.svg``.

Both designs run `masquerade` on the controlled runtime, so that the picture is the same on every machine; the test
`tests/test_readme.py` draws it again and compares.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from taskpool.scenarios import compare_runs
from visualize import compare

__all__ = ["draw", "main"]


def draw() -> str:
    """The picture, as an SVG document. Blocks while the two runs last."""
    runs = compare_runs("masquerade", runtime="controlled")
    return str(compare.svg(runs, width=900, standalone=True)) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the picture to the file that is named."""
    args = sys.argv[1:] if argv is None else list(argv)
    if len(args) != 1:
        print("usage: python tools/still.py FILE", file=sys.stderr)
        return 2
    path = Path(args[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
