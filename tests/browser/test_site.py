"""The course as pages, from a disk and without a network: players play, pages fit, and it reads without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tools.site import build

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LESSONS = [path.with_suffix(".html").name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
START = "00-start-here.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    build(ROOT / "notebooks", folder)
    return folder


def test_a_player_plays_from_a_disk_without_a_network(site, page, watch):
    page.context.set_offline(True)
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="Start here").click()
    player = page.frame_locator(".taskpool-player iframe").first
    expect(player.locator("#said")).to_contain_text("Nothing has happened yet")
    player.locator("#next").click()
    expect(player.locator("#said")).not_to_contain_text("Nothing has happened yet")
    said = player.locator("#said").inner_text()
    page.keyboard.press("ArrowRight")
    expect(player.locator("#said")).not_to_have_text(said)
    expect(page.locator(".taskpool-player img").first).to_be_hidden()
    assert watch.errors == []
    assert [url for url in watch.requests if not url.startswith(("file:", "data:", "about:"))] == []


def test_every_page_fits_every_screen(site, page, watch):
    page.context.set_offline(True)
    for name in ["index.html", *LESSONS]:
        page.goto((site / name).as_uri())
        for width in (400, 800, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert watch.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", START])
def test_a_page_follows_the_rules_of_accessibility(site, page, name, scheme):
    """Browsers let the keyboard reach what scrolls by themselves; the rule that asks for more is left out."""
    page.emulate_media(color_scheme=scheme)
    page.goto((site / name).as_uri())
    rules = {"scrollable-region-focusable": {"enabled": False}}
    found = Axe().run(page, options={"iframes": False, "rules": rules}).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []


def test_without_scripts_the_picture_stands_in_the_players_place(site, browser):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((site / START).as_uri())
    player = page.locator(".taskpool-player").first
    expect(player.locator("img")).to_be_visible()
    expect(player.locator("iframe")).to_be_hidden()
    context.close()
