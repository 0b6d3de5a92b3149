"""What the workloads measure, by the letter that picks one. Apart from them, so that help costs no imports."""

from __future__ import annotations

__all__ = ["TITLES"]

TITLES: dict[str, str] = {
    "a": "tasks that push themselves again",
    "b": "pairs of serializers that pass a task back and forth",
    "c": "pushes from outside until drained",
    "d": "push_wait from outside",
    "e": "push_wait from inside",
    "f": "many serializers paused at once",
    "g": "a and b with 1 to 200 threads",
    "h": "recording off and on",
    "i": "processor time of a load at a fixed rate",
    "j": "memory of a queued task, an idle serializer, a recorded event",
}
