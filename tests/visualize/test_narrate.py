"""One event, one sentence; and why a thread waits."""

from types import SimpleNamespace

import pytest

from taskpool.events import EventKind
from taskpool.scenarios import run
from visualize import narrate
from visualize._source import source_of
from visualize.stage_data import stage_data


def test_the_newer_pools_trace_is_told(taskpool_events):
    assert narrate(taskpool_events)[4:] == [
        "main pushes task 1 'call' onto A.",
        "main asks p:0 to give A a turn (task 2).",
        "A has a turn coming on p:0 (task 2).",
        "p/0 wakes up.",
        "p/0 takes the turn of A.",
        "p/0 starts task 1 'call' of A.",
        "p/0 is about to run task 3 'ask' inline, inside task 1: the serializer had nothing to do.",
        "Task 3 'ask' of B starts inline on p/0.",
        "p/0 finishes task 3 'ask' of B.",
        "p/0 finishes task 1 'call' of A.",
        "p/0 is done with the turn of A.",
        "p/0 lets go of A: nothing is left.",
        "p/0 has nothing to do and sleeps.",
        "boss wants B paused.",
        "B is still: from now on nothing of it runs.",
        "main pushes task 4 'late' onto B; it wants the result.",
        "main is blocked: it waits for task 4 'late' of B.",
        "main2 pushes task 5 'plain' onto p:1.",
        "p/1 wakes up.",
        "p/1 starts task 5 'plain' of p:1.",
        "boss resumes B.",
        "boss asks p:0 to give B a turn (task 6).",
        "B has a turn coming on p:0 (task 6).",
        "p/0 takes the turn of B.",
        "p/0 starts task 4 'late' of B.",
        "Task 5 'plain' of p:1 fails on p/1: ValueError: no.",
        "p/0 finishes task 4 'late' of B.",
        "main goes on: task 4 'late' is done.",
        "p/0 is done with the turn of B.",
        "p/0 lets go of B: nothing is left.",
        "p/0 ends.",
        "p/1 ends.",
        "Pool p is shut down.",
    ]


CASES = [
    (("pool_shrank", "p"), {"by": 1, "size": 3}, "Pool p shrinks by 1 thread, to 3."),
    (("pool_shut_down", "p"), {"aborted": True}, "Pool p is aborted: whoever waits is released."),
    (
        ("pool_shut_down", "p"),
        {"aborted": False, "unrun": {"A": 2, "B": 1}},
        "Pool p is shut down. Never run: 2 tasks of A and 1 task of B.",
    ),
    (("task_pushed", "A", 9), {"label": "x", "depth": 3}, "t pushes task 9 'x' onto A, where 3 tasks are queued now."),
    (("task_pushed", "A", 9), {"checkpoint": True}, "t queues a checkpoint (task 9) behind what A has to do."),
    (
        ("task_inlined", "p:0", 9, 4),
        {"label": "x", "reason": "inside_pool"},
        "t is about to run task 9 'x' inline, inside task 4: its caller is already on a thread of the pool.",
    ),
    (("task_discarded", "A", 9), {"reason": "shut_down"}, "Task 9 of A will never run: its pool was shut down."),
    (("wait_started", "A"), {"reason": "suspend"}, "t is blocked: it waits until A is still."),
    (("wait_started", "A"), {"reason": "blocking_suspend"}, "t is blocked: it is kept while A is paused."),
    (
        ("wait_started", "A", 9),
        {"reason": "suspended"},
        "t is blocked: it waits until A is resumed, for task 9.",
    ),
    (
        ("wait_started", "A", 9),
        {"reason": "serializer_lock"},
        "t is blocked: it waits for A, which runs on another thread, for task 9.",
    ),
    (
        ("wait_ended", "A", 9),
        {"reason": "serializer_lock", "outcome": "turn"},
        "t goes on: A is free, and t runs it itself.",
    ),
    (("wait_ended", "A"), {"reason": "suspend", "outcome": "done"}, "t goes on: A is still."),
    (("wait_ended", "A"), {"reason": "blocking_suspend", "outcome": "done"}, "t goes on: A is resumed."),
    (("wait_started", "pool p"), {"reason": "pool_lock"}, "t is blocked: it waits for the lock of pool p."),
    (("wait_started", "d:p-0"), {"reason": "thread_end"}, "t is blocked: it waits until d:p-0 has ended."),
    (
        ("wait_ended", "pool p"),
        {"reason": "pool_lock", "outcome": "done"},
        "t goes on: the lock of pool p is free.",
    ),
    (("wait_ended", "d:p-0"), {"reason": "thread_end", "outcome": "done"}, "t goes on: d:p-0 has ended."),
    (
        ("wait_ended", "A", 9),
        {"reason": "sync_task", "outcome": "deadlock"},
        "t stops waiting for A: the wait would have been a deadlock.",
    ),
    (
        ("serializer_released", "A", 9),
        {"requeued": True, "left": 2},
        "t lets go of A: 2 tasks left, so it gets another turn.",
    ),
    (("serializer_suspending", "A"), {"count": 2}, "t wants A paused; 2 want it paused now."),
    (("serializer_unsuspended", "A"), {"count": 1}, "t no longer wants A paused; one still does."),
    (("control_queued", "c", 9), {"action": "set_size"}, "t queues control task 9 on c: the pool's size is to change."),
    (("control_ran", "c", 9), {"action": "thread_idle"}, "t handles control task 9: a thread has become idle."),
    (("high_water_reached", "A"), {"depth": 500}, "A has reached its high water mark: 500 tasks are queued."),
    (("low_water_cleared", "A"), {"depth": 450}, "A is below its low water mark again: 450 are queued."),
]


