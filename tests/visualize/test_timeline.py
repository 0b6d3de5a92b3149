"""One picture, three drawings: text to the letter, SVG that is XML, figures that stay small."""

import base64
import json
import re
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from visualize import compare, timeline
from visualize._fills import CLEAR, STILL
from visualize._plotly import GREY, PAGE, PLOTLY_MIME
from visualize.palette import BLOCKED, PAUSED

NASTY = "</script><script>alert(1)</script>"
SVG = "{http://www.w3.org/2000/svg}"


def drawn(text):
    """The lines of the lanes, without the title and what is told below."""
    lines = text.split("\n")
    end = lines.index("What happened") - 1 if "What happened" in lines else len(lines)
    return lines[lines.index("") + 1 : end]


def elements(svg, tag):
    return list(ET.fromstring(svg).iter(SVG + tag))


def texts(svg):
    """What one reads in it, without what one reads when one points at something."""
    svg = re.sub("<title>[^<]*</title>", "", svg)
    return ["".join(element.itertext()) for element in elements(svg, "text")]


def bundle(run, **options):
    return timeline(run, **options)._repr_mimebundle_()


def test_the_newer_pools_trace_as_text(taskpool_events):
    assert drawn(timeline.text(taskpool_events, width=72)) == [
        "pool p · taskpool",
        "  p/0       ..........AAAAAbbbbbbbbbbAAAAA...............BBBBBBBBBB.....",
        "  p/1       ........................................+++++++++!..........",
        "paused serializers",
        "  B                                       -----==========",
        "outside the pool",
        "  main                                         ////////////////////",
        "  time (ms) 0         2         4         6         8         10",
        "",
        "A A   B B   + task of no serializer   / blocked   - being paused",
        "= paused   ! failed   . idle   small letters: inside another task",
    ]


def test_the_older_pools_trace_as_text(threadpool_events):
    # 11.5 ms on 46 columns: the threads wait for ever, so the axis goes on for a while behind the last event.
    assert drawn(timeline.text(threadpool_events, width=58)) == [
        "pool p · threadpool",
        "  p/0       ........//////////////////////////////////////",
        "  p/1       ................BBBBBBBBBBBBBBBB//////////////",
        "  p/control ....:.......:...........................",
        "paused serializers",
        "  B             ----======================================",
        "outside the pool",
        "  boss          ////                //////////////////////",
        "  time (ms) 0                   5                   10",
        "",
        "B A   : control task   / blocked   - being paused",
        "= paused   . idle",
    ]


def test_below_the_lanes_stands_what_happened_and_who_is_stuck(threadpool_events):
    lines = timeline.text(threadpool_events, width=72).split("\n")
    told = lines[lines.index("What happened") :]
    assert told[1:4] == [
        "   0.000 ms  Pool p opens: a threadpool.",
        "   0.000 ms  p/control starts, to serve p/control.",
        "   0.000 ms  p/0 starts, to serve p.",
    ]
    assert [line.strip() for line in told if "…" in line] == ["… 1 event …", "… 1 event …"]  # 32 events, 30 told
    assert told[told.index("Blocked at the end") :] == [
        "Blocked at the end",
        "  p/0 (in task 1 'pause') is kept while B is paused. boss has paused B",
        "    and must resume it.",
        "  p/1 (in task 4 'call') waits for task 9 'ask' of B. It is still",
        "    queued: B is paused. boss has paused B and must resume it.",
        "  boss waits for task 7 'notify' of C. It is still queued: C waits for",
        "    its turn (task 8), next in the queue of p, whose threads p/0 and p/1",
        "    are both blocked.",
        "  None of them can go on: this is a deadlock.",
    ]


def test_the_svg_is_xml_that_names_everything(taskpool_events):
    svg = timeline.svg(taskpool_events)
    words = texts(svg)
    for expected in ("trace12 ms, 37 events", "pool p · taskpool", "1 call", "3 ask", "✗ 5 plain", "waits for 4 of B"):
        assert expected in words
    assert "being paused" not in words and "paused" in words  # one has no room, the other has
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Timeline of trace, 12 ms, 37 events: 3 threads and 1 paused serializer."
    assert {element.get("id") for element in elements(svg, "pattern")} == set(re.findall(r"url\(#([^)]+)\)", svg))
    assert "currentColor" in svg and "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_inline_tasks_lie_inside_their_callers_below_the_name(taskpool_events):
    boxes = {}
    for rect in elements(timeline.svg(taskpool_events), "rect"):
        title = rect.find(SVG + "title")
        if title is not None:
            boxes[title.text.split(" · ")[0]] = [float(rect.get(key)) for key in ("x", "y", "width", "height")]
    (x, y, width, height), (inner_x, inner_y, inner_width, inner_height) = boxes["task 1 'call'"], boxes["task 3 'ask'"]
    assert x < inner_x and inner_x + inner_width < x + width
    assert y + 12 < inner_y and inner_y + inner_height < y + height


