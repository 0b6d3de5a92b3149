"""The quiz: its answers against a slow, independent reading of the events, its hints, its texts, its steadiness."""

from __future__ import annotations

import re

import pytest

from taskpool import Recorder
from taskpool.events import Event, EventKind
from taskpool.explore import random_walks
from taskpool.scenarios import list_scenarios, run
from taskpool.scenarios.program import program
from visualize import narrate, quiz
from visualize._words import short_name, task_name, wait_phrase
from visualize.quiz import Quiz
from visualize.quiz_facts import Chance, Facts, name_between
from visualize.quiz_kinds import KINDS
from visualize.quiz_question import Hint, Question, Verdict
from visualize.quiz_widget import QuizWidget
from visualize.state import States

#: Random schedules of each story on each design.
WALKS = 2
SEEDS = range(2)


class Reading:
    """Who is where after the events up to a time, read off one by one."""

    def __init__(self, events, until):
        self.threads, self.controls, self.stopped = {}, set(), set()
        self.stacks, self.waits, self.queues, self.pauses, self.still = {}, {}, {}, {}, set()
        self.labels, self.turns, self.own = {}, {}, set()
        for event in events:
            if event.time <= until:
                self.apply(event)

    def apply(self, event):
        kind, queue, detail = str(event.kind), event.processor, event.detail
        if kind == "thread_started":
            self.threads[event.thread] = queue
        elif kind == "thread_stopped":
            self.stopped.add(event.thread)
        elif kind == "control_ran":
            self.controls.add(event.thread)
        if kind in ("task_pushed", "task_inlined"):
            self.labels[event.task] = detail["label"]
            self.turns[event.task] = detail.get("turn")
            if detail.get("turn") or detail.get("checkpoint"):
                self.own.add(event.task)
        if kind in ("task_pushed", "control_queued"):
            self.queues.setdefault(queue, []).append(event.task)
        elif kind in ("task_started", "task_discarded", "control_ran") and event.task in self.queues.get(queue, ()):
            self.queues[queue].remove(event.task)
        if kind == "task_started":
            self.stacks.setdefault(event.thread, []).append(event.task)
        elif kind in ("task_finished", "task_failed"):
            self.stacks[event.thread].pop()
        elif kind == "wait_started":
            self.waits[event.thread] = event
        elif kind == "wait_ended":
            del self.waits[event.thread]
            if detail["reason"] == "suspend" and detail["outcome"] != "done":
                self.pauses[queue] -= 1
        elif kind.startswith("serializer_") and "count" in detail:
            self.pauses[queue] = detail["count"]
            if kind == "serializer_suspended":
                self.still.add(queue)
            elif not detail["count"]:
                self.still.discard(queue)

    @property
    def workers(self):
        return [name for name in self.threads if name not in self.stopped | self.controls]

    def thread_line(self, short):
        names = [name for name in self.threads if short_name(name) == short]
        if not names:
            return f"{short} has not started"
        (name,) = names
        inside = [task for task in self.stacks.get(name, []) if not self.turns.get(task)]
        if name in self.waits:
            return f"{short} is blocked in task {inside[-1]}" if inside else f"{short} is blocked"
        if inside:
            return f"{short} runs task {inside[-1]}"
        if self.stacks.get(name):
            return f"{short} takes a turn"
        return f"{short} has ended" if name in self.stopped else f"{short} is idle"

    def queue_line(self, short):
        names = [name for name in {*self.queues, *self.pauses} if short_name(name) == short]
        tasks = self.queues.get(names[0], []) if names else []
        more = f" and {len(tasks) - 5} more" if len(tasks) > 5 else ""
        line = f"{short} holds {', '.join(map(str, tasks[:5]))}{more}" if tasks else f"{short} is empty"
        if names and self.pauses.get(names[0]):
            line += " and is paused" if names[0] in self.still else " and is to be paused"
        return line


def until(question):
    if question.text.startswith("At the end,"):
        return float("inf")
    return float(re.match(r"At ([\d.,]+) ms[,:]", question.text)[1].replace(",", "")) / 1e3


def right_blocked(question, events):
    reading = Reading(events, until(question))
    return sum(name in reading.waits for name in reading.workers)


def right_runs(question, events):
    reading = Reading(events, until(question))
    task = int(re.search(r"which thread runs task (\d+)", question.text)[1])
    assert f"task {task} '{reading.labels[task]}'" in question.text or len(reading.labels[task]) > 24
    runners = [name for name, stack in reading.stacks.items() if stack and stack[-1] == task]
    queued = [name for name, queue in reading.queues.items() if task in queue]
    assert len(runners) + len(queued) == 1
    return short_name(runners[0]) if runners else "none: it is still queued"