@pytest.mark.parametrize(("what", "detail", "sentence"), CASES)
def test_the_rarer_events(teller, what, detail, sentence):
    teller(1, "t", *what, **detail)
    assert list(narrate(teller.events)) == [sentence]


def test_every_kind_of_event_has_a_sentence(teller):
    for kind in EventKind:
        teller(1, "t", kind, "A", 9, depth=3)
    sentences = list(narrate(teller.events))
    assert len(sentences) == len(EventKind)
    assert all(sentence.endswith(".") and "None" not in sentence for sentence in sentences)


def test_long_names_of_the_pools_are_said_as_people_say_them(teller):
    teller(0, "taskpool/s:pjsip-00000018", "task_started", "taskpool/s:pjsip-00000018", 1)
    assert narrate(teller.events)[0] == "s:pjsip-18 starts task 1 of s:pjsip-18."


def test_a_long_trace_is_shown_by_what_tells_most(many_events):
    narration = narrate(many_events(1_000), most=6)
    assert len(narration) == 1_001
    assert repr(narration).split("\n") == [
        " 0.000 ms  Pool p opens: a taskpool.",
        " 0.000 ms  p/0 starts, to serve p:0.",
        " 0.000 ms  p/1 starts, to serve p:1.",
        "           … 961 events …",
        "65.000 ms  p/0 is about to run task 321 'ask' inline, inside task 320: the serializer had nothing to do.",
        "           … 14 events …",
        "66.000 ms  p/1 is about to run task 326 'ask' inline, inside task 325: the serializer had nothing to do.",
        "           … 14 events …",
        "67.000 ms  p/2 is about to run task 331 'ask' inline, inside task 330: the serializer had nothing to do.",
        "           … 6 events …",
    ]


def test_where_there_is_room_the_work_is_told_and_the_bookkeeping_left_out(taskpool_events):
    chosen = narrate.highlights(taskpool_events, 34)
    left_out = [str(taskpool_events[index].kind) for index in range(37) if index not in chosen]
    assert left_out == ["thread_woke", "serializer_scheduled", "serializer_released"]