def test_a_bar_tells_its_facts_where_one_points_at_it(taskpool_events, threadpool_events):
    facts = [element.text for element in elements(timeline.svg(taskpool_events), "title")]
    for lines in (
        [
            "task 3 'ask'",
            "of B, on p/0",
            "runs inline inside task 1: the serializer had nothing to do",
            "from 3 ms to 5 ms: 2 ms",
            "events 11 to 12",
        ],
        [
            "task 4 'late'",
            "of B, on p/0",
            "waited 2 ms in its queue, pushed by main",
            "from 9 ms to 11 ms: 2 ms",
            "events 28 to 30",
        ],
        [
            "task 5 'plain'",
            "of p:1, on p/1",
            "waited 0 ms in its queue, pushed by main2",
            "from 8 ms to 10 ms: 2 ms",
            "failed: ValueError: no",
            "events 23 to 29",
        ],
        ["B is paused, first by boss", "asked for at 6 ms, still at 7 ms", "resumed at 9 ms", "events 17 to 24"],
    ):
        assert " · ".join(lines) in facts
    facts = [element.text for element in elements(timeline.svg(threadpool_events), "title")]
    wait = ["blocked: p/0 is kept while B is paused", "from 2 ms to the end of the trace, where it had not ended"]
    assert " · ".join([*wait, "events 16 to 31"]) in facts


def test_names_are_shown_as_text_whatever_they_say(teller):
    teller(0, NASTY, "task_pushed", NASTY, 1, label=NASTY, wait=False, depth=1)
    teller(1, NASTY, "task_started", NASTY, 1)
    teller(9, NASTY, "task_failed", NASTY, 1, error=NASTY)
    run = SimpleNamespace(trace=teller.events, name=NASTY, design="$x$", outcome="failed", reason=NASTY)
    svg = timeline.svg(run)
    assert NASTY not in svg and any(NASTY in fact.text for fact in elements(svg, "title"))
    shown = bundle(run)
    assert "<script" not in shown["text/html"]
    picture = base64.b64decode(re.search(r"base64,([^\"]+)", shown["text/html"]).group(1)).decode()
    assert "<script" not in picture and ET.fromstring(picture) is not None
    assert NASTY in shown["text/plain"]
    figure = json.dumps(shown[PLOTLY_MIME])
    assert "<script" not in figure and "&lt;/script&gt;" in figure
    assert "$" not in figure.replace("&#36;", "")


def test_the_bundle_has_a_figure_a_picture_and_a_text_and_fetches_nothing(taskpool_events):
    shown = bundle(taskpool_events)
    assert set(shown) == {PLOTLY_MIME, "text/html", "text/plain"}
    assert shown["text/plain"] == timeline.text(taskpool_events) == repr(timeline(taskpool_events))
    assert shown["text/html"].startswith('<div><img style="max-width:100%" alt="Timeline of trace, 12 ms')
    assert "http" not in json.dumps(shown[PLOTLY_MIME]) and "http" not in shown["text/html"]
    assert len(json.dumps(shown)) < 40_000
    assert shown == bundle(taskpool_events)
    timeline.figure(taskpool_events)  # plotly itself checks every property


def test_the_figure_draws_inner_levels_last_and_names_each_serializer_once(taskpool_events):
    data = bundle(taskpool_events)[PLOTLY_MIME]["data"]
    shown = [re.sub("<[^>]+>", "", trace["name"]) for trace in data if trace.get("showlegend")]
    assert shown == ["a serializer's turn (line)", "A", "B", "tasks of no serializer", "blocked", "paused"]
    groups = [trace.get("legendgroup") for trace in data]
    outer, inner = groups.index("A"), len(groups) - 1 - groups[::-1].index("B")
    assert outer < inner


def rectangles(data, colour):
    """Low, high, top and bottom of the bars of a colour."""
    found = []
    for trace in data:
        colours = trace["marker"]["color"]
        colours = colours if isinstance(colours, list) else [colours] * len(trace["base"])
        found += [
            (low, low + x, y - width / 2, y + width / 2)
            for one, low, x, y, width in zip(
                colours, trace["base"], trace["x"], trace["y"], _list(trace["width"], trace), strict=True
            )
            if one == colour
        ]
    return found


def _list(value, trace):
    return value if isinstance(value, list) else [value] * len(trace["base"])


