"""The pool that grows: other right ways to count pass, and what is told of answers of other shapes."""

from taskpool.exercises import exercise
from taskpool.trace import Trace

GROWTH = exercise("growth")


def counts_the_free_threads():
    class MyThreadPool(GROWTH.make_solution()):
        def __init__(self, runtime, most):
            super().__init__(runtime, most)
            self.free = 0  # threads less tasks: below zero, tasks wait

        def push(self, task):
            with self.lock:
                if self.free <= 0 and len(self.threads) < self.most:
                    self.threads.append(self.runtime.spawn(self.work))
                else:
                    self.free -= 1
            self.queue.put(task)

        def work(self):
            while True:
                task = self.queue.get()
                task()
                with self.lock:
                    self.free += 1

    return MyThreadPool


def test_counting_free_threads_at_the_push_passes_on_every_schedule():
    verdict = GROWTH.check(counts_the_free_threads())
    assert verdict, str(verdict)
    assert verdict.coverage.count("Exhausted") == 3


def test_a_pool_that_starts_with_all_its_threads_is_told_that_one_was_free():
    class MyThreadPool(GROWTH.make_solution()):
        def __init__(self, runtime, most):
            super().__init__(runtime, most)
            self.threads = [runtime.spawn(self.work) for _ in range(most)]

    verdict = GROWTH.check(MyThreadPool)
    assert not verdict
    assert verdict.says == "A push started thread 2 although there was a free thread."


def test_a_thread_that_ends_after_its_task_is_no_pool():
    class MyThreadPool(GROWTH.make_solution()):
        def work(self):
            task = self.queue.get()
            task()
            with self.lock:
                self.load -= 1

    verdict = GROWTH.check(MyThreadPool)
    assert not verdict
    assert "never ran" in verdict.says
    assert "Does every thread come back" in verdict.hint


def test_a_lock_that_is_held_while_a_task_runs_hangs_the_pool():
    class MyThreadPool(GROWTH.make_solution()):
        def work(self):
            while True:
                task = self.queue.get()
                with self.lock:
                    task()
                    self.load -= 1

    verdict = GROWTH.check(MyThreadPool)
    assert not verdict
    assert verdict.says == "There was a thread for task b, and b did not begin while task a ran."
    assert "Is the lock held" in verdict.hint


def test_a_lock_that_is_held_in_get_hangs_the_pusher():
    class MyThreadPool(GROWTH.make_solution()):
        def work(self):
            while True:
                with self.lock:
                    task = self.queue.get()
                task()
                with self.lock:
                    self.load -= 1

    verdict = GROWTH.check(MyThreadPool)
    assert verdict.says.startswith("Deadlock")
    assert "while a thread waits in `get()`" in verdict.hint


def test_the_empty_queue_of_a_busy_pool_is_named_with_the_schedule_that_shows_it():
    mistake = next(each for each in GROWTH.mistakes if each.make.__name__ == "looks_at_the_queue")
    verdict = GROWTH.check(mistake.make())
    assert verdict.says.endswith("when b had been pushed, a was in progress.")
    assert str(verdict.failure.schedule) != "default"
    assert isinstance(verdict.trace, Trace)
