"""What the workloads measure, by the letter that picks one. Apart from them, so that help costs no imports."""

from __future__ import annotations

__all__ = ["TITLES"]

TITLES: dict[str, str] = {
    "a": "tasks that push themselves again",
    "b": "pairs of serializers that pass a task back and forth",
    "c": "pushes from outside until drained",
    "d": "push_wait from outside",
    "e": "push_wait from inside",
}
