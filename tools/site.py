"""Build the course as a folder of plain pages: ``python tools/site.py site``, then open ``site/index.html``.

Every notebook becomes one page, from the outputs that it was committed with: nothing is run. A page is complete in
itself: styles are in it, pictures are data, a player is a document inside a frame, and there is nothing to fetch, so
that it works from a disk, without a network, and reads well where scripts are off. Links between notebooks, and to the
Markdown pages beside them, are made links between pages; those that leave the course's folder become plain text. The
index lists the lessons in their order, with the first paragraph and the time of each.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbconvert.filters.markdown import markdown2html
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

__all__ = ["Lesson", "build", "main"]

ROOT = Path(__file__).parents[1]
STYLE = Path(__file__).with_name("site.css")
TITLE = "taskpool-lab"

_LINK = re.compile(r'<a href="(?P<to>[^"]*)"(?P<rest>[^>]*)>(?P<text>.*?)</a>', re.DOTALL)
_ANCHOR = re.compile(r'<a class="anchor-link".*?</a>', re.DOTALL)
_TIME = re.compile(r"^Time: (?P<time>[^.]*)\.", re.MULTILINE)
_WITHOUT_SCRIPTS = (
    "<noscript><style>.taskpool-player iframe{display:none!important}"
    ".taskpool-player iframe+img{display:inline!important}</style></noscript>"
)
_ENCODED_LINES = re.compile(r'(?<=;base64,)[A-Za-z0-9+/=\n]+(?=")')


@dataclass(frozen=True, slots=True)
class Lesson:
    """A notebook as the index tells of it.

    Attributes:
        name: Its file's name, without the ending.
        title: Its first heading.
        about: The paragraph under it, as Markdown.
        time: How long it takes, in its own words; empty if it does not say.
    """

    name: str
    title: str
    about: str
    time: str

    @classmethod
    def of(cls, path: Path, notebook: NotebookNode) -> Lesson:
        """What the notebook's first cell says of it."""
        first = notebook.cells[0].source if notebook.cells else ""
        heading, _, rest = first.partition("\n")
        about = rest.strip().split("\n\n")[0]
        time = _TIME.search(first)
        return cls(path.stem, heading.lstrip("# ") or path.stem, about, time["time"] if time else "")


def build(notebooks: Path, target: Path) -> list[Path]:
    """Write the pages; returns them, the index first. Blocks; files in ``target`` of the same names are replaced.

    Args:
        notebooks: The folder of the notebooks and of the Markdown pages beside them.
        target: The folder to write to; made if it is not there.

    Raises:
        FileNotFoundError: If there is no notebook in the folder.
    """
    sources = sorted(notebooks.glob("*.ipynb"))
    if not sources:
        raise FileNotFoundError(f"no notebook in {notebooks}: name the folder that has the lessons")
    texts = sorted(notebooks.glob("*.md"))
    pages = {path.name: f"{_page_name(path)}.html" for path in [*sources, *texts]}
    read = {path: nbformat.read(path, as_version=4) for path in sources}
    lessons = [Lesson.of(path, notebook) for path, notebook in read.items()]
    target.mkdir(parents=True, exist_ok=True)
    written = [_write(target / "index.html", TITLE, _index(lessons, texts), pages, way=())]
    for at, (path, notebook) in enumerate(read.items()):
        before = lessons[at - 1] if at else None
        after = lessons[at + 1] if at + 1 < len(lessons) else None
        page = target / pages[path.name]
        written.append(_write(page, lessons[at].title, _body(notebook), pages, way=_way(before, after)))
    for path in texts:
        body = f'<div class="cell text">{markdown2html(path.read_text(encoding="utf-8"))}</div>'
        written.append(_write(target / pages[path.name], _title(path), body, pages, way=_way(None, None)))
    return written


def _page_name(path: Path) -> str:
    return "teachers" if path.name == "README.md" else path.stem


def _title(path: Path) -> str:
    """The first heading of a page of Markdown."""
    return path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def _body(notebook: NotebookNode) -> str:
    """The cells, with their outputs."""
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(notebook)
    return _ENCODED_LINES.sub(lambda found: found[0].replace("\n", ""), str(body))


def _index(lessons: Sequence[Lesson], texts: Sequence[Path]) -> str:
    rows = []
    for lesson in lessons:
        time = f' <span class="time">{escape(lesson.time)}</span>' if lesson.time else ""
        link = f'<a href="{escape(lesson.name)}.ipynb">{escape(lesson.title)}</a>'
        number = escape(lesson.name.split("-")[0])
        rows.append(f'<li><span class="number">{number}</span><h2>{link}{time}</h2>{markdown2html(lesson.about)}</li>')
    more = [f'<li><a href="{escape(path.name)}">{escape(_title(path))}</a></li>' for path in texts]
    return (
        f"<h1>{TITLE}</h1><p>Thread pools, to look at and to take apart. The lessons in order; each was run before it "
        "was printed here. To change something and run it again, open the notebooks in JupyterLab: "
        f'<code>make lab</code>.</p><ol class="lessons">{"".join(rows)}</ol>'
        + (f"<ul>{''.join(more)}</ul>" if more else "")
    )


def _way(before: Lesson | None, after: Lesson | None) -> Iterator[str]:
    yield f'<a href="index.html">{TITLE}</a>'
    if before is not None:
        yield f'<a href="{escape(before.name)}.ipynb" rel="prev">← {escape(before.title)}</a>'
    if after is not None:
        yield f'<a href="{escape(after.name)}.ipynb" rel="next">{escape(after.title)} →</a>'


def _write(path: Path, title: str, body: str, pages: dict[str, str], way: Iterable[str]) -> Path:
    links = " ".join(way)
    top, foot = (f'<nav aria-label="{where}">{links}</nav>' if links else "" for where in ("Lessons", "On from here"))
    name = title if title == TITLE else f"{title} · {TITLE}"
    document = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(unescape(name))}</title><style>{_styles()}</style>{_WITHOUT_SCRIPTS}</head>\n"
        f"<body>{top}<main>{body}</main>{foot}</body></html>\n"
    )
    document = _LINK.sub(lambda link: _linked(link, pages), _ANCHOR.sub("", document))
    path.write_text(document, encoding="utf-8")
    return path


def _linked(link: re.Match[str], pages: dict[str, str]) -> str:
    """A link as it is right in the folder of pages."""
    to, anchor, place = unescape(link["to"]).partition("#")
    if to in pages:
        return f'<a href="{escape(pages[to])}{anchor}{escape(place)}"{link["rest"]}>{link["text"]}</a>'
    if not to or to in {"index.html", *pages.values()} or "://" in to or to.startswith(("mailto:", "data:")):
        return link[0]
    return link["text"]


def _styles() -> str:
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("default", "github-dark"))
    return f"{STYLE.read_text(encoding='utf-8')}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def main(argv: Sequence[str]) -> int:
    """Build the course's pages in the folder that is named."""
    if len(argv) != 1:
        print("usage: python tools/site.py FOLDER", file=sys.stderr)
        return 2
    pages = build(ROOT / "notebooks", Path(argv[0]))
    print(f"{len(pages)} pages: open {pages[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
