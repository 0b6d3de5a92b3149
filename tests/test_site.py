"""The course as pages: complete in themselves, linked with each other, in the lessons' order."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.site import build, main

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """What a page names: links, what it would fetch, its identifiers."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links, self.fetched, self.ids, self.scripts = [], [], [], 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.scripts += tag == "script"
        self.ids += [values["id"]] if "id" in values else []
        if tag == "a":
            self.links.append(values.get("href"))
        else:
            self.fetched += [values[name] for name in ("src", "href", "data") if name in values]


@pytest.fixture
def small(tmp_path):
    """Two lessons and a page of Markdown, as a site."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    first = [
        new_markdown_cell("# Start & see\n\nAbout *this*.\n\nTime: about ten minutes. Run it."),
        new_code_cell("print(6 * 7)", outputs=[new_output("stream", name="stdout", text="42\n")]),
        new_markdown_cell("Next: [two](01-two.ipynb#goals), [words](glossary.md), [code](../taskpool/pool.py)."),
    ]
    nbformat.write(new_notebook(cells=first), folder / "00-one.ipynb")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Two")]), folder / "01-two.ipynb")
    (folder / "glossary.md").write_text("# Words\n\n[back](00-one.ipynb), [out](https://example.org/)\n")
    return build(folder, tmp_path / "site")


def test_links_lead_to_pages_and_what_is_elsewhere_is_text(small):
    index, one, two, words = small
    assert [path.name for path in small] == ["index.html", "00-one.html", "01-two.html", "glossary.html"]
    assert Page(index).links == ["00-one.html", "01-two.html", "glossary.html"]
    way = ["index.html", "01-two.html"]
    assert Page(one).links == [*way, "01-two.html#goals", "glossary.html", *way]
    assert Page(two).links == ["index.html", "00-one.html"] * 2
    assert Page(words).links == ["index.html", "00-one.html", "https://example.org/", "index.html"]
    assert "code" in one.read_text() and "pool.py" not in one.read_text()


def test_the_index_tells_of_each_lesson(small):
    text = small[0].read_text()
    assert "Start &amp; see</a>" in text
    assert "<p>About <em>this</em>.</p>" in text
    assert '<span class="time">about ten minutes</span>' in text
    assert "<pre>42\n</pre>" in small[1].read_text()
    assert "<title>Start &amp; see · taskpool-lab</title>" in small[1].read_text()


def test_a_folder_without_lessons_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebook in "):
        build(tmp_path, tmp_path / "site")


def test_the_course_fetches_nothing_and_every_link_leads_somewhere(tmp_path, capsys):
    target = tmp_path / "site"
    assert main([str(target)]) == 0
    pages = {path.name: Page(path) for path in sorted(target.iterdir())}
    assert capsys.readouterr().out == f"{len(pages)} pages: open {target / 'index.html'}\n"
    lessons = [path.with_suffix(".html").name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    assert [link for link in pages["index.html"].links if link in lessons] == lessons
    for name, page in pages.items():
        assert page.scripts == 0, name
        assert [address[:40] for address in page.fetched if not address.startswith("data:")] == [], name
        for link in page.links:
            to, _, anchor = link.partition("#")
            if "://" not in to:
                assert (to or name) in pages, f"{name}: {link}"
                assert not anchor or anchor in pages[to or name].ids, f"{name}: {link}"
    frames = [count for name in lessons if (count := len(re.findall("<iframe", (target / name).read_text())))]
    assert sum(frames) >= 4
