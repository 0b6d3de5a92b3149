"""The README is true: its program runs, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from taskpool.scenarios import list_scenarios
from tools.still import draw

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.threads
def test_the_program_runs(capsys):
    [program] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(program, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["INVITE", "BYE"]
    assert lines[2].startswith("200 OK ")
    assert lines[-1] == "deadlocked completed"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_and_commands_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.MULTILINE)) <= targets
    stories = re.findall(r"python -m taskpool run ([a-z-]+)", text)
    assert set(stories) <= set(list_scenarios())


def test_it_opens_with_the_picture_and_what_one_sees():
    _title, first, picture, _which, lines = README.split("\n\n")[:5]
    assert first.count("\n") == 0
    assert picture.startswith("![") and picture.endswith("](docs/comparison.svg)")
    assert re.findall(r"^[0-9]\.", lines, re.MULTILINE) == ["1.", "2.", "3.", "4.", "5."]


def test_the_picture_is_what_the_program_draws_today():
    assert (ROOT / "docs" / "comparison.svg").read_text(encoding="utf-8") == draw(), "run `make still`"
