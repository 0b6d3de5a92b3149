"""Comparisons, timelines and metrics in a real page: drawn, pointed at, narrow, light and dark, and escaped."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import plotly
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from taskpool.events import Event, EventKind
from taskpool.scenarios import compare_runs
from visualize import compare, metrics, timeline
from visualize._plotly import PLOTLY_MIME

pytestmark = pytest.mark.browser

NASTY = "</script><img src=x onerror='window.hit=1'>$x$"
PLOTLY = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
THEMES = {
    "light": "background:#fff;color:#111",
    "dark": "background:#111;color:#eee",
    "lab-dark": "background:#111;color:#000;--jp-content-font-color1:#fff",
}

# The boxes of what is written beside the lanes: titles, headings, names, what is said of a run's end.
WRITTEN = """() => [...document.querySelectorAll('.annotation-text, .ytick text')]
    .map((one) => [one.textContent, one.getBoundingClientRect()])
    .filter(([text, box]) => text.trim() && box.width > 0)
    .map(([text, box]) => [text, box.left, box.top, box.right, box.bottom])"""
COLOURS = """() => ['.annotation-text', '.ytick', '.xtick', '.legendtext']
    .flatMap((one) => [...document.querySelectorAll(`${one} tspan`)])
    .map((one) => getComputedStyle(one).fill)"""


@pytest.fixture(scope="module")
def runs():
    return compare_runs("masquerade", threads=2, runtime="controlled")


def show(page: Page, bundle: dict[str, object], width: int, theme: str) -> None:
    """Show what a notebook would: the figure, and the HTML form below it."""
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(
        f"<!doctype html><html lang='en' style='{THEMES[theme]}'><head><title>Figure</title></head>"
        f"<body style='margin:8px'><main><h1>Figure</h1><div id='figure'></div>{bundle['text/html']}</main></body>"
    )
    page.add_script_tag(content=PLOTLY)
    if PLOTLY_MIME in bundle:
        page.evaluate(
            "async (f) => { await Plotly.newPlot('figure', f.data, f.layout, f.config); }", bundle[PLOTLY_MIME]
        )


def overlapping(page: Page) -> list[tuple[str, str]]:
    """Texts beside the lanes that lie on one another by more than a pixel or two."""
    found = []
    for one, other in combinations(page.evaluate(WRITTEN), 2):
        wide = min(one[3], other[3]) - max(one[1], other[1])
        tall = min(one[4], other[4]) - max(one[2], other[2])
        if wide > 1 and tall > 2:
            found.append((one[0], other[0]))
    return found


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """What the accessibility rules find that is serious, and every heading of a table that is empty."""
    found = Axe().run(page).response
    assert found["passes"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical") or one["id"] == "empty-table-header"
    ]


@pytest.mark.parametrize("theme", list(THEMES))
def test_a_comparison_fits_and_its_texts_take_the_pages_colour(page, watch, runs, theme):
    show(page, compare(runs, play=False)._repr_mimebundle_(), 1280, theme)
    assert page.locator(".barlayer path").count() > 50
    assert page.locator(".annotation-text", has_text="nothing moves any more").count() == 1
    for width in (1280, 800, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => Plotly.Plots.resize('figure')")
        assert page.locator(".main-svg").first.bounding_box()["width"] <= width
        assert overlapping(page) == []
    wanted = {"light": "rgb(17, 17, 17)", "dark": "rgb(238, 238, 238)", "lab-dark": "rgb(255, 255, 255)"}[theme]
    assert set(page.evaluate(COLOURS)) == {wanted}
    assert watch.errors == [] and watch.foreign == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_rules_of_accessibility_hold(page, watch, runs, theme):
    for shown in (
        compare(runs, play=False),
        timeline(runs["threadpool"]),
        metrics(runs["threadpool"]),
        metrics(runs["taskpool"]).latency_chart,
    ):
        show(page, shown._repr_mimebundle_(), 1280, theme)
        assert serious(page) == []
    assert watch.errors == [] and watch.foreign == []


def test_one_points_at_a_bar_and_reads_its_facts(page, watch, runs):
    show(page, timeline(runs["threadpool"])._repr_mimebundle_(), 1280, "light")
    box = page.locator("#figure text", has_text="58 checkpoint").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = page.locator(".hoverlayer")
    expect(said).to_contain_text("task 58 'checkpoint'")
    expect(said).to_contain_text("a suspend's checkpoint")
    assert watch.errors == [] and watch.foreign == []


def test_names_are_text_whatever_they_say(page, watch):
    told = [("task_pushed", {"label": NASTY, "wait": False, "depth": 1}), ("task_started", {}), ("task_finished", {})]
    events = [
        Event(at, at / 1e3, NASTY, EventKind(kind), NASTY, 1, None, detail) for at, (kind, detail) in enumerate(told)
    ]
    bundle = timeline(events)._repr_mimebundle_()
    show(page, json.loads(json.dumps(bundle)), 1280, "light")
    box = page.locator("#figure text", has_text="1 </script>").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".hoverlayer")).to_contain_text(NASTY)
    assert page.evaluate("() => window.hit") is None
    assert page.locator("img[src='x']").count() == 0
    assert watch.errors == [] and watch.foreign == []
