"""Programs that a controlled run cannot control: each a clear error, and the next search works."""

from __future__ import annotations

import _thread
import concurrent.futures
import contextlib
import gc
import queue
import sys
import threading
import time
import types

import pytest
from explore_programs import philosophers

from taskpool import TaskPool
from taskpool.explore import NotDeterministic, explore, replay
from taskpool.explore.stepping import Stepper
from taskpool.runtime import supervision
from taskpool.runtime.carriers import carrier_count
from taskpool.runtime.kernel import ForeignThreadError
from taskpool.runtime.strict import RealThreadError
from taskpool.runtime.supervision import StuckError


def _others():
    """The threads that are no reusable ones of controlled runs."""
    return {thread.ident for thread in threading.enumerate() if not thread.name.startswith("carrier-")}


@pytest.fixture(autouse=True)
def still_works():
    """Whatever a test did, the next search works and no thread is left running."""
    before = _others()
    yield
    assert explore(philosophers(3)).schedules == 7
    assert _others() <= before


def real_thread(runtime):
    threading.Thread(target=list).start()


def real_lock(runtime):
    lock = threading.Lock()
    lock.acquire()
    lock.release()


def real_rlock(runtime):
    lock = threading.RLock()
    with lock:
        pass


def bare_thread(runtime):
    _thread.start_new_thread(list, ())


def real_pool(runtime):
    with TaskPool("real", minimum_size=1):  # without runtime=runtime
        pass


def real_queue(runtime):
    queue.Queue().put(1)


def real_sleep(runtime):
    runtime.spawn(time.sleep, 0)


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        (real_thread, "(makes|starts) a real thread at test_bad_programs.py:.*: use runtime.spawn"),
        (real_lock, r"(makes|waits on) a real lock at test_bad_programs.py:.*: use runtime.Lock"),
        (real_rlock, "makes a real lock at test_bad_programs.py"),
        (bare_thread, "starts a real thread at test_bad_programs.py:.*: use runtime.spawn"),
        (real_pool, "starts a real thread at test_bad_programs.py:.*give pools runtime=runtime"),
        (real_queue, "(makes|waits on) a real R?[Ll]ock at test_bad_programs.py"),
        (real_sleep, "calls time.sleep at .*: use runtime.sleep"),
    ],
)
def test_real_threads_locks_and_sleeps_are_named(program, complaint):
    with pytest.raises(RealThreadError, match=complaint):
        explore(program)


@pytest.mark.threads
def test_a_real_lock_from_outside_that_blocks_is_noticed():
    lock = threading.Lock()

    def program(runtime):
        def hold():
            with lock:
                runtime.sleep(0)

        runtime.spawn(hold, name="first")
        runtime.spawn(hold, name="second")

    with pytest.raises(StuckError, match=r"thread 'second' has been at test_bad_programs.py:\d+ .*something real"):
        explore(program, stuck_after=0.25)


@pytest.mark.threads
def test_a_loop_without_operations_is_ended():
    def program(runtime):
        while True:
            pass

    with pytest.raises(StuckError, match="thread 'main' has been at test_bad_programs.py"):
        explore(program, stuck_after=0.25)


@pytest.mark.threads
def test_a_loop_without_operations_is_ended_before_another_thread_begins_one():
    begun = []

    def loop(name):
        begun.append(name)
        while True:
            pass

    def program(runtime):
        runtime.spawn(loop, "first", name="first")
        runtime.spawn(loop, "second", name="second")

    with pytest.raises(StuckError, match="thread 'first' has been at"):
        explore(program, stuck_after=0.25)
    assert begun == ["first"]
    assert not any(frame.f_code is loop.__code__ for frame in sys._current_frames().values())


def test_nobody_is_profiled_while_a_thread_does_not_take_its_end(monkeypatch):
    thread = types.SimpleNamespace(ended=False)
    monkeypatch.setattr(supervision, "_interrupted", [thread])
    assert supervision.may_profile() is (sys.version_info >= (3, 12))
    assert explore(philosophers(2)).schedules == 3
    thread.ended = True
    assert supervision.may_profile()
    assert supervision._interrupted == []


def test_a_step_into_something_real_is_named_and_ends_the_run():
    def program(runtime):
        runtime.sleep(0)
        time.sleep(0)

    with Stepper(program) as stepper:
        with pytest.raises(RealThreadError, match="calls time.sleep at test_bad_programs.py"):
            stepper.step()
        assert stepper.ended