def test_why_follows_the_waits_until_somebody_can_go_on(taskpool_events):
    assert narrate.why(taskpool_events, "main", 0.008) == (
        "main waits for task 4 'late' of B. It is still queued: B is paused. boss has paused B and must resume it. "
        "boss is not blocked by the pool."
    )
    assert narrate.why(taskpool_events, "main", 0.0095) == (
        "main waits for task 4 'late' of B. Task 4 is running on p/0. p/0 is not blocked: it runs task 4 'late'."
    )


def test_an_answer_is_shown_as_prose(taskpool_events):
    answer = narrate.why(taskpool_events, "main", 0.008)
    assert answer._repr_mimebundle_() == {
        "text/plain": "main waits for task 4 'late' of B. It is still queued: B is paused. boss has paused B and must\n"
        "resume it. boss is not blocked by the pool.",
        "text/html": f"<p>{answer.replace(chr(39), '&#x27;')}</p>",
    }


def test_why_of_a_thread_that_does_not_wait(taskpool_events):
    assert narrate.why(taskpool_events, "p/0", 0.004) == "p/0 is not blocked: it runs task 3 'ask'."
    assert narrate.why(taskpool_events, "p/0", 0.007) == "p/0 is not blocked: it has nothing to do."
    assert narrate.why(taskpool_events, "p/0") == "p/0 is not blocked: it has ended."
    assert narrate.why(taskpool_events, "boss") == "boss is not blocked: no wait of it is open here."


def test_why_finds_that_nobody_can_go_on(threadpool_events):
    assert narrate.why(threadpool_events, "p/1") == (
        "p/1 (in task 4 'call') waits for task 9 'ask' of B. It is still queued: B is paused. "
        "boss has paused B and must resume it. boss waits for task 7 'notify' of C. It is still queued: C waits for "
        "its turn (task 8), next in the queue of p, whose threads p/0 and p/1 are both blocked. "
        "p/0 (in task 1 'pause') is kept while B is paused. boss has paused B and must resume it. "
        "None of them can go on: this is a deadlock."
    )


def test_a_wait_that_somebody_else_ends_later_is_no_deadlock(threadpool_events, teller):
    teller.events += threadpool_events
    teller(12, "boss", "wait_ended", "C", 7, reason="sync_task", outcome="done")
    assert narrate.why(teller.events, "boss", 0.010).endswith(
        "None of them can go on by itself; help comes from elsewhere, at 12 ms."
    )
    assert narrate.blocked(teller.events, 0.010)[-1] == "p/0 and p/1 cannot go on: this is a deadlock."
    assert narrate.blocked(teller.events) == [
        "p/0 (in task 1 'pause') is kept while B is paused. boss has paused B and must resume it.",
        "p/1 (in task 4 'call') waits for task 9 'ask' of B. It is still queued: B is paused. "
        "boss has paused B and must resume it.",
    ]


@pytest.mark.parametrize(
    ("name", "threads", "sentence"),
    [
        ("cross-push-wait", 2, "pjsip-0 and pjsip-1 wait for each other"),
        ("nested-push-wait", 1, "pjsip-0 waits for itself"),
        ("nested-push-wait", 2, "pjsip-0 and pjsip-1 wait for each other"),
        ("masquerade", 2, "pjsip-0, pjsip-1, transfer-1 and transfer-2 wait for each other"),
    ],
)
def test_a_deadlock_is_told_in_one_short_sentence(name, threads, sentence):
    result = run(name, "threadpool", threads=threads, runtime="controlled")
    assert narrate.ending(result) == f"Nothing can move: {sentence}."
    [sent] = stage_data([source_of(result)], ["run"], [""])["runs"]
    assert sent["reason"] == narrate.ending(result)


def tell_shrinking(teller, pool):
    """The original's shrinking job has the pool's lock and waits for a thread that wants the lock."""
    name = f"taskpool/d:{pool}-00000000"
    teller(0, name, "thread_started", name, pool=pool)
    teller(0, "main", "task_pushed", name, 1, label="long", wait=False, depth=1)
    teller(0, name, "task_started", name, 1)
    teller(2, f"{pool} shrinker", "wait_started", name, reason="thread_end")
    return name


