"""A module of the package is called like its main function and keeps its other names."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import pytest

from visualize._callable import CallableModule, make_callable

SOURCE = '''
"""A lane, drawn."""
from visualize._callable import make_callable

def lane_drawn(run, *, width=80):
    """Draw one run."""
    return run, width

def text(run):
    return f"text of {run}"

make_callable(__name__, lane_drawn)
'''


@pytest.fixture
def lane_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "lane_drawn.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("lane_drawn")
    sys.modules.pop("lane_drawn", None)


def test_a_module_is_called_like_its_main_function(lane_drawn):
    assert lane_drawn("old") == ("old", 80)
    assert lane_drawn("old", width=40) == ("old", 40)


def test_the_other_names_stay_reachable(lane_drawn):
    from lane_drawn import text

    assert lane_drawn.text("old") == "text of old"
    assert text is lane_drawn.text
    assert lane_drawn.lane_drawn("old") == ("old", 80)
    assert lane_drawn.__doc__ == "A lane, drawn."


def test_the_signature_shown_is_the_functions(lane_drawn):
    assert isinstance(lane_drawn, CallableModule)
    assert str(inspect.signature(lane_drawn)) == "(run, *, width=80)"


def test_a_reload_takes_the_new_function(lane_drawn, tmp_path):
    (tmp_path / "lane_drawn.py").write_text(SOURCE.replace("return run, width", "return 'new text of the module'"))
    importlib.reload(lane_drawn)
    assert lane_drawn("old") == "new text of the module"


def test_an_unknown_module_is_an_error():
    with pytest.raises(KeyError, match="no_such_module"):
        make_callable("no_such_module", len)
