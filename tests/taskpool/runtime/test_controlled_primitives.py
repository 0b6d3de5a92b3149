"""Each primitive of a controlled run does what the standard library's does, and blocks where that does."""

from __future__ import annotations

from concurrent.futures import CancelledError, InvalidStateError
from queue import Empty

import pytest

from taskpool.runtime.controlled import ControlledRuntime
from taskpool.runtime.kernel import ControlledRunError


def run(program):
    """Run a program on the default schedule; what it returned."""
    runtime = ControlledRuntime()
    return runtime.run(program, runtime)


def blocked(program):
    """Run a program that cannot end; the sentence that says so."""
    with pytest.raises(ControlledRunError) as stuck:
        run(program)
    return str(stuck.value)


def in_order(program):
    """What threads noted, in order; the program is given a runtime and ``note``."""
    notes = []
    run(lambda runtime: program(runtime, notes.append))
    return notes


def test_a_lock_admits_one_thread():
    def program(runtime, note):
        lock = runtime.Lock("lock")

        def work(name):
            with lock:
                note(f"{name} in")
                runtime.sleep(1)
                note(f"{name} out")

        for name in "ab":
            runtime.spawn(work, name)

    assert in_order(program) == ["a in", "a out", "b in", "b out"]


def test_a_lock_taken_twice_blocks_for_ever():
    def program(runtime):
        lock = runtime.Lock("lock")
        with lock, lock:
            pass

    assert blocked(program) == "deadlock: main can never go on"


def test_a_try_acquire_and_a_timed_one_give_up():
    def program(runtime):
        lock = runtime.Lock("lock")
        first = lock.acquire(blocking=False)
        return first, lock.acquire(False), lock.acquire(timeout=2), runtime.monotonic(), lock.locked()

    assert run(program) == (True, False, False, 2.0, True)


def test_a_lock_may_be_released_by_another_thread_and_not_twice():
    def program(runtime):
        lock = runtime.Lock("lock")
        lock.acquire()
        runtime.spawn(lock.release).join()
        with pytest.raises(RuntimeError, match="release of 'lock', which nobody holds"):
            lock.release()
        return lock.locked()

    assert run(program) is False


def test_an_rlock_counts_and_belongs_to_its_owner():
    def program(runtime):
        lock = runtime.RLock("lock")
        with lock, lock:
            seen = runtime.Queue()

            def try_it():
                with pytest.raises(RuntimeError, match="release of 'lock' by other, which does not hold it"):
                    lock.release()
                seen.put(lock.acquire(False))

            runtime.spawn(try_it, name="other").join()
        return seen.get(), len(runtime.kernel.steps)

    # acquire, try-acquire, put, join, release, get: the inner acquire and release are none
    assert run(program) == (False, 6)


def test_condition_waiters_wake_in_the_order_in_which_they_began_to_wait():
    def program(runtime, note):
        condition = runtime.Condition(name="condition")

        def wait(name):
            with condition:
                condition.wait()
                note(name)

        for name in "abc":
            runtime.spawn(wait, name)
        runtime.sleep(1)
        with condition:
            condition.notify()
            note("one")
        runtime.sleep(1)
        with condition:
            condition.notify_all()
            note("all")

    assert in_order(program) == ["one", "a", "all", "b", "c"]


def test_a_condition_wants_its_lock():
    def program(runtime):
        condition = runtime.Condition(runtime.Lock("lock"), name="condition")
        for call in (condition.wait, condition.notify):
            with pytest.raises(RuntimeError, match="without holding its lock"):
                call()
        with condition:
            return condition.wait(1), condition.wait_for(lambda: False, 2), runtime.monotonic()

    assert run(program) == (False, False, 3.0)


def test_a_condition_wants_a_lock_of_its_own_runtime():
    import threading

    with pytest.raises(TypeError, match="needs a lock of that run"):
        ControlledRuntime().Condition(threading.Lock())


def test_a_wait_that_gave_up_swallows_a_notify_until_it_has_its_lock_again():
    def program(runtime, note):
        condition = runtime.Condition(name="condition")

        def wait(name, timeout):
            with condition:
                note((name, condition.wait(timeout)))

        runtime.spawn(wait, "hasty", 1)
        runtime.spawn(wait, "patient", None)
        runtime.allow_leftover = True

        def hold_and_tell():
            with condition:
                runtime.sleep(2)  # past the hasty one's deadline: it gives up, and waits for the lock
                condition.notify()

        runtime.spawn(hold_and_tell)
        runtime.sleep(9)

    assert in_order(program) == [("hasty", False)]