def test_who_joins_a_thread_with_its_pools_lock_in_hand_is_named(teller):
    one, _two = tell_shrinking(teller, "one"), tell_shrinking(teller, "two-one")
    assert narrate.why(teller.events, "one shrinker") == (
        "one shrinker waits until d:one-0 has ended. That thread is in the middle of a task. "
        "d:one-0 is not blocked: it runs task 1 'long'."
    )
    teller(3, one, "wait_started", "pool one", reason="pool_lock")
    assert narrate.why(teller.events, one) == (
        "d:one-0 (in task 1 'long') waits for the lock of pool one. one shrinker holds it. "
        "one shrinker waits until d:one-0 has ended. That thread is in the middle of a task. "
        "None of them can go on: this is a deadlock."
    )
    assert set(narrate.blocked(teller.events)[:3]) == {
        "d:one-0 (in task 1 'long') waits for the lock of pool one. one shrinker holds it.",
        "one shrinker waits until d:one-0 has ended. That thread is in the middle of a task.",
        "two-one shrinker waits until d:two-one-0 has ended. That thread is in the middle of a task.",
    }


def test_a_lock_whose_holder_the_trace_does_not_tell(teller):
    teller(3, "main", "wait_started", "pool p", reason="pool_lock")
    assert narrate.why(teller.events, "main") == "main waits for the lock of pool p. Another thread holds it."
    teller(4, "shrinker", "wait_started", "taskpool/d:p-00000000", reason="thread_end")
    said = narrate.why(teller.events, "shrinker")
    assert said == "shrinker waits until d:p-0 has ended. That thread has not ended yet."


def test_who_waits_for_a_deadlocks_threads_is_no_part_of_it(teller):
    # a and b wait for each other, c for a, d for its own task.
    for task, (thread, name) in enumerate(zip("abcd", "ABCD", strict=True), start=1):
        teller(0, thread, "task_started", name, task)
    for thread, task in zip("abcd", (2, 1, 1, 4), strict=True):
        teller(1, thread, "wait_started", "ABCD"[task - 1], task, reason="sync_task")
    story = SimpleNamespace(trace=teller.events, name="story", design="x", outcome="deadlocked", reason="Because.")
    assert narrate.ending(story) == "Nothing can move: a and b wait for each other, and so does d."


def test_how_other_runs_ended_is_what_they_say(taskpool_events):
    story = SimpleNamespace(trace=taskpool_events, name="story", outcome="deadlocked", reason="It lost a wake-up.")
    assert narrate.ending(story) == "It lost a wake-up."
    assert narrate.ending(taskpool_events) == ""


@pytest.mark.parametrize(
    ("reason", "task", "expected"),
    [
        (
            "serializer_lock",
            9,
            "b waits for A, which runs on another thread, for task 9 'x'. It is still queued: A runs on a.",
        ),
        ("suspend", None, "b waits until A is still. A runs on a."),
        ("sync_task", 1, "b waits for task 1 of A. Task 1 is running on a."),
        ("sync_task", 77, "b waits for task 77 of A. Task 77 is neither queued nor running any more."),
    ],
)
def test_why_for_each_thing_that_a_thread_can_wait_for(teller, reason, task, expected):
    teller(0, "a", "task_started", "A", 1)
    teller(0, "b", "task_pushed", "A", 9, label="x", wait=True, depth=1)
    teller(1, "b", "wait_started", "A", task, reason=reason)
    assert narrate.why(teller.events, "b").startswith(expected)


def test_an_unknown_thread_is_named_with_those_that_exist(taskpool_events):
    with pytest.raises(ValueError, match="no thread called 'p/7'.*There are: main, p/0, p/1, boss, main2"):
        narrate.why(taskpool_events, "p/7")


def test_nothing_is_told_of_an_empty_trace():
    assert repr(narrate([])) == "Nothing happened."
    assert narrate.blocked([]) == []
