"""What is installed: a package that needs nothing, and an extra that says its own name when it is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# In the fresh environment: import every module of taskpool, and say what else came with it.
IMPORT_ALL = """
import importlib, json, pkgutil, sys
before = set(sys.modules)
import taskpool
names = [module.name for module in pkgutil.walk_packages(taskpool.__path__, "taskpool.")]
for name in names:
    if name != "taskpool.__main__":
        importlib.import_module(name)
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps({"modules": len(names), "foreign": sorted(tops - set(sys.stdlib_module_names) - {"taskpool"})}))
"""

# The same for visualize: what is text, SVG or a plain number works; what is more says what it needs.
WITHOUT_EXTRA = """
from taskpool import Recorder, TaskPool
from taskpool.scenarios import compare_runs, program, run
from visualize import compare, live, metrics, narrate, player, quiz, state, stepper, timeline
runs = compare_runs("masquerade", threads=2, runtime="controlled")
old = runs["threadpool"]
print(metrics(old).totals["tasks never run"])
print(sum(thread.status == "blocked" for thread in state(old).threads.values() if thread.pool), "blocked")
assert "deadlock" in narrate.why(old, "pjsip-0") and str(narrate(old)[0])
print("told")
for shown in (compare(runs), timeline(old), metrics(old), metrics(old).threads_chart, player(runs), quiz(old)):
    assert repr(shown)
    assert shown._repr_mimebundle_()["text/html"]
timeline.svg(old)

def refused(use):
    try:
        use()
    except ImportError as error:
        print(f"ImportError: {error}")

refused(lambda: metrics(old).table)
refused(lambda: metrics(old).waits)
refused(lambda: compare(runs).table)
refused(lambda: timeline(old).figure)
refused(lambda: metrics(old).threads_chart.figure)
with TaskPool("p", recorder=Recorder()) as pool, live(pool) as panel:
    refused(panel._repr_mimebundle_)
steps = stepper(program("masquerade", "threadpool", threads=2))
refused(steps._repr_mimebundle_)
steps.close()
"""


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, away from the checkout; its output is part of the failure."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd="/"
    )
    assert done.returncode == 0 or not check, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    builder = f"import os, hatchling.build as b; os.chdir({str(ROOT)!r}); print(b.build_sdist({str(folder)!r}))"
    run(sys.executable, "-c", builder)
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution: so that has all that it takes."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", folder, sdist)
    [path] = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that has the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel)
    return python


def test_the_sdist_has_what_a_checkout_needs(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "Makefile", "environment.yml"} <= names
    assert {"tests/test_packaging.py", "tools/notebooks.py", "taskpool/__init__.py", "visualize/__init__.py"} <= names
    assert not {name for name in names if "__pycache__" in name or name.startswith(".venv")}


def test_the_wheel_has_the_two_packages_and_says_that_they_are_typed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {"taskpool/py.typed", "visualize/py.typed"} <= names
    assert tops == {"taskpool", "visualize", f"taskpool_lab-{PYPROJECT['project']['version']}.dist-info"}


def test_taskpool_needs_the_standard_library_only(bare):
    done = run(bare, "-I", "-c", IMPORT_ALL)
    modules = len([path for path in (ROOT / "taskpool").rglob("*.py") if path != ROOT / "taskpool" / "__init__.py"])
    assert done.stdout == f'{{"modules": {modules}, "foreign": []}}\n'


def test_the_command_line_works_without_any_extra(bare):
    assert "masquerade" in run(bare, "-I", "-m", "taskpool", "scenarios").stdout


def test_what_needs_no_extra_works_without_it(bare):
    done = run(bare, "-I", "-c", WITHOUT_EXTRA)
    told = done.stdout.splitlines()
    assert told[:3] == ["12", "2 blocked", "told"]
    assert told[3:] == [
        f"ImportError: {name} needs {package}, not installed here: "
        'install what draws the pictures with  pip install "taskpool-lab[visualize]"'
        for name, package in (
            ("metrics().table", "pandas"),
            ("metrics().waits", "pandas"),
            ("compare().table", "pandas"),
            ("a timeline's figure", "plotly"),
            ("a chart's figure", "plotly"),
            ("live", "anywidget"),
            ("the stepper's panel", "anywidget"),
        )
    ]


def test_visualize_names_just_what_its_extra_lists():
    extra = PYPROJECT["project"]["optional-dependencies"]["visualize"]
    source = (ROOT / "visualize" / "_extra.py").read_text(encoding="utf-8")
    [packages] = re.findall(r"_PACKAGES = \((.*)\)", source)
    assert sorted(re.findall(r'"(\w+)"', packages)) == sorted(one.partition(">=")[0] for one in extra)
    assert PYPROJECT["project"]["dependencies"] == []


def test_importing_visualize_imports_nothing_heavy():
    heavy = "import sys, visualize; print(sorted({'pandas', 'plotly', 'IPython', 'ipywidgets'} & set(sys.modules)))"
    assert run(sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {heavy}").stdout == "[]\n"


def test_conda_installs_from_the_one_list():
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    names = [line.strip().removeprefix("- ") for line in lines if line.startswith("  ")]
    assert names == ["conda-forge", "python=3.12", "pip", "pip:", "-e .[lab]"]
