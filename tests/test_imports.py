"""How the packages hang together: imports point one way, taskpool needs nothing, every name has one home."""

from __future__ import annotations

import ast
import importlib
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("taskpool", "visualize")

# Lower levels first: no module may reach one of a later level by what it imports when it is itself imported.
LEVELS = (
    ("taskpool.errors", "taskpool.events", "taskpool.runtime"),
    ("taskpool.recorder", "taskpool.trace"),
    ("taskpool.taskprocessor",),
    ("taskpool.selector",),
    ("taskpool.pool",),
    ("taskpool.serializer",),
    ("taskpool.history",),
)

# What a part may import of the packages, at any moment; a package stands for all that is in it.
CORE = "taskpool's own modules"
DRAWING = (
    "visualize",
    "taskpool.errors",
    "taskpool.events",
    "taskpool.trace",
    "taskpool.scenarios",
    "taskpool.explore.schedule",
)
MAY_IMPORT = {
    "taskpool.runtime": ("taskpool.runtime", "taskpool.errors", "taskpool.events"),
    "taskpool.explore": (
        "taskpool.explore",
        "taskpool.runtime",
        "taskpool.errors",
        "taskpool.events",
        "taskpool.recorder",
        "taskpool.trace",
    ),
    "taskpool.scenarios": ("taskpool.scenarios", CORE),
    "taskpool.bench": ("taskpool.bench", "taskpool.explore", CORE),
    "taskpool.exercises": ("taskpool.exercises", "taskpool.explore", "taskpool.scenarios", CORE),
    "taskpool.__main__": ("taskpool", "visualize"),
    "taskpool": (CORE,),
    "visualize": DRAWING,
    # What a learner acts with, and not only looks at, uses what it acts on by its public names.
    "visualize.live_pool": (*DRAWING, "taskpool"),
    "visualize.stepper": (*DRAWING, "taskpool.explore"),
    "visualize.stepper_view": (*DRAWING, "taskpool.explore", "taskpool"),
    "visualize.stepper_search": (*DRAWING, "taskpool.explore", "taskpool.runtime"),
}

# The places of taskpool that may ask for more than the standard library, and only inside a call.
THIRD_PARTY = {"taskpool.frame": {"numpy", "pandas"}, "taskpool.bench.report": {"pandas"}}

# Threads, locks and clocks come from the runtime; the exception that a queue raises may be caught,
# and processor time, which no runtime has, may be read.
THREADING = {"_thread", "threading", "queue", "time", "multiprocessing", "asyncio"}
OUTSIDE_THE_SEAM = {"queue.Empty", "time.process_time"}


@dataclass(frozen=True)
class Import:
    """One imported name: its full name, and whether importing the module is enough to import it."""

    name: str
    at_once: bool


def imports_of(source: str) -> set[Import]:
    """All imports of a module except those for type checkers alone."""
    found: set[Import] = set()

    def visit(node: ast.AST, at_once: bool) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.orelse:
                visit(child, at_once)
            return
        if isinstance(node, ast.Import):
            found.update(Import(alias.name, at_once) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            found.update(Import(f"{node.module}.{alias.name}", at_once) for alias in node.names)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, at_once and not inside)

    visit(ast.parse(source), at_once=True)
    return found


@cache
def sources() -> dict[str, Path]:
    """Every module of the packages by its name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def is_within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def module_of(name: str) -> str:
    """The module that an imported name is, or is in."""
    while name not in sources():
        name = name.rpartition(".")[0]
    return name


@cache
def own_imports(module: str, *, at_once_only: bool = False) -> frozenset[str]:
    """The packages' modules that a module imports; a package's own __init__ comes with each of its modules."""
    found = {
        module_of(imported.name)
        for imported in imports_of(sources()[module].read_text(encoding="utf-8"))
        if imported.name.partition(".")[0] in PACKAGES and (imported.at_once or not at_once_only)
    }
    return frozenset(found - {module})


@cache
def foreign_imports(module: str) -> frozenset[Import]:
    imported = imports_of(sources()[module].read_text(encoding="utf-8"))
    return frozenset(one for one in imported if one.name.partition(".")[0] not in (*PACKAGES, "__future__"))


def reached_from(module: str) -> set[str]:
    """All of the packages' modules that importing this one imports."""
    reached: set[str] = set()
    left = [module]
    while left:
        for imported in own_imports(left.pop(), at_once_only=True) - reached:
            reached.add(imported)
            left.append(imported)
    return reached


def part_of(module: str) -> str:
    """The longest entry of MAY_IMPORT that the module is within."""
    return max((part for part in MAY_IMPORT if is_within(module, part)), key=len)


def may_import(module: str, imported: str) -> bool:
    for allowed in MAY_IMPORT[part_of(module)]:
        if allowed == CORE:
            if part_of(imported) == "taskpool" or is_within(imported, "taskpool.runtime"):
                return True
        elif is_within(imported, allowed):
            return True
    return False


