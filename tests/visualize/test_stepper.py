"""The learner chooses who goes on: what is shown, undone, asked, loaded and reached; all without Jupyter."""

from __future__ import annotations

import gc
import weakref
from itertools import count

import pytest

from taskpool.errors import TaskPoolError
from taskpool.explore import Diverged, ScheduleError, replay
from taskpool.explore.errors import ExploreError
from taskpool.scenarios import program
from taskpool.scenarios.journey import PROGRAMS
from visualize import stepper
from visualize.stepper import Switches
from visualize.stepper_widget import StepperWidget
from visualize.stepper_words import wait_text


def crossing(runtime):
    first, second = runtime.Lock("A"), runtime.Lock("B")

    def take(one, other):
        with one, other:
            pass

    runtime.spawn(take, first, second, name="T1")
    runtime.spawn(take, second, first, name="T2")


def lost_update(runtime):
    total = runtime.Var(0, "total")

    def add():
        total.set(total.get() + 1)

    for name in ("one", "other"):
        runtime.spawn(add, name=name)

    def check():
        assert total.get() == 2, f"counted {total.get()}"

    return check


def threads_of(made):
    return {one["short"]: (one["state"], one["text"]) for one in made.view()["threads"]}


def test_crossing_locks_are_stepped_into_a_deadlock():
    with stepper(crossing, goal="deadlock") as made:
        assert made.choices == ("T1", "T2")
        assert made.judgement.text == "Not yet."
        assert [moment.operation for moment in made.step("T1")] == ["acquire A"]
        made.step("T2")
        assert made.choices == ()
        assert threads_of(made) == {
            "main": ("ended", ""),
            "T1": ("waits", "waits for B, which T2 holds"),
            "T2": ("waits", "waits for A, which T1 holds"),
        }
        assert made.finding.kind == "deadlock"
        assert made.judgement.reached
        assert made.judgement.text == "Goal reached: deadlock after 2 steps."
        assert made.schedule == "1:2"
    assert replay(crossing, "1:2").outcome == "deadlocked"


def test_text_says_what_each_could_do_and_what_to_type():
    with stepper(crossing) as made:
        made.step("T1")
        assert made.text.splitlines()[:5] == [
            "crossing: 1 step, no switches. T1 did: acquire A. 2 threads can go on.",
            "",
            "  main  ended",
            "> T1    can acquire B  [test_stepper.py:26: with one, other:]",
            "> T2    can acquire B  [test_stepper.py:26: with one, other:]",
        ]
        assert made.text.splitlines()[-1] == "next: .step('T1') or .step('T2'); .undo(); .can_deadlock(); .run()"


def test_the_line_shown_is_the_programs_own():
    with stepper(crossing) as made:
        lines = {one["short"]: one["code"] for one in made.view()["threads"]}
    assert lines == {"main": "", "T1": "with one, other:", "T2": "with one, other:"}


def test_a_thread_with_no_line_of_its_own_shows_none():
    def program(runtime):
        runtime.spawn(runtime.Lock("A").acquire, name="bare")

    with stepper(program) as made:
        assert [one["code"] for one in made.view()["threads"]] == ["", ""]
        assert "> bare  can acquire A\n" in made.text


def test_undo_takes_moves_back_also_several():
    with stepper(crossing) as made:
        for thread in ("T1", "T1", "T1"):
            made.step(thread)
        made.undo(2)
        assert [(moment.name, moment.operation) for moment in made.taken] == [("T1", "acquire A")]
        assert made.choices == ("T1", "T2")
        with pytest.raises(ExploreError, match=r"undo\(2\): 1 move can be taken back"):
            made.undo(2)
        made.undo()
        assert made.moves == []


def test_whether_it_can_still_deadlock():
    with stepper(crossing) as made:
        made.step("T1")
        answer = made.can_deadlock()
        assert (answer.verdict, answer.schedule, answer.threads, answer.more) == ("yes", "1:2", (1, 2), 1)
        assert str(answer) == "Yes, it can still deadlock, in 1 step: schedule 1:2 leads there (2 schedules tried)."
        made.step("T1")
        answer = made.can_deadlock()
        assert not answer
        assert str(answer) == "No: however it goes on from here, it does not deadlock (exhausted: 1 schedule)."
        made.undo()
        made.step("T2")
        assert str(made.can_deadlock()) == "It has deadlocked: schedule 1:2 led here."