@pytest.mark.threads
def test_an_operation_of_a_real_thread_is_refused():
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(int).result()
    refused = []

    def program(runtime):
        shared = runtime.Var(0, "shared")
        if runtime.kernel.profile is None:  # not in the first execution, which forbids more
            refused.append(pool.submit(shared.get).exception())
        philosophers(2)(runtime)

    with pool, pytest.raises(ForeignThreadError, match="called read shared, but the controlled run did not spawn it"):
        explore(program)
    assert [type(error) for error in refused] == [ForeignThreadError]


def test_a_program_that_is_not_deterministic():
    runs = []

    def program(runtime):
        runs.append(runtime)
        variables = [runtime.Var(0), runtime.Var(0)]
        for _ in range(2):
            runtime.spawn(lambda: (variables[len(runs) % 2].set(1), variables[0].get()))

    with pytest.raises(NotDeterministic, match=r"step 0 was first write \(object . .*\), and then write \(object . "):
        explore(program)


def test_a_thread_that_swallows_its_end_is_named():
    def program(runtime):
        messages = runtime.Queue("messages")

        def stubborn():
            while True:
                with contextlib.suppress(BaseException):  # what must not be done
                    messages.get()

        runtime.spawn(stubborn, name="stubborn")

    with pytest.raises(StuckError, match="thread 'stubborn' cannot be ended: it swallows RunAbandoned"):
        explore(program)


def test_abandoned_threads_unwind_through_with_blocks_and_generators():
    unwound = []

    def program(runtime):
        lock, messages = runtime.Lock("lock"), runtime.Queue("messages")

        def generate():
            with lock:
                try:
                    yield messages.get()
                finally:
                    messages.put("late")
                    with lock:
                        unwound.append(lock.acquire(False))

        def consume():
            unwound.extend(generate())

        runtime.spawn(consume, name="consumer")

    assert [failure.kind for failure in explore(program).failures] == ["deadlock"]
    assert set(unwound) == {True}


def test_operations_of_a_finished_run_do_no_harm():
    class Late:
        """Uses its runtime when it is collected."""

        def __init__(self, runtime):
            self.objects = runtime.Lock("lock"), runtime.Queue("queue"), runtime.Event("event"), runtime.Var(0)
            self.itself = self

        def __del__(self):
            lock, messages, event, shared = self.objects
            with lock:
                messages.put(1)
                event.set()
                shared.set(2)
            collected.append(shared.get())

    collected = []

    def program(runtime):
        Late(runtime)
        philosophers(2)(runtime)

    assert explore(program).schedules == 3
    gc.collect()
    assert collected == [0] * len(collected)
    assert len(collected) > 3


def test_ten_thousand_abandoned_executions_leave_nothing():
    def program(runtime):
        lock = runtime.Lock("lock")
        lock.acquire()
        runtime.spawn(lock.acquire)

    explore(program, "random", max_schedules=50)
    before = carrier_count(), len(gc.get_objects())
    report = explore(program, "random", max_schedules=10_000)
    assert report.failures[0].count == 10_000
    gc.collect()
    assert carrier_count() == before[0]
    assert len(gc.get_objects()) - before[1] < 2_000


def test_chance_is_noticed_in_a_program_with_one_schedule():
    numbers = iter(range(10))

    def program(runtime):
        shared = runtime.Var(0, "shared")
        for _ in range(next(numbers)):
            shared.get()

    with pytest.raises(NotDeterministic, match="step 0 was first the end, and then read"):
        explore(program)
    assert explore(lambda runtime: runtime.Var(0).get()).schedules == 1


def test_a_real_lock_on_a_later_branch_is_noticed():
    def program(runtime):
        shared = runtime.Var(0, "shared")

        def look():
            if shared.get():  # not on the first schedule
                threading.RLock().acquire()

        runtime.spawn(look, name="looks")
        runtime.spawn(shared.set, 1, name="sets")

    with pytest.raises(RealThreadError, match="a real R?[Ll]ock at test_bad_programs.py"):
        explore(program)


def test_to_ask_a_thread_of_elsewhere_whether_it_runs_is_no_wait():
    """A notebook's print asks that of the thread that sends it."""
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()

    def program(runtime):
        assert other.is_alive()

    try:
        assert replay(program, "default").outcome == "completed"
    finally:
        end.set()
        other.join()