def test_nothing_is_drawn_below_what_is_filled_see_through(threadpool_events):
    data = bundle(threadpool_events)[PLOTLY_MIME]["data"]
    still = rectangles(data, STILL)
    assert len(still) == 6  # p/0 and p/1, boss twice, B being paused and paused
    others = [
        box
        for colour in {one for trace in data for one in _list(trace["marker"]["color"], trace)} - {STILL, CLEAR}
        for box in rectangles(data, colour)
    ]
    for low, high, top, bottom in still:
        for other_low, other_high, other_top, other_bottom in others:
            apart = other_high <= low + 0.01 or high <= other_low + 0.01 or other_bottom <= top or bottom <= other_top
            assert apart


def test_names_on_patterns_stand_on_plates_and_names_on_what_stands_still_in_the_pages_colour(threadpool_events):
    data = bundle(threadpool_events)[PLOTLY_MIME]["data"]
    [words] = [trace["text"] for trace in data if "text" in trace]
    look = {re.sub("<[^>]+>", "", word): re.findall(r"(stroke|color):([^;]+)", word) for word in words}
    assert look["1 pause"] == []  # plain
    assert look["4 call"][0] == ("stroke", "#E69F00")  # dots
    assert look["kept: B is paused"] == [("color", PAGE)]


def test_no_grey_of_ours_is_a_text(taskpool_events):
    figure = bundle(taskpool_events)[PLOTLY_MIME]
    texts = [note["text"] for note in figure["layout"]["annotations"]] + figure["layout"]["yaxis"]["ticktext"]
    texts += [trace["name"] for trace in figure["data"] if "name" in trace]
    assert texts and all(f"color:{PAGE};" in text for text in texts)
    assert GREY not in PAGE


def test_what_is_said_of_a_runs_end_stands_below_its_rows(threadpool_events, taskpool_events):
    runs = [SimpleNamespace(trace=threadpool_events, design="old", outcome="deadlocked"), taskpool_events]
    figure = compare(*runs)._repr_mimebundle_()[PLOTLY_MIME]["layout"]
    notes = {re.sub("<[^>]+>", "", note["text"]): note for note in figure["annotations"]}
    said = notes["nothing moves any more"]
    lanes = [y for y in figure["yaxis"]["tickvals"] if y < said["y"]]
    assert len(lanes) == 5  # below all of the first run's
    others = [note["y"] for text, note in notes.items() if note.get("yref") == "y" and text != "nothing moves any more"]
    assert min(abs(y - (said["y"] + 7)) for y in others) > 14
    svg = compare.svg(*runs)
    heights = {"".join(one.itertext()): float(one.get("y")) for one in elements(svg, "text")}
    height = heights.pop("nothing moves any more")
    assert all(abs(height - other) > 12 for other in heights.values())


def test_what_stands_still_is_dark_on_a_dark_card(threadpool_events):
    svg = timeline.svg(threadpool_events, standalone=True)
    assert ".still{fill:#3a2416}" in svg
    [plate] = [one for one in elements(svg, "text") if "kept: B is paused" in "".join(one.itertext())]
    assert plate.get("class") == "still-text still-plate" and plate.get("stroke") == BLOCKED.colour
    marked = [one for one in elements(svg, "rect") if one.get("class") == "still"]
    assert marked and all(one.get("fill") in (BLOCKED.colour, PAUSED.colour) for one in marked)


def test_a_task_that_was_told_to_end_before_it_began_waited_no_negative_time(teller):
    teller(0, "main", "task_pushed", "A", 8, label="first", wait=False, depth=1)
    teller(2, "main", "task_pushed", "A", 9, label="x", wait=False, depth=1)
    teller(3, "p/0", "task_failed", "A", 9, error="it never started here")
    assert "waited" not in str(bundle(teller.events)[PLOTLY_MIME])


def test_one_points_at_the_innermost_bar_or_at_its_callers_name(taskpool_events):
    data = bundle(taskpool_events)[PLOTLY_MIME]["data"]
    found = [
        (text.split("<br>")[0], low, low + width, y - height / 2, y + height / 2)
        for trace in data
        if "hovertext" in trace
        for text, low, width, y, height in zip(
            trace["hovertext"], trace["base"], trace["x"], trace["y"], trace["width"], strict=True
        )
    ]
    call, ask = ([box[1:] for box in found if box[0] == task] for task in ("task 1 'call'", "task 3 'ask'"))
    assert [box[:2] for box in call] == [(2, 6), (2, 3), (5, 6)] and [box[:2] for box in ask] == [(3, 5)]
    (_, _, top, strip), before, after = call
    assert top < strip == before[2] == after[2] == ask[0][2] and ask[0][3] <= before[3] == after[3]


