"""What the player sends to the browser: complete, escaped, bounded, and the same for the same run."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

import visualize
from taskpool.events import Event, EventKind
from taskpool.scenarios import run
from visualize import narrate, player
from visualize._page import script
from visualize._source import source_of
from visualize.lanes import lanes_of
from visualize.palette import POOL, contrast, styles_of
from visualize.stage_data import stage_data

FOLDER = Path(str(visualize.__file__)).parent


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


def test_every_name_is_defined_by_one_module():
    """The modules become one script, in which a name that two of them define would be an error."""
    names = [
        name
        for path in sorted(FOLDER.glob("player*.js"))
        for name in re.findall(
            r"^(?:export )?(?:function\*?|class|const|let) (\w+)", path.read_text("utf-8"), re.MULTILINE
        )
    ]
    assert len(names) > 100
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_every_module_is_in_the_script_after_those_that_it_needs():
    source = script()
    assert "import " not in source.replace("important", "")
    assert "export " not in source
    for path in FOLDER.glob("player*.js"):
        for name in re.findall(r"^export (?:function\*?|class|const) (\w+)", path.read_text("utf-8"), re.MULTILINE):
            assert re.search(rf"^(function\*?|class|const) {name}\b", source, re.MULTILINE), name
    assert source.index("const NONE") < source.index("class State ") < source.index("class Player ")


THEMES = {
    name: dict(re.findall(r'(\w+): "(#[0-9a-f]{6})"', body))
    for name, body in re.findall(
        r"^  (light|dark): \{(.*?)\}", (FOLDER / "player_paint.js").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("colour", "ground", "least"),
    [
        ("ink", "panel", 4.5),
        ("muted", "panel", 4.5),
        ("muted", "bar", 4.5),
        ("goodText", "panel", 4.5),
        ("badText", "panel", 4.5),
        ("badText", "blocked", 4.5),
        ("ink", "blocked", 4.5),
        ("ink", "bar", 4.5),
        ("accent", "panel", 4.5),
        ("rail", "panel", 3),
        ("good", "panel", 3),
        ("bad", "panel", 3),
        ("accent", "page", 3),
        ("controlEdge", "panel", 3),
    ],
)
def test_colours_stand_out(theme, colour, ground, least):
    assert contrast(THEMES[theme][colour].upper(), THEMES[theme][ground].upper()) >= least


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_serializers_colour_stands_out_on_the_panel(theme):
    panel = THEMES[theme]["panel"].upper()
    for style in [*styles_of(map(str, range(6))).values(), POOL]:
        assert max(contrast(style.colour, panel), contrast(style.edge, panel)) >= 3


def test_every_pattern_stands_out_on_its_serializers_colour():
    """Patterns are drawn through: what is seen is a mixture with the fill."""
    source = (FOLDER / "player_paint.js").read_text("utf-8")
    marks = re.findall(r'"(#[0-9A-F]{6})": "rgba\((\d+),(\d+),(\d+),(0?\.\d+)\)"', source)
    drawn = {ink: ([int(part) for part in channels], float(alpha)) for ink, *channels, alpha in marks}
    assert set(drawn) == {"#FFFFFF", "#111111"}
    for style in styles_of(map(str, range(6))).values():
        channels, alpha = drawn[style.ink]
        fill = [int(style.colour[at : at + 2], 16) for at in (1, 3, 5)]
        mixed = [round(alpha * top + (1 - alpha) * below) for top, below in zip(channels, fill, strict=True)]
        seen = "#" + "".join(f"{channel:02X}" for channel in mixed)
        assert contrast(seen, style.colour) >= 3, (style, seen)


@pytest.mark.parametrize("name", ["masquerade", "nested-push-wait", "pause-many"])
def test_the_first_difference_is_the_wait_that_only_the_older_design_has(name):
    runs = [run(name, design, threads=2, runtime="controlled") for design in ("threadpool", "taskpool")]
    found = player(*runs).divergence
    assert found is not None
    assert (found.run, runs[0].trace[found.position].kind) == (0, EventKind.WAIT_STARTED)
    assert found.sentence in player(*runs).text


def test_runs_that_do_the_same_have_no_first_difference(runs):
    assert player(runs[1], run("masquerade", "taskpool", threads=2, runtime="controlled")).divergence is None


def test_runs_that_differ_in_their_order_alone_differ_there():
    def told(*tasks: int) -> list[Event]:
        events = [
            Event(0, 0.0, "t", EventKind.TASK_PUSHED, "s", task, None, {"label": str(task)}) for task in (1, 2, 3)
        ]
        for task in tasks:
            events += [
                Event(0, 0.1 * task, "t", kind, "s", task) for kind in (EventKind.TASK_STARTED, EventKind.TASK_FINISHED)
            ]
        return events

    found = player(told(1, 2, 3), told(1, 3, 2)).divergence
    assert found is not None
    assert (found.run, found.position) == (0, 5)


def test_what_is_sent_is_bounded(many_events):
    events = many_events(3_000)
    data = stage_data([source_of(events)], ["one"], [""], limit=1_000)
    [sent] = data["runs"]
    assert {name: len(column) for name, column in sent["columns"].items()} == dict.fromkeys(sent["columns"], 1_000)
    assert (sent["before"], sent["skipped"], sent["total"]) == (0, 0, 3_002)
    later = stage_data([source_of(events)], ["one"], [""], between=(0.05, 1.0), limit=1_000)["runs"][0]
    assert later["before"] + later["skipped"] == next(at for at, event in enumerate(events) if event.time >= 0.05)
    assert len(later["columns"]["kind"]) == later["before"] + 1_000
    assert later["before"] < 20


def test_who_sees_only_a_stretch_is_told_so(runs):
    [sent] = player(runs[1], between=(0.002, 0.004)).data["runs"]
    first, last = sent["skipped"] + sent["before"] + 1, sent["skipped"] + len(sent["columns"]["kind"])
    where = "; between=(start, end), in seconds, plays another part"
    assert sent["subtitle"].endswith(f" · here events {first} to {last} of 254{where}")
    assert sent["sentences"][: sent["before"]] == [""] * sent["before"]
    assert sent["sentences"][-1] == narrate(runs[1])[last - 1]


def test_threads_take_the_places_of_those_that_stopped():
    told = [
        ("a", "started"),
        ("b", "started"),
        ("a", "stopped"),
        ("c", "started"),
        ("d", "started"),
        ("c", "stopped"),
        ("b", "stopped"),
        ("e", "started"),
    ]
    events = [
        Event(at, at / 1000, thread, EventKind(f"thread_{what}"), "q", None, None, {"pool": "q"})
        for at, (thread, what) in enumerate(told)
    ]
    [sent] = player(events).data["runs"]
    assert {thread["name"]: thread["slot"] for thread in sent["threads"]} == {"a": 0, "b": 1, "c": 0, "d": 2, "e": 0}


def test_titles_tell_the_runs_apart(runs):
    assert player(*runs).titles == ["threadpool", "taskpool"]
    assert player(runs[0], runs[0]).titles == ["masquerade on threadpool (1)", "masquerade on threadpool (2)"]
    assert player({"before": runs[0], "after": runs[1]}).titles == ["before", "after"]
    assert player(*runs, titles=["x", "y"]).titles == ["x", "y"]


def test_serializers_have_the_colours_that_other_pictures_give_them(runs):
    data = player(*runs).data
    styles = styles_of(name for one in runs for name in lanes_of(one).serializers)
    for sent in data["runs"]:
        for queue in sent["queues"]:
            style = styles.get(queue["name"], POOL)
            assert data["styles"][queue["style"]] == {
                "colour": style.colour,
                "edge": style.edge,
                "ink": style.ink,
                "pattern": style.pattern,
            }


def test_a_terminal_gets_lanes_and_sentences(runs):
    text = repr(player(*runs))
    assert text == player(*runs)._repr_mimebundle_()["text/plain"]
    assert "threadpool: deadlocked after 8.5 ms" in text
    assert text.endswith(
        "First difference, on threadpool: pjsip-0 is blocked: it is kept while pjsip/session-1 is paused."
    )


def test_a_file_of_its_own_can_be_saved(runs, tmp_path):
    player(runs[0]).save(tmp_path / "player.html")
    assert (tmp_path / "player.html").read_text(encoding="utf-8") == player(runs[0]).page


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "luck"}, "by='luck': choose one of auto, time, events, progress"),
        ({"at": "noon"}, "at='noon': choose one of start, end, difference, or a place on the strip"),
        ({"between": (2, 1)}, r"between=\(2, 1\): the second must be after the first"),
        ({"titles": ["a", "b"]}, "titles=.*: there are 1 runs"),
    ],
)
def test_what_makes_no_sense_is_refused(runs, options, message):
    with pytest.raises(ValueError, match=message):
        player(runs[0], **options)


def test_a_run_is_needed():
    with pytest.raises(TypeError, match="player needs a run"):
        player()
    with pytest.raises(TypeError, match="there is no trace"):
        player(3)
