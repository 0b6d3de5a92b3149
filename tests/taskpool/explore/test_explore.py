"""What a search reports: causes, coverage, stopping and going on."""

from __future__ import annotations

import pytest
from explore_programs import crossing, lost_update, philosophers

from taskpool import scenarios
from taskpool.errors import OptionError
from taskpool.explore import explore, random_walks
from taskpool.explore.optimal_dpor import OptimalSearch


def kinds(program, **options):
    return [failure.kind for failure in explore(program, **options).failures]


def test_a_deadlock_says_who_waits_for_whom_and_where():
    failure = explore(philosophers(3)).failures[0]
    assert (failure.kind, str(failure.schedule), failure.count) == ("deadlock", "1:2 2:3", 1)
    assert failure.cycle[0] == "philosopher 0 waits for fork 1, which philosopher 1 holds"
    assert all("explore_programs.py:" in sentence for sentence in failure.waiting)
    lines = failure.columns().splitlines()
    assert lines[0].split() == ["step", *["philosopher", "0", "philosopher", "1", "philosopher", "2"]]
    assert lines[1].startswith("   0  acquire fork 0 (explore_programs.py:")


def test_a_check_that_fails_is_an_assertion():
    report = explore(lost_update)
    assert report.exhausted
    assert [(f.kind, str(f.schedule), f.count) for f in report.failures] == [("assertion", "1:2", 2)]
    assert "AssertionError by the check at the end" in report.failures[0].message
    assert "counted 1" in report.failures[0].message


def test_an_exception_in_a_thread_is_a_failure_and_the_others_go_on():
    seen = []

    def program(runtime):
        shared = runtime.Var(0, "shared")

        def divide():
            1 / shared.get()

        def assign():
            shared.set(1)
            seen.append(shared.get())

        runtime.spawn(divide, name="divider")
        runtime.spawn(assign, name="assigner")

    report = explore(program)
    assert [(f.kind, type(f.error), f.count) for f in report.failures] == [("exception", ZeroDivisionError, 1)]
    assert "in divider at test_explore.py:" in report.failures[0].message
    assert set(seen) == {1}


def test_the_same_deadlock_by_many_ways_is_one_failure():
    report = explore(philosophers(3), "dfs")
    assert [(f.kind, f.count) for f in report.failures] == [("deadlock", 6)]


def test_a_notify_before_the_wait_is_a_lost_wakeup():
    def program(runtime):
        condition = runtime.Condition(name="ready")

        def wait():
            with condition:
                condition.wait()

        def tell():
            with condition:
                condition.notify()

        runtime.spawn(wait, name="waiter")
        runtime.spawn(tell, name="teller")

    failure = explore(program).failures[0]
    assert failure.kind == "lost wakeup"
    assert "the last notify was teller's, in step 1" in failure.waiting[0]


def test_a_loop_that_never_ends_is_a_livelock():
    def program(runtime):
        shared = runtime.Var(0, "shared")
        while not shared.get():
            runtime.sleep(0)

    report = explore(program, max_steps=100)
    assert not report.exhausted
    assert [f.kind for f in report.failures] == ["livelock"]
    assert report.failures[0].message == "the last 2 steps repeat without end (main: read, main: nothing)"


def test_a_run_that_is_too_long_is_unfinished():
    def program(runtime):
        variables = [runtime.Var(0) for _ in range(40)]
        for variable in variables:
            variable.get()

    assert kinds(program, max_steps=30) == ["unfinished"]
    assert kinds(program) == []


def test_threads_left_behind_may_be_allowed():
    def program(runtime):
        runtime.allow_leftover = allowed
        runtime.spawn(runtime.Queue("q").get, name="worker")

    allowed = False
    assert kinds(program) == ["deadlock"]
    allowed = True
    assert kinds(program) == []


def test_a_timed_wait_in_a_loop_ends_with_the_program_where_leftovers_are_allowed():
    def program(runtime):
        runtime.allow_leftover = True

        def tick():
            while True:
                runtime.sleep(1)

        runtime.spawn(tick, name="ticker")

    assert kinds(program, max_steps=50) == []


def test_deadlines_fire_early_only_where_that_is_explored():
    def program(runtime):
        answer = runtime.Queue("answer")

        def reply():
            runtime.Var(0).get()
            answer.put("yes")

        runtime.spawn(reply, name="replier")
        answer.get(timeout=60)

    assert kinds(program) == []
    report = explore(program, timeouts="explore")
    assert report.exhausted
    assert "nothing else can run, but for each thread's first 1: those at any time" in report.coverage()
    assert [(f.kind, type(f.error).__name__) for f in report.failures] == [("exception", "Empty")]
    assert str(report.failures[0].schedule) == "e1 1:0"


