"""What a stepper shows: its threads with what each could do, the pools' queues and waits, and what was done.

`view_of` says it all in JSON's types, for the panel; `text_of` writes the same as text.
"""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import taskpool
from taskpool.explore.replay import Moment
from taskpool.explore.stepping import ThreadState
from visualize import timeline
from visualize._sentences import Narrator
from visualize._why import Explainer
from visualize._words import amount, listed, seconds, short_name, task_name
from visualize.palette import cleaned, shortened
from visualize.state import State, States
from visualize.stepper_words import meaning_of, operation_text, wait_text

if TYPE_CHECKING:
    from visualize.stepper import Stepper

__all__ = ["standing", "text_of", "view_of"]

_FOLDER = Path(taskpool.__file__).parent
_MACHINERY = tuple(str(_FOLDER / part) for part in ("runtime", "explore"))
_PROGRAMS = str(_FOLDER / "scenarios")
_LAST_MOVES = 200
_QUEUED = 12
_STAGE_EVENTS = 400


def standing(frame: FrameType | None) -> tuple[str, str]:
    """The line of the program at which a thread stands, and its text: of the program's own code, where it is in any."""
    inside: FrameType | None = None
    while frame is not None:
        name = frame.f_code.co_filename
        if name == threading.__file__:  # it began the system's thread, and is nobody's program
            break
        if not name.startswith(str(_FOLDER)):
            return _line(frame)
        if inside is None and not name.startswith(_MACHINERY):
            inside = frame
        if name.startswith(_PROGRAMS) and Path(name).name not in ("context.py", "program.py", "lane.py"):
            return _line(frame)
        frame = frame.f_back
    return ("", "") if inside is None else _line(inside)


def _line(frame: FrameType) -> tuple[str, str]:
    path = frame.f_code.co_filename
    name = "cell" if "ipykernel" in path or path.startswith("<ipython-input") else Path(path).name
    code = linecache.getline(path, frame.f_lineno, frame.f_globals).strip()
    return f"{name}:{frame.f_lineno}", cleaned(code)


def view_of(stepper: Stepper, stride: str = "operation") -> dict[str, Any]:
    """Everything that is shown.

    Args:
        stepper: What is shown.
        stride: How far one choice goes, as `Stepper.step` says.
    """
    if stepper.closed:
        return {"title": stepper.title, "closed": True, "headline": f"Closed after {_steps(stepper)}."}
    threads = stepper.threads
    trace = stepper.trace
    state = States(trace).end
    narrator = Narrator(state.events, state.known)
    finding, judgement = stepper.finding, stepper.judgement
    able = set(stepper.choices)
    taken = stepper.taken
    over = not able
    short = _shortener(threads, state)
    headline = _headline(stepper, over, len(able), short)
    return {
        "title": stepper.title,
        "closed": False,
        "headline": headline,
        "over": over,
        "steps": len(taken),
        "moves": [_move(number, move, short) for number, move in enumerate(stepper.moves, 1)][-_LAST_MOVES:],
        "made": len(stepper.moves),
        "switches": stepper.switches,
        "counts": " · ".join((_steps(stepper), _switches(stepper), seconds(stepper._open().time))),
        "stride": stride,
        "schedule": stepper.schedule,
        "meaning": meaning_of(stepper.schedule, len(taken)),
        "goal": "" if stepper.goal is None else stepper.goal.text,
        "reached": judgement is not None and judgement.reached,
        "judgement": "" if judgement is None else judgement.text,
        "problems": [] if finding is not None and finding.error is not None else list(map(cleaned, stepper.raised)),
        "finding": None
        if finding is None
        else {
            "kind": str(finding.kind),
            "message": "" if finding.cycle else short(finding.message),
            "lines": [short(line) for line in finding.cycle or finding.waiting],
        },
        "threads": [_thread(stepper, one, state, narrator, short) for one in threads],
        "queues": _queues(state),
        "stage": timeline.svg(trace, by="order") if 0 < len(state.events) <= _STAGE_EVENTS else "",
        "events": [narrator.tell(event) for event in state.events[-6:]],
    }


def _shortener(threads: Sequence[ThreadState], state: State) -> Callable[[str], str]:
    """What calls threads and queues in a text as everywhere else in the panel, and cleans it."""
    names = {thread.name for thread in threads} | set(state.threads) | set(state.queues) | set(state.serializers)
    long = sorted((name for name in names if short_name(name) != name), key=len, reverse=True)

    def short(text: str) -> str:
        for name in long:
            text = text.replace(name, short_name(name))
        return cleaned(text)

    return short


def _steps(stepper: Stepper) -> str:
    return amount(len(stepper.taken), "step")


def _switches(stepper: Stepper) -> str:
    return amount(stepper.switches, "switch", "switches")


def _headline(stepper: Stepper, over: bool, able: int, short: Callable[[str], str]) -> str:
    """How things stand, in a sentence that is read aloud after each move."""
    moves = stepper.moves
    said = ""
    if moves:
        first, last = moves[-1][0], moves[-1][-1]
        who = short_name(first.name)
        did = short(operation_text(last.operation))
        said = f"{who} did: {did}. " if first is last else f"{amount(len(moves[-1]), 'step')}, {who} first. "
        if all(moment.thread == first.thread for moment in moves[-1]) and first is not last:
            said = f"{who} took {amount(len(moves[-1]), 'step')}, the last: {did}. "
    if not over:
        return f"{said}{amount(able, 'thread')} can go on."
    finding = stepper.finding
    if finding is None:
        return f"{said}The run has ended well."
    return (
        f"{said}{str(finding.kind).capitalize()}: nobody can go on." if finding.error is None else f"{said}It failed."
    )