def public_names(module: str) -> list[str] | None:
    """What a module lists in `__all__`; None if there is no such list of plain strings."""
    for node in ast.parse(sources()[module].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names = ast.literal_eval(node.value)
            return names if isinstance(names, list) else None
    return None


def defined_names(module: str) -> set[str]:
    """What a module itself defines at its top level, also behind an ``if``."""
    names: set[str] = set()
    left: list[ast.stmt] = list(ast.parse(sources()[module].read_text(encoding="utf-8")).body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.If | ast.Try):
            left += [*node.body, *node.orelse]
    return names


MODULES = sorted(sources())
every_module = pytest.mark.parametrize("module", MODULES)
every_module_of_taskpool = pytest.mark.parametrize("module", [name for name in MODULES if is_within(name, "taskpool")])


def test_the_parser_sees_what_is_imported_and_when():
    source = """
import os.path
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from taskpool.pool import TaskPool
else:
    import json
class Late:
    from taskpool import events
    def call(self):
        import pandas as pd
"""
    assert imports_of(source) == {
        Import("os.path", at_once=True),
        Import("typing.TYPE_CHECKING", at_once=True),
        Import("json", at_once=True),
        Import("taskpool.events", at_once=True),
        Import("pandas", at_once=False),
    }
    with pytest.raises(AssertionError, match="line 1: imports are absolute"):
        imports_of("from . import events")


def test_the_rules_tell_parts_apart():
    assert part_of("taskpool.runtime.real") == "taskpool.runtime"
    assert part_of("taskpool.recorder") == "taskpool"
    assert may_import("taskpool.scenarios.runner", "taskpool.recorder")
    assert may_import("visualize.compare", "visualize.timeline")
    assert not may_import("taskpool.recorder", "taskpool.scenarios")
    assert not may_import("taskpool.recorder", "visualize")
    assert not may_import("taskpool.runtime.real", "taskpool.recorder")
    assert not may_import("visualize.timeline", "taskpool.pool")


@every_module
def test_a_module_imports_only_what_its_part_may(module):
    wrong = sorted(imported for imported in own_imports(module) if not may_import(module, imported))
    assert wrong == [], f"{module} (part: {part_of(module)}) may not import {wrong}"


@pytest.mark.parametrize("level", range(len(LEVELS) - 1))
def test_no_level_reaches_one_above(level):
    above = [member for members in LEVELS[level + 1 :] for member in members]
    for module in [name for name in MODULES if any(is_within(name, member) for member in LEVELS[level])]:
        wrong = sorted(name for name in reached_from(module) if any(is_within(name, member) for member in above))
        assert wrong == [], f"importing {module} imports {wrong}, of a level above"


@every_module
def test_no_module_imports_itself_in_a_circle(module):
    assert module not in reached_from(module)


def test_the_older_pool_and_the_newer_one_do_not_need_each_other():
    assert not {"taskpool.pool", "taskpool.serializer"} & reached_from("taskpool.threadpool")
    assert not {"taskpool.threadpool"} & reached_from("taskpool.pool")


@every_module_of_taskpool
def test_taskpool_imports_the_standard_library_only(module):
    foreign = {one for one in foreign_imports(module) if one.name.partition(".")[0] not in sys.stdlib_module_names}
    assert {one.name.partition(".")[0] for one in foreign} <= THIRD_PARTY.get(module, set())
    assert not any(one.at_once for one in foreign)


@every_module_of_taskpool
def test_threads_and_clocks_come_from_the_runtime(module):
    names = {one.name for one in foreign_imports(module)} - OUTSIDE_THE_SEAM
    outside = {name for name in names if name.partition(".")[0] in THREADING}
    assert not outside or is_within(module, "taskpool.runtime")


@every_module
def test_every_module_lists_its_public_names(module):
    names = public_names(module)
    assert names is not None, f"{module} has no __all__, or not as a list of names"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("module", [name for name in MODULES if sources()[name].name != "__init__.py"])
def test_a_module_lists_only_what_it_defines(module):
    assert sorted(set(public_names(module) or ()) - defined_names(module)) == []


@pytest.mark.parametrize("package", [name for name in MODULES if sources()[name].name == "__init__.py"])
def test_what_a_package_offers_has_one_home(package):
    modules = [name for name in sources() if is_within(name, package) and name != package]
    homes = Counter(
        name
        for module in modules
        if sources()[module].name != "__init__.py"
        for name in public_names(module) or ()
        if name in defined_names(module)
    )
    offered = [
        name
        for name in public_names(package) or ()
        if f"{package}.{name}" not in modules and name not in defined_names(package)
    ]
    assert {name: homes[name] for name in offered} == dict.fromkeys(offered, 1)


def test_what_taskpool_offers_can_be_had():
    taskpool = importlib.import_module("taskpool")
    for name in taskpool.__all__:
        assert getattr(taskpool, name).__name__ == name


@pytest.mark.parametrize("name", public_names("visualize"))
def test_what_learners_type_of_visualize_can_be_called(name):
    assert callable(getattr(importlib.import_module("visualize"), name))


def test_the_other_modules_of_visualize_can_be_had_too():
    visualize = importlib.import_module("visualize")
    for name in MODULES:
        if name.startswith("visualize."):
            assert getattr(visualize, name.removeprefix("visualize.")) is sys.modules[name]
    with pytest.raises(AttributeError, match="module 'visualize' has no attribute 'no_such_picture'"):
        visualize.no_such_picture  # noqa: B018 - the look at it is what is tested
