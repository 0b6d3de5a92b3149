"""The distributor exercise: answers that are right in another way, and wrong in a way of their own."""

from __future__ import annotations

import itertools

from taskpool.exercises import exercise

EACH = exercise("distributor")


def spread(serializers, choose):
    """An answer that has so many serializers from the beginning and chooses among them."""

    class MyDistributor:
        def __init__(self, pool):
            self.lines = [pool.serializer(f"distributor-{number}") for number in range(serializers)]
            self.numbers = itertools.count()

        def receive(self, call, message):
            self.lines[choose(self, call) % serializers].push(message)

    return MyDistributor


def test_a_fixed_number_of_lines_chosen_by_the_call_is_right():
    assert EACH.check(spread(31, lambda self, call: ord(call)))


def test_lines_in_turn_lose_the_order():
    verdict = EACH.check(spread(31, lambda self, call: next(self.numbers)))
    assert "in the hands of two threads" in verdict.hint


def test_a_message_that_is_dropped_is_missed():
    class MyDistributor(EACH.make_solution()):
        def receive(self, call, message):
            if call != "b":
                super().receive(call, message)

    verdict = EACH.check(MyDistributor)
    assert not verdict
    assert verdict.hint


def test_a_receiver_that_never_comes_back_is_reported():
    class MyDistributor(EACH.make_solution()):
        def receive(self, call, message):
            while True:
                pass

    verdict = EACH.check(MyDistributor)
    assert not verdict
    assert verdict.hint