def _move(number: int, move: tuple[Moment, ...], short: Callable[[str], str]) -> dict[str, Any]:
    names = list(dict.fromkeys(short_name(moment.name) for moment in move))
    more = f" … {operation_text(move[-1].operation)}" if len(move) > 1 else ""
    return {
        "number": number,
        "thread": cleaned(listed(names[:3]) + (" …" if len(names) > 3 else "")),
        "did": short(f"{operation_text(move[0].operation)}{more}"),
        "steps": len(move),
    }


def _thread(
    stepper: Stepper, one: ThreadState, state: State, narrator: Narrator, short: Callable[[str], str]
) -> dict[str, Any]:
    where, code = ("", "") if one.state == "ended" else standing(stepper._open().frame(one.number))
    known = state.threads.get(one.name)
    stack = () if known is None else tuple(narrator.task(running.task) for running in known.stack)
    text = one.text
    if one.state == "waits" and known is not None and known.waiting is not None:
        need = Explainer(state, narrator).needs(one.name)
        text = narrator.wait(state.events[known.waiting.since]) + (f". {need.text}" if need is not None else "")
    elif one.state == "waits":
        text = wait_text(text, _others(stepper, one))
    elif one.state == "can go on":
        text = operation_text(text)
    return {
        "number": one.number,
        "name": cleaned(one.name),
        "short": shortened(short_name(one.name), 40),
        "state": one.state,
        "text": short(text),
        "where": where or one.where,
        "code": shortened(code, 90),
        "stack": [cleaned(name) for name in stack],
    }


def _others(stepper: Stepper, one: ThreadState) -> list[str]:
    """The threads that could end a wait of one that names nobody."""
    return [
        short_name(other.name)
        for other in stepper._open().state()
        if other.number != one.number and other.state != "ended"
    ]


def _queues(state: State) -> list[dict[str, Any]]:
    shown = []
    for name in [*state.serializers, *(queue for queue in state.queues if queue not in state.serializers)]:
        queued = state.queues.get(name, ())
        serializer = state.serializers.get(name)
        note = ""
        if serializer is not None:
            note = serializer.status
            if serializer.executors:
                note += f" on {listed([short_name(thread) for thread in serializer.executors])}"
            if serializer.suspended_by:
                note += f" by {listed([short_name(thread) for thread in dict.fromkeys(serializer.suspended_by)])}"
        items = [cleaned(task_name(task, state.label(task))) for task in queued[:_QUEUED]]
        if len(queued) > _QUEUED:
            items.append(f"{len(queued) - _QUEUED} more")
        shown.append(
            {
                "name": cleaned(short_name(name)),
                "kind": "queue" if serializer is None else "serializer",
                "items": items,
                "note": cleaned(note),
            }
        )
    return shown


def text_of(stepper: Stepper) -> str:
    """The same as text, with what to type next."""
    view = view_of(stepper)
    width = max(len(thread["short"]) for thread in view["threads"])
    lines = [
        f"{view['title']}: {_steps(stepper)}, {amount(view['switches'], 'switch', 'switches')}. {view['headline']}"
    ]
    if view["goal"]:
        lines.append(f"Goal: {view['goal']}. {view['judgement']}")
    lines.append("")
    for thread in view["threads"]:
        mark = {"can go on": ">", "waits": "/", "ended": " "}[thread["state"]]
        place = f"  [{thread['where']}: {thread['code']}]" if thread["code"] else ""
        said = f"can {thread['text']}" if thread["state"] == "can go on" else thread["text"] or thread["state"]
        lines.append(f"{mark} {thread['short']:{width}}  {said}{place}")
        lines += [f"  {'':{width}}    in {name}" for name in thread["stack"]]
    used = [queue for queue in view["queues"] if queue["items"] or queue["kind"] == "serializer"]
    if used:
        lines.append("")
    for queue in used:
        note = f" ({queue['note']})" if queue["note"] else ""
        lines.append(f"{queue['kind']} {queue['name']}{note}: {', '.join(queue['items']) or 'empty'}")
    lines += ["", *view["problems"]] if view["problems"] else [""]
    if view["finding"] is not None:
        lines += [f"{view['finding']['kind']}: {view['finding']['message']}".rstrip(": ")]
        lines += [f"  · {line}" for line in view["finding"]["lines"]]
    meaning = f" ({view['meaning']})" if view["meaning"] else ""
    lines.append(f"schedule: {view['schedule']}{meaning}")
    names = [thread["short"] for thread in view["threads"] if thread["state"] == "can go on"]
    if names:
        lines.append(f"next: {' or '.join(f'.step({name!r})' for name in names)}; .undo(); .can_deadlock(); .run()")
    else:
        lines.append("next: .undo(), .load('1:2'), .close()")
    return "\n".join(lines)
