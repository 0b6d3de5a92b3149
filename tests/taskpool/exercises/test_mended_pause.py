"""The mended pause: what is found of answers that mend one fault and not another."""

import pytest

from taskpool.exercises import exercise

MENDED = exercise("mended-pause")


def test_the_solution_is_tried_on_three_faults_of_what_shipped_and_a_resume_too_many():
    assert MENDED.check(MENDED.make_solution()).coverage.count("Exhausted") == 4


def waits_for_the_first_with_an_event():
    class MyPause(MENDED.make_solution()):
        """The lock is not held while the session becomes still."""

        def __init__(self, session, runtime):
            super().__init__(session, runtime)
            self.still = None
            self.runtime = runtime

        def suspend(self):
            with self.lock:
                self.count += 1
                first = self.count == 1
                if first:
                    self.still = self.runtime.Event()
                still = self.still
            if first:
                self.session.suspend()
                still.set()
            else:
                still.wait()

    return MyPause


def test_a_resume_that_overtakes_the_pause_is_found_even_where_others_wait_for_it():
    """The count says suspended before the session is: the resume is lost, as in the shipped pause itself."""
    verdict = MENDED.check(waits_for_the_first_with_an_event())
    assert not verdict
    assert verdict.run.outcome == "deadlocked"
    assert "before the pause was in force" in verdict.hint


def forgets_the_session():
    class MyPause(MENDED.make_solution()):
        def unsuspend(self):
            with self.lock:
                self.count -= 1

    return MyPause


def pauses_nothing():
    class MyPause(MENDED.make_solution()):
        def suspend(self):
            with self.lock:
                self.count += 1

    return MyPause


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(forgets_the_session(), "deadlocked"), (pauses_nothing(), "failed")],
    ids=["resume", "pause"],
)
def test_half_a_pause_is_none(answer, outcome):
    verdict = MENDED.check(answer)
    assert not verdict
    assert verdict.hint
    assert verdict.run.outcome == outcome
