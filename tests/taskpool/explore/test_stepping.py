"""The learner chooses who goes on, looks at the threads, and goes back."""

from __future__ import annotations

import pytest
from explore_programs import crossing, lost_update

from taskpool.explore import replay
from taskpool.explore.errors import ExploreError
from taskpool.explore.stepping import Stepper


def test_stepping_into_a_deadlock_and_out_of_it_again():
    with Stepper(crossing) as run:
        assert run.enabled() == (1, 2)
        assert run.step().operation == "acquire fork 0"
        assert run.step("philosopher 1").operation == "acquire fork 1"
        assert run.enabled() == ()
        assert [(s.name, s.state, s.text) for s in run.state()] == [
            ("main", "ended", ""),
            ("philosopher 0", "waits", "waits for fork 1, which philosopher 1 holds"),
            ("philosopher 1", "waits", "waits for fork 0, which philosopher 0 holds"),
        ]
        assert run.finding().kind == "deadlock"
        assert run.schedule == "1:2"
        run.undo()
        assert run.enabled() == (1, 2)
        run.run()
        assert run.ended
        assert run.finding() is None
        assert run.schedule == "default"


def test_undo_goes_back_any_number_of_steps():
    with Stepper(lost_update) as run:
        for thread in (1, 2, 2, 1):
            run.step(thread)
        assert run.finding().kind == "assertion"
        assert run.schedule == "1:2"
        run.undo(3)
        assert [(s.name, s.state, s.text) for s in run.state()][1:] == [
            ("one", "can go on", "write total"),
            ("other", "can go on", "read total"),
        ]
        run.undo()
        assert repr(run) == "<Stepper after 0 steps, 2 threads can go on>"
        with pytest.raises(ExploreError, match=r"undo\(1\): 0 steps have been taken"):
            run.undo()


def test_time_passes_when_nobody_can_go_on():
    def program(runtime):
        runtime.spawn(runtime.sleep, 2, name="sleeper")

    with Stepper(program) as run:
        assert run.time == 0
        assert run.enabled() == (1,)
        assert run.time == 2
        run.step()
        assert run.ended
        with pytest.raises(ExploreError, match="the run has ended"):
            run.step()


def test_who_cannot_go_on_cannot_be_chosen():
    with Stepper(crossing) as run:
        run.step(1)
        run.step(1)
        with pytest.raises(ExploreError, match=r"thread 2 cannot go on now; these can: 1 \(philosopher 0\)"):
            run.step(2)
        with pytest.raises(ExploreError, match="thread 'nobody' cannot go on now"):
            run.step("nobody")


def test_what_was_stepped_can_be_replayed():
    with Stepper(lost_update) as run:
        for thread in (2, 1, 1, 2):
            run.step(thread)
        schedule = run.schedule
    assert schedule == "0:2 1:1"
    assert [moment.thread for moment in replay(lost_update, schedule).moments] == [2, 1, 1, 2]


def test_a_thread_is_known_by_its_place_among_its_parents_children():
    with Stepper(crossing) as run:
        before = [run.identity(number) for number in range(3)]
        run.step(2)
        run.undo()
        assert [run.identity(number) for number in range(3)] == before
        assert len(set(before)) == 3
        with pytest.raises(ExploreError, match="there is no thread 3: 3 have been spawned, numbered from 0"):
            run.identity(3)


def test_a_threads_frame_is_where_it_stands_and_none_once_it_has_ended():
    with Stepper(crossing) as run:
        assert run.frame(0) is None
        frame, names = run.frame(1), []
        while frame is not None:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        assert names[:3] == ["reach", "__enter__", "dine"]
        with pytest.raises(ExploreError, match="there is no thread -1"):
            run.frame(-1)


def test_what_threads_raise_is_kept_with_their_names():
    def program(runtime):
        def fail():
            raise ValueError("no")

        runtime.spawn(fail, name="failing")

    with Stepper(program) as run:
        assert [(name, repr(error)) for name, error in run.errors] == [("failing", "ValueError('no')")]