def test_100_000_events_make_a_small_figure_that_says_so(many_events):
    events = many_events(100_000)
    shown = bundle(events)
    data = shown[PLOTLY_MIME]["data"]
    assert len(data) <= 6 * 25
    assert 1_000 < sum(len(trace["base"]) for trace in data) <= 2 * timeline.FIGURE_LIMIT
    assert len(json.dumps(shown)) < 3_000_000
    assert "33,332 short bars are drawn together with their neighbours" in json.dumps(shown[PLOTLY_MIME]["layout"])
    assert any("bars drawn together<br>" in text for trace in data for text in trace.get("hovertext", []))


def test_a_part_is_shown_in_full(many_events):
    events = many_events(100_000)
    part = timeline(events, between=(1.0, 1.1))
    assert "drawn together" not in part.svg
    axis = drawn(timeline.text(events, between=(1.0, 1.1)))[5]
    assert axis.split() == ["time", "(ms)", "1,000", "1,020", "1,040", "1,060", "1,080"]


def test_many_threads_and_many_pauses_become_one_row(teller):
    for number in range(100):
        teller(number, f"p/{number}", "thread_started", f"p:{number}", pool="p")
        teller(number, f"p/{number}", "task_started", f"s{number}", number)
        teller(number, "boss", "serializer_suspending", f"s{number}", count=1)
    words = texts(timeline.svg(teller.events))
    assert "p/39" in words and "p/40" not in words and "60 more threads" in words
    assert words.count("s11") == 2 and words.count("s12") == 1  # a row and the legend; the legend only
    assert "88 more serializers" in words


def test_a_hundred_serializers_share_the_legend(teller):
    for number in range(100):
        teller(number, "p/0", "task_started", f"s{number}", number)
        teller(number + 0.9, "p/0", "task_finished", f"s{number}", number)
    words = texts(timeline.svg(teller.events))
    assert "s17" in words and "s18" not in words and "and 82 more serializers" in words
    data = bundle(teller.events)[PLOTLY_MIME]["data"]
    assert len(data) == 2 * (18 + 1) + 2  # bars and where one points at them, names, lines


def test_time_that_stands_still_is_shown_by_the_order_of_events(teller):
    for number in range(4):
        teller(5, "p/0", "task_started", "A", number)
        teller(5, "p/0", "task_finished", "A", number)
    text = timeline.text(teller.events, width=60)
    assert "  event" in text and "AAAAA" in text
    assert "time (ms)" in timeline.text(teller.events, by="time")


def test_nothing_and_one_event_look_sane(teller):
    assert timeline.text([]) == "trace: no events\n\nNothing happened in this trace."
    assert "Nothing happened in this trace." in texts(timeline.svg([]))
    assert timeline.figure([]) is not None
    teller(3, "p/0", "task_started", "A", 1)
    assert drawn(timeline.text(teller.events))[:2] == ["threads", "  p/0   " + "A" * 70]
    assert "task 1 · of A, on p/0" in timeline.svg(teller.events)
    assert timeline.figure(teller.events) is not None


def test_a_push_alone_is_no_run_but_not_nothing(teller):
    teller(3, "main", "task_pushed", "A", 1, label="hi", wait=False, depth=1)
    for said in (timeline.text(teller.events), timeline.svg(teller.events), str(timeline.figure(teller.events))):
        assert "No thread ran anything." in said
        assert "Nothing happened" not in said
    assert "3.000 ms  main pushes task 1 'hi' onto A." in timeline.text(teller.events)


def test_what_makes_no_sense_is_refused_at_once(taskpool_events):
    with pytest.raises(TypeError, match="there is no trace in 'int'"):
        timeline(3)
    with pytest.raises(ValueError, match="by='clock'"):
        timeline(taskpool_events, by="clock")
    with pytest.raises(ValueError, match="between"):
        timeline(taskpool_events, between=(2, 1))
    with pytest.raises(ValueError, match="limit=0"):
        timeline(taskpool_events, limit=0)


def test_long_names_are_cut_and_told_in_full_where_one_points(teller):
    long = "pjsip/" + "x" * 70 + "-17"
    teller(0, "p/0", "task_pushed", long, 1, label="y" * 5_000, wait=False, depth=1)
    teller(0, "p/0", "task_started", long, 1)
    teller(9, "p/0", "task_finished", long, 1)
    svg = timeline.svg(teller.events)
    assert "pjsip/xxxxxxxx…xxxxxxxxxx-17" in texts(svg)
    assert f"of {long}, on p/0" in svg
    assert len(svg) < 8_000
