"""A fixed sample of the proof: every program of one call a thread, and some of two; `make prove` does them all."""

import subprocess
import sys

import pytest

from taskpool.explore import explore
from tests.proof.programs import Program, all_programs, random_programs
from tests.proof.prove import OUTSIDE, ROOT, prove

SAMPLE = [
    "push:A stop:A | push:A go:A on 1",
    "stop:A push:A | stop:A go:A on 2",
    "stop:A wait:A | go:A on 1",
    "nest:AB | nest:BA on 2",
    "wait:A | nest:AB end on 1",
    "stop:B | nest:AB push:A on 1",
    "push:A end | wait:A on 2",
    "stop:A end | push:A wait:A on 1",
    "nest:AA | stop:A on 2",
    "stop:A wait:A | go:A stop:A on 1",
]


def test_every_program_of_one_call_a_thread_keeps_its_promises():
    programs = list(all_programs(1))
    reports = {str(program): explore(program) for program in programs}
    assert [name for name, report in reports.items() if not report.exhausted or report.failures] == []
    assert len(programs) == 74


@pytest.mark.parametrize("text", SAMPLE)
def test_a_program_of_two_calls_a_thread_keeps_its_promises(text):
    line = prove(("all", text, 100_000))
    assert (line["how"], line["failures"]) == ("exhausted", [])


def test_random_programs_are_as_many_as_asked_for_and_all_different():
    programs = [str(program) for program in random_programs(200)]
    assert len(set(programs)) == len(programs) == 200
    assert programs[:50] == [str(program) for program in random_programs(50)]


def test_programs_are_written_and_read_alike():
    for program in all_programs(1):
        assert Program.parse(str(program)) == program


def test_a_broken_promise_is_found(monkeypatch):
    from taskpool.serializer import Serializer

    monkeypatch.setattr(Serializer, "_discard", lambda self, task, *_: setattr(task, "done", True))
    line = prove(("all", "stop:A end | push:A on 1", 10_000))
    assert line["how"] == "failed"
    assert "lost: tasks" in line["failures"][0]


def test_what_its_digest_leaves_out_is_not_imported_by_the_proof():
    code = (
        "import sys; from tests.proof.prove import prove; prove(('all', 'nest:AB | stop:A on 2', 10));"
        "print(*(name for name in sys.modules if name.startswith('taskpool.')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[1] for name in ran.stdout.split()}
    assert {"pool", "serializer", "explore", "runtime"} <= loaded
    assert not loaded & {part.removesuffix(".py") for part in OUTSIDE}
    assert all((ROOT / "taskpool" / part).exists() for part in OUTSIDE)
