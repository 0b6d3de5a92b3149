"""Each story on each design: how it ends, and that it leaves nothing behind."""

import threading

import pytest

from taskpool.events import EventKind
from taskpool.recorder import Recorder
from taskpool.scenarios import Outcome, Run, compare_runs, compare_text, list_scenarios, run

pytestmark = pytest.mark.threads

DEADLINE = 60.0


@pytest.fixture(autouse=True)
def no_thread_left():
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(DEADLINE)
    assert not [thread.name for thread in left if thread.is_alive()]


def ended(name: str, design: str, **params: object) -> Run:
    result = run(name, design, deadline=DEADLINE, **params)
    assert result.error is None or result.outcome is Outcome.FAILED
    return result


@pytest.mark.parametrize("name", list(list_scenarios()))
def test_the_taskpool_completes_every_story(name):
    result = ended(name, "taskpool")
    assert (result.outcome, result.error) == (Outcome.COMPLETED, None), result.reason
    assert result.trace.dropped == 0
    assert result.trace.meta["scenario"] == name
    assert result.metrics["control_tasks"] == 0


@pytest.mark.parametrize("name", [n for n in list_scenarios() if n != "cross-push-wait"])
def test_the_threadpool_completes_every_story_that_has_a_cure_when_it_may_grow(name):
    result = ended(name, "threadpool", bounded=False)
    assert (result.outcome, result.error) == (Outcome.COMPLETED, None), result.reason
    assert result.metrics["control_tasks"] > 0


@pytest.mark.parametrize("name", ["nested-push-wait", "masquerade", "pause-many", "cross-push-wait"])
def test_the_bounded_threadpool_deadlocks_and_says_who_waits(name):
    result = ended(name, "threadpool", threads=2)
    assert result.outcome is Outcome.DEADLOCKED, result.reason
    assert result.reason.startswith("Nothing can move: ")
    assert result.metrics["still_blocked"] == 2
    assert result.metrics["peak_threads"] == 2


@pytest.mark.parametrize("name", ["nested-push-wait", "masquerade", "pause-many"])
def test_the_unbounded_threadpool_pays_with_threads(name):
    result = ended(name, "threadpool", threads=2, bounded=False)
    assert result.outcome is Outcome.COMPLETED, result.reason
    assert result.metrics["peak_threads"] > 2


@pytest.mark.parametrize("name", ["nested-push-wait", "masquerade", "pause-many", "cross-push-wait"])
def test_one_thread_is_enough_for_the_taskpool(name):
    result = ended(name, "taskpool", threads=1)
    assert result.outcome is Outcome.COMPLETED, result.reason
    assert result.metrics["peak_threads"] == 1


def test_asking_oneself_completes_on_a_bounded_threadpool():
    assert ended("nested-push-wait", "threadpool", where="own").outcome is Outcome.COMPLETED


@pytest.mark.parametrize("where", ["pool", "empty", "busy"])
def test_asking_anybody_else_deadlocks_a_bounded_threadpool(where):
    assert ended("nested-push-wait", "threadpool", where=where).outcome is Outcome.DEADLOCKED


def test_answers_run_inside_the_task_that_asked():
    result = ended("nested-push-wait", "taskpool", where="pool", tasks=2, messages=0)
    inlined = result.trace.of_kind(EventKind.TASK_INLINED)
    assert [event.detail["reason"] for event in inlined] == ["inside_pool", "inside_pool"]


def test_a_thread_more_than_pauses_saves_the_threadpool():
    assert ended("masquerade", "threadpool", threads=3).outcome is Outcome.COMPLETED
    assert ended("pause-many", "threadpool", threads=5).outcome is Outcome.COMPLETED
    assert ended("pause-many", "threadpool", threads=4).outcome is Outcome.DEADLOCKED


def test_a_paused_serializer_holds_no_thread_of_the_taskpool():
    result = ended("pause-many", "taskpool", threads=2, serializers=20)
    assert result.outcome is Outcome.COMPLETED
    assert result.metrics["notes"]["threads with all paused"] == 2
    assert result.metrics["blocked_by_reason"].get("blocking_suspend", 0) == 0


def test_the_wait_that_would_close_the_cycle_is_refused_and_the_rest_completes():
    result = ended("cross-push-wait", "taskpool")
    assert result.outcome is Outcome.COMPLETED
    assert "DeadlockError" in result.reason
    assert len(result.cycle) >= 2
    assert len(result.trace.of_kind(EventKind.TASK_FAILED)) == 1


def test_the_cycle_is_named_where_it_deadlocks():
    result = ended("cross-push-wait", "threadpool", bounded=False)
    assert result.outcome is Outcome.DEADLOCKED
    assert len(result.cycle) >= 2
    assert all(("pjsip/A" in sentence) or ("pjsip/B" in sentence) for sentence in result.cycle)


def test_growing_on_exhaustion_cures_long_tasks():
    slow = ended("long-tasks", "taskpool")
    cured = ended("long-tasks", "taskpool", grow_when="exhausted")
    old = ended("long-tasks", "threadpool")
    assert slow.metrics["peak_threads"] == 4
    assert cured.metrics["peak_threads"] > 4
    assert old.metrics["peak_threads"] > 4


def test_time_is_up_for_a_run_that_can_still_move():
    result = run("long-tasks", "taskpool", long_ms=3_600_000, deadline=0.2)
    assert result.outcome is Outcome.TIMED_OUT
    assert "0.2 s" in result.reason


def test_compare_runs_keeps_the_order_and_makes_a_table():
    runs = compare_runs("masquerade", deadline=DEADLINE)
    assert list(runs) == ["threadpool", "taskpool"]
    text = compare_text(list(runs.values()))
    assert text.splitlines()[0].split() == ["threadpool", "taskpool"]
    assert text.splitlines()[1].split() == ["outcome", "deadlocked", "completed"]


def test_a_run_shows_itself_without_its_trace():
    result = ended("masquerade", "threadpool")
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == str(result)
    assert "masquerade on threadpool: deadlocked" in bundle["text/plain"]
    assert "<table>" in bundle["text/html"]
    assert len(repr(result)) < 100


def test_a_run_can_be_repeated_in_one_recorder():
    recorder = Recorder()
    ended("cross-push-wait", "taskpool", recorder=recorder)
    first = len(recorder)
    ended("cross-push-wait", "taskpool", recorder=recorder)
    assert len(recorder) > first > 0


def test_an_interrupted_run_closes_what_it_opened(monkeypatch):
    from taskpool.scenarios import watch

    def interrupted(self, deadline):
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.Watch, "until", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("long-tasks", long_ms=3_600_000)


def test_a_program_that_raises_fails_the_run(monkeypatch):
    from taskpool.scenarios import context

    def broken(self, *args, **kwargs):
        raise ValueError("no such lane")

    monkeypatch.setattr(context.ScenarioContext, "lane", broken)
    result = run("masquerade", deadline=DEADLINE)
    assert result.outcome is Outcome.FAILED
    assert result.reason == "ValueError: no such lane"
    assert isinstance(result.error, ValueError)