def right_waits(question, events):
    reading = Reading(events, until(question))
    short = re.search(r", (\S+) is blocked\. What does it wait for\?$", question.text)[1]
    (wait,) = [event for name, event in reading.waits.items() if short_name(name) == short]
    task = "" if wait.task is None else task_name(wait.task, reading.labels[wait.task])
    return f"It {wait_phrase(wait.detail['reason'], short_name(wait.processor), task)}."


def right_state(question, events):
    reading = Reading(events, until(question))
    served = {short_name(event.thread) for event in events if event.kind == "thread_started"}
    subjects = [part.split(" ", 1)[0] for part in question.choices[0].split("; ")]
    lines = [reading.thread_line(one) if one in served else reading.queue_line(one) for one in subjects]
    return "; ".join(lines)


def right_order(question, events):
    told = narrate(events)
    places = [[at for at, sentence in enumerate(told) if sentence == choice] for choice in question.choices]
    assert all(len(found) == 1 for found in places)
    return "".join(sorted(question.letters, key=lambda letter: places[question.letters.index(letter)]))


def right_next(question, events):
    start = re.match(r"At ([\d.,]+) ms: (.*) Which of these happens first after that\?$", question.text)
    told = list(narrate(events))
    (place,) = [at for at, sentence in enumerate(told) if sentence == start[2]]
    assert events[place].time == pytest.approx(float(start[1].replace(",", "")) / 1e3, abs=1e-6)
    return min(question.choices, key=lambda choice: told.index(choice, place + 1))


RIGHT = {
    "blocked": right_blocked,
    "runs": right_runs,
    "waits": right_waits,
    "state": right_state,
    "order": right_order,
    "next": right_next,
}


def other_answers(question: Question):
    if question.form == "number":
        return range(12)
    if question.form == "order":
        return [question.letters[at:] + question.letters[:at] for at in range(4)] + [question.letters[::-1]]
    return question.letters


def examine(question: Question, events):
    """The answer is the independent one, it alone is right, and every other gets a hint with an event and its time."""
    answer = RIGHT[question.kind](question, events)
    assert question.check(answer), f"{question}\n{answer}"
    assert question.reveal().text.removeprefix("The ").startswith(("answer is ", "order is "))
    assert len(set(question.choices)) == len(question.choices)
    verdicts = [question.check(other) for other in other_answers(question)]
    assert sum(verdict.right for verdict in verdicts) <= 1
    for verdict in verdicts:
        assert isinstance(verdict, Verdict)
        assert verdict.text.startswith("Right. " if verdict.right else "Not so. ")
        if verdict.event is not None:
            assert verdict.event in events
            at = list(events).index(verdict.event)
            sentence = narrate(events)[at]
            if verdict.right:
                assert sentence in verdict.text or question.kind in ("waits", "outcome")
            else:
                assert f"Look at event {at}, at " in verdict.text
                assert sentence not in verdict.text


@pytest.mark.parametrize("design", ["threadpool", "taskpool"])
@pytest.mark.parametrize("name", list(list_scenarios()))
def test_answers_agree_with_an_independent_reading_on_any_schedule(name, design):
    recorders = []

    def watched(runtime):
        recorders.append(Recorder())
        return program(name, design, recorder=recorders[-1], threads=2)(runtime)

    random_walks(watched, WALKS, seed=11)
    asked = set()
    for recorder in recorders:
        trace = recorder.trace()
        for seed in SEEDS:
            for question in quiz(trace, count=len(RIGHT), seed=seed):
                examine(question, trace)
                asked.add(question.kind)
    assert len(asked) >= 3


@pytest.mark.parametrize("kind", list(RIGHT))
def test_each_kind_asks_many_different_questions_of_a_run(kind):
    masquerade = run("masquerade", "threadpool", runtime="controlled", threads=2)
    questions = quiz(masquerade, kind, count=10)
    assert len(questions) > 4
    assert len({str(question) for question in questions}) == len(questions)
    for question in questions:
        assert question.kind == kind
        examine(question, masquerade.trace)


@pytest.mark.parametrize(("design", "letter", "at"), [("threadpool", "B", "8.5"), ("taskpool", "A", "10.5")])
def test_the_outcome_is_the_runs(design, letter, at):
    masquerade = run("masquerade", design, runtime="controlled", threads=2)
    (question,) = quiz(masquerade, "outcome")
    assert question.text == f"How does masquerade on {design} end?"
    assert question.choices[question.letters.index(letter)].startswith(
        {"B": "it deadlocks", "A": "it completes"}[letter]
    )
    assert [question.check(one).right for one in "ABCD"] == [one == letter for one in "ABCD"]
    assert narrate.ending(masquerade) in question.reveal().text
    wrong = question.check("C")
    assert wrong.event is masquerade.trace[-1]
    assert wrong.text == f"Not so. See how it ends. Look at event {len(masquerade.trace) - 1}, at {at} ms."