def test_a_search_that_was_cut_short_does_not_say_no():
    with stepper(program("cross-push-wait", "taskpool", threads=2)) as made:
        answer = made.can_deadlock(max_schedules=4)
        assert (answer.verdict, answer.schedules) == ("not found", 4)
        assert "may still deadlock" in str(answer)
        answer = made.can_deadlock()
        assert (answer.verdict, answer.schedules) == ("no", 60)
        with pytest.raises(ValueError, match="at least 1"):
            made.can_deadlock(0)


def test_the_schedules_tried_all_begin_with_what_was_done():
    with stepper(lost_update) as made:
        made.step("one")
        made.step("one")
        assert made.can_deadlock().schedules == 1
        made.undo(2)
        assert made.can_deadlock().schedules == 4


def three_in_a_ring(runtime):
    locks = [runtime.Lock(f"L{number}") for number in range(3)]

    def take(number):
        with locks[number], locks[(number + 1) % 3]:
            pass

    for number in range(3):
        runtime.spawn(take, number, name=f"T{number}")


def deadlocks_by_trying(made):
    """Whether any way to go on deadlocks: every thread tried at every step."""
    if not made.choices:
        return made.finding is not None and made.finding.kind == "deadlock"
    found = False
    for name in made.choices:
        made.step(name)
        found = deadlocks_by_trying(made) or found
        made.undo()
    return found


@pytest.mark.parametrize(
    "taken", [(), ("T1",), ("T1", "T2"), ("T0", "T1"), ("T0", "T0"), ("T2", "T0", "T1"), ("T1", "T1")]
)
def test_the_answer_is_what_trying_everything_gives(taken):
    with stepper(three_in_a_ring) as made:
        for name in taken:
            made.step(name)
        expected = "yes" if deadlocks_by_trying(made) else "no"
        assert made.can_deadlock().verdict == expected
        assert [moment.name for moment in made.taken] == list(taken)


def test_cross_push_wait_on_the_threadpool_deadlocks_and_its_state_says_why():
    with stepper(program("cross-push-wait", "threadpool", threads=2), goal="deadlock") as made:
        while made.choices:
            made.step(made.choices[0], stride="wait")
        assert made.judgement.reached
        blocked = [thread for thread in made.state.threads.values() if thread.status == "blocked"]
        assert {thread.waiting.reason for thread in blocked} == {"sync_task"}
        shown = {name: text for name, (state, text) in threads_of(made).items() if state == "waits"}
        assert "It is still queued: pjsip/B runs on pjsip-1." in shown["pjsip-0"]
        assert "It is still queued: pjsip/A runs on pjsip-0." in shown["pjsip-1"]
        queues = {queue["name"]: queue for queue in made.view()["queues"]}
        assert queues["pjsip/A"]["note"] == "executing on pjsip-0"
        assert replay(program("cross-push-wait", "threadpool", threads=2), made.schedule).outcome == "deadlocked"


def test_a_deadlocks_lines_call_threads_as_the_cards_do():
    with stepper(program("cross-push-wait", "threadpool", threads=2)) as made:
        made.run()
        view = made.view()
        cards = {one["short"] for one in view["threads"]}
        lines = view["finding"]["lines"]
    assert {line.split(" ")[0] for line in lines} == {"pjsip-0", "pjsip-1"} <= cards
    assert not [line for line in lines if "threadpool/" in line]


def test_wake_ups_and_waits_are_said_in_plain_english():
    said = set()
    with stepper(program("cross-push-wait", "threadpool", threads=2)) as made:
        while made.choices:
            said |= {f"{one['state']}: {one['text']}" for one in made.view()["threads"]}
            said |= {f"did: {move['did']}" for move in made.view()["moves"]}
            made.step(made.choices[-1])
    assert {
        "can go on: wake pjsip/control",
        "can go on: wait until it is woken",
        "did: wake pjsip-0",
        "waits: waits for monitor, which pjsip-0 holds",
        "waits: waits until 'both tasks' is set. Another thread has to do that: pjsip/control, pjsip-0 or pjsip-1",
        "waits: sleeps until it is woken. Another thread has to do that: main, pjsip-0 or pjsip-1",
    } <= said
    assert not [text for text in said if " wakes" in text or "threadpool/" in text]