def test_retrying_after_a_timeout_ends():
    def program(runtime):
        answer = runtime.Event("answer")

        def ask():
            while not answer.wait(1):
                pass

        runtime.spawn(ask)
        answer.set()

    report = explore(program, timeouts="explore", early_timeouts=2)
    assert (report.exhausted, report.failures) == (True, [])
    assert report.schedules == 3


def test_a_search_that_was_cut_short_says_so_and_goes_on():
    report = explore(philosophers(3), max_schedules=3)
    assert (report.schedules, report.exhausted) == (3, False)
    assert "Not every schedule was tried (not exhausted)" in report.coverage()
    assert report.resume() is report
    assert (report.schedules, report.exhausted) == (7, True)
    assert "Exhausted at runtime-operation granularity" in report.coverage()


def test_an_interrupted_search_keeps_what_it_found_and_goes_on():
    class Interrupting:
        """Interrupts the search as Ctrl-C does, after its second execution."""

        name, exhaustive = "interrupting", False

        def __init__(self):
            self.runs = 0

        def begin(self):
            self.runs += 1
            if self.runs == 3:
                raise KeyboardInterrupt
            return self.runs < 5

        def choose(self, kernel, current):
            ready = kernel.ready_threads()
            return ready[len(kernel.steps) % len(ready)] if ready else None

        def end(self, kernel):
            pass

    report = explore(crossing, Interrupting())
    assert (report.interrupted, report.schedules, len(report.failures)) == (True, 2, 1)
    report.resume()
    assert (report.interrupted, report.schedules, report.failures[0].count) == (False, 3, 3)


def test_progress_is_told_and_never_a_scheduling_point():
    reports = []
    report = explore(philosophers(5), progress=reports.append)
    assert report.schedules == 31
    assert all(told is report for told in reports)


def test_stopping_at_the_first_failure():
    report = explore(philosophers(4), stop_at_failure=True)
    assert len(report.failures) == 1
    assert not report.exhausted


def test_random_walks_repeat_themselves_by_seed():
    one, same, other = (random_walks(lost_update, 20, seed=seed) for seed in (1, 1, 2))
    assert one.failures[0].count == same.failures[0].count
    assert (one.steps, one.exhausted) == (80, False)
    assert other.schedules == 20


def test_a_report_is_shown_as_text_and_as_html():
    report = explore(lost_update)
    bundle = report._repr_mimebundle_()
    assert bundle["text/plain"] == str(report)
    assert "<code>1:2</code>" in bundle["text/html"]
    assert "&lt;" not in bundle["text/plain"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"strategy": "fastest"}, "strategy='fastest': choose one of optimal,"),
        ({"timeouts": "sometimes"}, "timeouts='sometimes'"),
        ({"max_schedules": 0}, "max_schedules=0"),
        ({"preemptions": 2}, "preemptions=2 needs strategy='dfs'"),
        ({"strategy": "dfs", "preemptions": -1}, "preemptions=-1: neither can be below 0"),
        ({"timeouts": "explore", "early_timeouts": -1}, "early_timeouts=-1"),
        ({"max_schedules": "many"}, "take whole numbers"),
        ({"strategy": "random", "seed": None}, "take whole numbers"),
        ({"strategy": None}, "strategy=None: give one of optimal,"),
        ({"strategy": OptimalSearch}, "or an object that chooses"),
    ],
)
def test_options_that_cannot_be(options, complaint):
    with pytest.raises(OptionError, match=complaint):
        explore(crossing, **options)


def test_what_is_no_program_is_refused():
    with pytest.raises(OptionError, match="program=None: a function is needed"):
        explore(None)


def test_a_failing_scenario_leaves_a_trace_for_the_timeline():
    report = explore(scenarios.program("cross-push-wait", "threadpool"), max_schedules=20)
    failure = report.failures[0]
    assert failure.kind == "deadlock"
    assert (failure.run.name, failure.run.design, failure.run.outcome) == (
        "cross-push-wait",
        "threadpool",
        "deadlocked",
    )
    assert [event.seq for event in failure.trace] == list(range(len(failure.trace)))
    assert len(failure.trace) > 10
    assert failure.trace is failure.run.trace


def test_coverage_without_times_is_the_same_everywhere():
    report = explore(lambda runtime: None)
    assert report.coverage(timed=False) == (
        "Exhausted at runtime-operation granularity, deadlines passing only when nothing else can run: "
        "1 schedule (0 steps) by optimal."
    )
