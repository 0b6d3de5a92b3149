"""What the player sends to the browser: complete, escaped, bounded, and the same for the same run."""

import json
import re
from html.parser import HTMLParser

import pytest

from taskpool.events import Event, EventKind
from taskpool.scenarios import run
from visualize import player


class Frame(HTMLParser):
    """The attributes of the elements of an output."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.setdefault(tag, dict(attrs))


def document_of(shown) -> str:
    source = Frame(shown._repr_mimebundle_()["text/html"]).found["iframe"]["srcdoc"]
    assert source is not None
    return source


def data_of(document: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', document, re.DOTALL)[1])


@pytest.fixture
def runs():
    return [run("masquerade", design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]


def test_the_frame_holds_the_page_and_the_page_the_data(runs):
    shown = player(*runs)
    assert document_of(shown) == shown.page
    assert data_of(shown.page) == json.loads(json.dumps(shown.data))


def test_what_is_shown_is_the_same_for_the_same_runs(runs):
    again = [run("masquerade", design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]
    assert player(*runs)._repr_mimebundle_() == player(*again)._repr_mimebundle_()


def test_labels_cannot_leave_their_script():
    label = "</script><script>alert(1)</script>\u2028&quot;\"'"
    events = [Event(0, 0.0, "main", EventKind.TASK_PUSHED, label, 1, None, {"label": label, "wait": False, "depth": 1})]
    document = document_of(player(events))
    assert document.count("</script>") == 2
    assert "\u2028" not in document
    assert data_of(document)["texts"] == ["</script><script>alert(1)</script>·&quot;\"'"]