@pytest.mark.parametrize(
    ("text", "others", "said"),
    [
        ("sleeps", ["a"], "sleeps: its time comes when nobody else can go on"),
        ("waits for the end of a", ["a"], "waits for the end of a"),
        ("waits for an item of jobs", [], "waits until something is put into jobs. No other thread is left"),
        (
            "waits for an item of a waits",
            ["b"],
            "waits until it is told that it can go on. Another thread has to do that: b",
        ),
        ("waits on full", ["a", "b"], "waits until full is notified. Another thread has to do that: a or b"),
        (
            "waits for a permit of gate",
            list("abcdef"),
            "waits until gate has a permit. Another thread has to do that: a, b, c, d or 2 more",
        ),
    ],
)
def test_what_waits_are_called(text, others, said):
    assert wait_text(text, others) == said


def test_a_schedule_that_names_no_choice_says_what_it_stands_for():
    with stepper(crossing) as made:
        assert made.text.splitlines()[-2] == "schedule: default (nothing is chosen yet)"
        made.step("T1")
        assert made.text.splitlines()[-2] == "schedule: default (each time the thread that goes on by itself)"
        made.step("T2")
        assert made.view()["meaning"] == ""
        assert made.text.splitlines()[-2] == "schedule: 1:2"


def test_strides_go_further():
    with stepper(PROGRAMS["cross-push-wait"].on("threadpool")) as made:
        one = made.step()
        assert len(one) == 1
        events = len(made.trace)
        made.step("main", stride="event")
        assert len(made.trace) > events
        made.step("main", stride="wait")
        assert "main" not in made.choices
        with pytest.raises(ValueError, match="choose one of operation, event, wait"):
            made.step("main", stride="mile")


def test_finish_in_few_switches():
    with stepper(crossing, goal=Switches(1)) as made:
        made.run()
        assert made.judgement.reached
        assert made.judgement.text == "Goal reached: the run has ended, with 1 switch."
        made.undo()
        for thread in ("T1", "T2"):
            made.step(thread)
        assert not made.judgement.reached
        assert made.judgement.text == "It went wrong (deadlock) after 1 switch. Undo and choose otherwise."


def test_too_many_switches_are_said_at_once():
    with stepper(lost_update, goal=Switches(1)) as made:
        for thread in ("one", "other", "one"):
            made.step(thread)
        assert made.judgement.text == "2 switches, and 1 are allowed. Undo and choose otherwise."


def test_goals_that_cannot_be():
    with pytest.raises(ValueError, match="choose one of 'deadlock', 'failure'"):
        stepper(crossing, goal="glory")
    with pytest.raises(ValueError, match=r"Switches\(-1\)"):
        Switches(-1)
    with pytest.raises(TypeError, match="needs a program"):
        stepper(3)


def test_another_failure_is_not_the_deadlock_asked_for():
    with stepper(lost_update, goal="deadlock") as made:
        for thread in ("one", "other", "one", "other"):
            made.step(thread)
        assert not made.judgement.reached
        assert "in another way (assertion)" in made.judgement.text
        assert "counted 1" in made.text


def test_a_schedule_is_loaded_up_to_its_last_choice():
    with stepper(lost_update, goal="failure") as made:
        made.load("1:2 ")
        assert [moment.name for moment in made.taken] == ["one", "other"]
        made.undo()
        assert made.schedule == "default"
        made.load("1:2", whole=True)
        assert made.judgement.reached
        assert made.schedule == "1:2"