def test_a_queue_is_first_in_first_out():
    def program(runtime):
        queue = runtime.Queue("queue")
        for item in "abc":
            queue.put(item)
        got = [queue.get(), queue.get_nowait(), queue.get(timeout=1)]
        with pytest.raises(Empty):
            queue.get_nowait()
        with pytest.raises(Empty):
            queue.get(timeout=3)
        return got, queue.qsize(), queue.empty(), runtime.monotonic()

    assert run(program) == (["a", "b", "c"], 0, True, 3.0)


def test_a_semaphore_counts_permits():
    def program(runtime):
        permits = runtime.Semaphore(1, "permits")
        with permits:
            inside = permits.acquire(False), permits.acquire(timeout=1)
        permits.release(2)
        return inside, [permits.acquire(False) for _ in range(4)]

    assert run(program) == ((False, False), [True, True, True, False])


def test_an_event_is_set_and_cleared():
    def program(runtime):
        event = runtime.Event("event")
        seen = [event.is_set(), event.wait(1)]
        event.set()
        event.set()
        seen += [event.is_set(), event.wait(), event.wait(1)]
        event.clear()
        return [*seen, event.is_set()], runtime.monotonic()

    assert run(program) == ([False, False, True, True, True, False], 1.0)


def test_a_future_has_one_end():
    def program(runtime):
        future, called = runtime.Future("future"), []
        future.add_done_callback(lambda done: called.append(done.result()))
        states = [future.done(), future.set_running_or_notify_cancel(), future.running(), future.cancel()]
        with pytest.raises(TimeoutError):
            future.result(timeout=1)
        future.set_result(7)
        future.add_done_callback(lambda _: called.append("late"))
        with pytest.raises(InvalidStateError):
            future.set_result(8)
        return states, future.result(), future.exception(), future.done(), called

    assert run(program) == ([False, True, True, False], 7, None, True, [7, "late"])


def test_a_cancelled_future_raises():
    def program(runtime):
        future = runtime.Future("future")
        assert future.cancel()
        assert future.cancelled()
        assert not future.set_running_or_notify_cancel()
        with pytest.raises(InvalidStateError):
            future.set_running_or_notify_cancel()
        with pytest.raises(CancelledError):
            future.result()

    run(program)


def test_a_future_passes_an_exception_on_to_another_thread():
    def program(runtime):
        future = runtime.Future("future")
        runtime.spawn(future.set_exception, KeyError("gone"))
        with pytest.raises(KeyError, match="gone"):
            future.result()

    run(program)


def test_a_thread_is_joined():
    def program(runtime):
        gate = runtime.Event("gate")
        thread = runtime.spawn(gate.wait, name="waiter")
        thread.join(2)
        before = thread.is_alive(), runtime.monotonic()
        gate.set()
        thread.join()
        thread.join(1)
        with pytest.raises(RuntimeError, match="cannot join current thread"):
            runtime.kernel.current.join()
        return before, thread.is_alive(), thread.name, runtime.monotonic()

    assert run(program) == ((True, 2.0), False, "waiter", 2.0)


def test_locals_and_the_pools_context_are_separate_in_each_thread():
    def program(runtime):
        local, seen = runtime.Local(), runtime.Queue()
        local.value = runtime.context.agent = "main's"

        def look():
            seen.put((getattr(local, "value", None), runtime.context.agent))
            local.value = "other's"
            del local.value
            with pytest.raises(AttributeError, match="'value'"):
                del local.value

        runtime.spawn(look).join()
        return seen.get(), local.value, runtime.context.agent

    assert run(program) == ((None, None), "main's", "main's")


def test_time_moves_only_when_nothing_can_run():
    def program(runtime, note):
        def sleep(seconds):
            runtime.sleep(seconds)
            note((seconds, runtime.monotonic()))

        for seconds in (3, 1, 2):
            runtime.spawn(sleep, seconds)
        for _ in range(5):
            runtime.sleep(0)
            note(runtime.monotonic())

    assert in_order(program) == [0.0, 0.0, 0.0, 0.0, 0.0, (1, 1.0), (2, 2.0), (3, 3.0)]


@pytest.mark.parametrize(
    "call",
    [
        lambda runtime: runtime.Lock().acquire(True, 1) and runtime.Lock().acquire(False, 1),
        lambda runtime: runtime.sleep(-1),
        lambda runtime: runtime.Queue().get(timeout=-1),
        lambda runtime: runtime.Semaphore(-1),
        lambda runtime: runtime.Semaphore().release(0),
        lambda runtime: runtime.Semaphore().acquire(False, 1),
    ],
)
def test_what_the_standard_library_refuses_is_refused(call):
    with pytest.raises(ValueError, match=r"timeout|negative|initial value|n must be"):
        run(call)