@pytest.mark.parametrize("kind", ["runs", "waits", "state", "next", "outcome"])
def test_a_hint_does_not_say_the_right_choice(kind):
    for question in quiz(run("masquerade", "threadpool", runtime="controlled", threads=2), kind, count=10):
        [right] = [letter for letter in question.letters if question.check(letter)]
        choice = question.choices[question.letters.index(right)].removeprefix("It ").rstrip(".")
        for letter in question.letters.replace(right, ""):
            said = question.check(letter).text
            assert choice not in said or question.choices[question.letters.index(letter)] in said, said


def test_the_same_run_and_seed_ask_the_same():
    masquerade = run("masquerade", "taskpool", runtime="controlled", threads=2)
    again = run("masquerade", "taskpool", runtime="controlled", threads=2)
    assert str(quiz(masquerade, count=8)) == str(quiz(again, count=8))
    assert str(quiz(masquerade, count=8)) != str(quiz(masquerade, count=8, seed=1))


def test_a_small_run_is_asked_about_by_hand(taskpool_events):
    (runs,) = quiz(taskpool_events, "runs", count=1, seed=1)
    examine(runs, taskpool_events)
    (blocked,) = quiz(taskpool_events, "blocked", count=1)
    assert blocked.text.endswith("how many of the pool's threads are blocked (wait for a task, a turn or a pause)?")
    assert blocked.check(0) and not blocked.check("1")


def test_answers_are_read_kindly_and_refused_precisely():
    questions = {
        "choice": Question("next", "What?", "choice", ("this", "that"), (1,), Hint("So."), {0: Hint("No.")}),
        "order": Question("order", "How?", "order", ("x", "y", "z"), (2, 0, 1), Hint("So."), {2: Hint("First z.")}),
        "number": Question(
            "blocked", "Many?", "number", (), (2,), Hint("So."), {"more": Hint("More."), "fewer": Hint("Few.")}
        ),
    }
    assert [bool(questions["choice"].check(given)) for given in ("B", " b ", "that", "A", "this")] == [1, 1, 1, 0, 0]
    assert [bool(questions["order"].check(given)) for given in ("CAB", "c, a, b", ["C", "A", "B"], "ABC")] == [
        1,
        1,
        1,
        0,
    ]
    assert [bool(questions["number"].check(given)) for given in (2, "2", 1, 3)] == [1, 1, 0, 0]
    assert questions["choice"].check("A") == Verdict(False, "Not so. No.")
    assert questions["order"].check("ACB").text == "Not so. C comes before A. First z."
    assert [questions["number"].check(given).text for given in (1, 3)] == ["Not so. More.", "Not so. Few."]
    for form, given, message in [
        ("choice", "C", "answer='C': choose one of A, B"),
        ("choice", None, "answer=None: choose one of A, B"),
        ("order", "AB", "answer='AB': give each of the letters A, B, C once, in order"),
        ("order", "AAB", "give each of the letters"),
        ("number", "two", "answer='two': give a whole number, 0 or more"),
        ("number", -1, "answer=-1: give a whole number"),
        ("number", True, "answer=True: give a whole number"),
    ]:
        with pytest.raises(ValueError, match=message):
            questions[form].check(given)


def test_what_cannot_be_asked_is_refused(taskpool_events):
    with pytest.raises(
        ValueError, match="kind='colour': choose from blocked, runs, waits, state, order, next, outcome"
    ):
        quiz(taskpool_events, "colour")
    with pytest.raises(ValueError, match="count=0: ask at least one question"):
        quiz(taskpool_events, count=0)
    with pytest.raises(ValueError, match="no events give nothing for a question: choose another kind or run"):
        quiz([])
    with pytest.raises(ValueError, match="give nothing for a question of kind outcome"):
        quiz(taskpool_events, "outcome")
    with pytest.raises(TypeError, match="there is no trace in 'int'"):
        quiz(3)
    assert len(quiz(taskpool_events, ["order", "next"], count=2)) == 2