@pytest.mark.parametrize(
    ("schedule", "error", "says"),
    [
        ("one:two", ScheduleError, "'one:two' is not STEP:THREAD"),
        ("", ScheduleError, "an empty schedule"),
        ("1:7", Diverged, "at step 1 it says thread 7, but there is no such thread"),
        ("90:1", Diverged, "at step 90"),
    ],
)
def test_schedules_that_do_not_fit_leave_what_was_done(schedule, error, says):
    with stepper(crossing) as made:
        made.step("T2")
        with pytest.raises(error, match=says):
            made.load(schedule)
        assert made.schedule == "0:2"
        made.step("T1")


def test_who_cannot_go_on_cannot_be_chosen():
    with stepper(crossing) as made:
        with pytest.raises(TaskPoolError, match=r"thread 'T9' cannot go on now; these can: 1 \(T1\), 2 \(T2\)"):
            made.step("T9")
        assert made.moves == []


def test_what_a_thread_raises_is_shown_while_others_go_on():
    def program(runtime):
        lock = runtime.Lock("A")

        def fail():
            with lock:
                raise ValueError("no <b>")

        runtime.spawn(fail, name="bad")
        runtime.spawn(lock.acquire, name="good")

    with stepper(program) as made:
        made.step("bad")
        made.step("bad")
        assert made.raised == ("bad raised ValueError: no <b>",)
        assert "bad raised ValueError: no <b>" in made.text
        made.run()
        assert made.finding.kind == "exception"


def test_a_program_that_fails_at_once():
    def program(runtime):
        raise KeyError("nothing here")

    with stepper(program) as made:
        assert made.choices == ()
        assert "KeyError in main" in made.text


def test_a_program_that_does_something_else_the_second_time_is_told():
    runs = count()

    def program(runtime):
        lock = runtime.Lock(f"lock {next(runs)}")
        lock.acquire()
        lock.release()

    with stepper(program) as made:
        made.step()
        made.step()
        with pytest.raises(ExploreError, match="not deterministic: step 0 was 'acquire lock 0' by main"):
            made.undo()
        assert len(made.moves) == 2


def test_closing_leaves_no_thread_in_the_run():
    made = stepper(crossing)
    made.step()
    kernel = made._run._kernel
    assert kernel.blocked()
    made.close()
    made.close()
    assert kernel.blocked() == []
    assert made.text == "crossing: closed after 1 step."
    assert made.view()["closed"]
    with pytest.raises(ExploreError, match=r"closed: make a new one with stepper\(crossing\)"):
        made.step()


def test_a_stepper_that_nobody_has_ends_its_run_though_its_panel_is_still_there():
    made = stepper(crossing)
    kernel, gone = made._run._kernel, weakref.ref(made)
    panel = StepperWidget(made)
    del made
    gc.collect()
    assert gone() is None
    assert kernel.blocked() == []
    panel._heard(panel, {"act": "step", "thread": 1}, [])
    assert panel.view["headline"] == "This stepper is gone: run the cell again."
    panel.close()


def test_the_panel_does_what_is_clicked():
    with stepper(crossing, goal="deadlock") as made:
        panel = StepperWidget(made)

        def click(act, **facts):
            panel._heard(panel, {"act": act, **facts}, [])
            return panel.view

        assert click("ask")["answer"]["text"].startswith("Yes, it can still deadlock, in 2 steps: schedule 1:2")
        assert [move["did"] for move in click("show")["moves"]] == ["acquire A", "acquire B"]
        assert panel.view["reached"]
        assert panel.view["answer"] is None
        assert click("undo", moves=1000000000)["steps"] == 0
        assert click("stride", stride="wait")["stride"] == "wait"
        assert click("step", thread=1)["moves"][0]["steps"] == 4
        assert click("step", thread=1)["error"].startswith("thread 1 cannot go on now")
        assert click("load", schedule="1:x")["error"].startswith("schedule '1:x'")
        assert click("load", schedule="1:2")["schedule"] == "1:2"
        assert click("undo", moves=1)["said"] == "Taken back."
        assert click("run")["over"]
        assert click("close")["closed"]
        panel.close()


def test_a_notebook_is_given_the_panel_and_the_text():
    with stepper(crossing) as made:
        data, _ = made._repr_mimebundle_()
        assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
        assert data["text/plain"] == made.text
    assert made._repr_mimebundle_() == {"text/plain": "crossing: closed after no steps."}