def test_texts_show_the_question_and_not_the_answer():
    masquerade = run("masquerade", "threadpool", runtime="controlled", threads=2)
    questions = quiz(masquerade, count=6)
    bundle = questions._repr_mimebundle_()
    assert bundle["text/plain"] == str(questions) == repr(questions)
    for number, question in enumerate(questions, 1):
        plain, markup = str(question), question._repr_mimebundle_()["text/html"]
        assert f"{number}. {plain}" in bundle["text/plain"]
        assert markup in bundle["text/html"]
        assert [line[:5] for line in plain.splitlines() if re.match(r"  [A-D]  ", line)] == [
            f"  {letter}  " for letter in question.letters
        ]
        shown = " ".join(plain.split())
        assert question.reveal().text not in shown and question._why.text not in shown
        assert "_answer" not in plain and "details" not in markup
    assert isinstance(questions[1:], tuple) and isinstance(questions, Quiz)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_browser_gets_no_answer_before_it_gives_one():
    masquerade = run("masquerade", "threadpool", runtime="controlled", threads=2)
    questions = quiz(masquerade, ["blocked", "order"], count=2)
    widget = QuizWidget(questions)
    assert widget.questions == [
        {"text": question.text, "form": question.form, "choices": list(question.choices)} for question in questions
    ]
    assert (widget.verdicts, widget.reply) == ({}, {})
    widget._heard(widget, {"id": "1", "question": 0, "do": "check", "answer": "0"}, [])
    assert widget.verdicts == {"0": {"state": "wrong", "text": questions[0].check(0).text}}
    assert widget.reply == {"id": "1", "text": ""}
    widget._heard(widget, {"id": "2", "question": 0, "do": "check", "answer": "2"}, [])
    assert widget.verdicts["0"]["state"] == "right"
    widget._heard(widget, {"id": "3", "question": 1, "do": "check", "answer": "AAAA"}, [])
    assert widget.reply == {"id": "3", "text": "answer='AAAA': give each of the letters A, B, C, D once, in order"}
    widget._heard(widget, {"id": "4", "question": 1, "do": "reveal"}, [])
    assert widget.verdicts["1"] == {"state": "revealed", "text": questions[1].reveal().text}
    for content in ({"id": "5", "question": 9}, {"id": "5"}, {"id": "5", "question": None}):
        widget._heard(widget, content, [])
        assert widget.reply["id"] == "5" and widget.reply["text"]
    widget._heard(widget, "nonsense", [])
    widget.close()


def test_names_are_shown_as_text():
    name = "</script><script>alert(1)</script>\n"
    events = []
    for number in range(1, 5):
        detail = {"label": name, "wait": False, "depth": 1}
        events.append(Event(len(events), number / 1e3, "main", EventKind.TASK_PUSHED, name, number, None, detail))
    questions = quiz(events, "order", count=1)
    bundle = questions._repr_mimebundle_()
    assert "<script>" not in bundle["text/html"] and "&lt;/script&gt;&lt;script&gt;" in bundle["text/html"]
    assert "script>·" in bundle["text/plain"]
    assert "<script>" not in questions[0].reveal()._repr_mimebundle_()["text/html"]


def test_a_moment_is_named_by_the_shortest_time_that_tells_it_apart():
    assert name_between(0.001, 0.004) == "2 ms"
    assert name_between(0.002, 0.003) == "2.5 ms"
    assert name_between(0.0020001, 0.0020003) == "2.0002 ms"
    assert name_between(1.0, 9.0) == "5,000 ms"


def test_sums_of_virtual_times_are_the_same_moment(teller):
    for number, ms in enumerate((1, 1.000000000000001, 2, 2.0000000000001), 1):
        teller(ms, "main", "task_pushed", "A", number, label="x", wait=False, depth=number)
    moments = Facts(teller.events).moments(Chance("any"))
    assert sorted((moment.name, moment.position) for moment in moments) == [("1.5 ms", 2), ("the end", 4)]
    with pytest.raises(ValueError, match="give nothing for a question of kind order"):
        quiz(teller.events, "order")


def test_chance_is_the_same_everywhere():
    chance = Chance("seed")
    assert [chance.below(10) for _ in range(8)] == [1, 2, 8, 2, 0, 9, 7, 6]
    drawn = list(Chance("x").draws(range(100), 100))
    assert sorted(drawn) == list(range(100)) and drawn != list(range(100))
    assert list(Chance("x").draws(range(100), 5)) == drawn[:5]
    assert Chance("y").some("abcdef", 9) == list("abcdef")


def test_many_events_are_asked_about_without_reading_all_of_them(many_events, monkeypatch):
    events = many_events(60_000)
    looks = []
    before = States.before
    monkeypatch.setattr(States, "before", lambda self, position: looks.append(position) or before(self, position))
    questions = quiz(events, count=6)
    assert len(questions) == 6
    assert 0 < len(looks) < 600


def test_every_kind_is_documented():
    for kind in KINDS:
        assert f"``{kind}``" in quiz.quiz.__doc__
