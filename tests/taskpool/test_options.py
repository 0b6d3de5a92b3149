"""Options: defaults, the original's corrections, each with a warning, and what is refused, with its name and value."""

from __future__ import annotations

import warnings
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskpool import TaskPool, TaskPoolOptions, ThreadPool, ThreadPoolOptions
from taskpool.errors import OptionError
from taskpool.options import with_overrides
from taskpool.registry import names
from taskpool.runtime import RealRuntime

SIZES = ("minimum_size", "initial_size", "max_size")


def sizes(options: TaskPoolOptions) -> tuple[int, ...]:
    return tuple(getattr(options, name) for name in SIZES)


def made(**given: Any) -> tuple[TaskPoolOptions, list[str]]:
    """Options, and what the warnings said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        options = TaskPoolOptions(**given)
    return options, [str(warning.message) for warning in caught]


def test_defaults_need_no_correction() -> None:
    options, told = made()
    assert (sizes(options), options.growth_threshold, told) == ((4, 4, 4), 250, [])
    assert ThreadPoolOptions() == ThreadPoolOptions(idle_timeout=60, auto_increment=5, initial_size=0, max_size=0)


def test_pjsips_and_stasis_defaults_need_no_correction() -> None:
    pjsip, told = made(minimum_size=4, initial_size=4, auto_increment=1, idle_timeout=60, max_size=50)
    assert (sizes(pjsip), told) == ((4, 4, 50), [])
    stasis, told = made(minimum_size=5, initial_size=5, auto_increment=1, idle_timeout=20, max_size=50)
    assert (sizes(stasis), told) == ((5, 5, 50), [])


@pytest.mark.parametrize(
    ("given", "sizes_used", "warning"),
    [
        ((3, 1, 9, 1), (3, 3, 9), "initial_size=1 is below minimum_size: using 3"),
        ((0, 4, 2, 1), (0, 4, 4), "max_size=2 is below initial_size: using 4"),
        ((3, 3, 7, 0), (7, 7, 7), "the size is fixed: minimum_size=3 and initial_size=3 become max_size=7"),
        ((5, 5, 2, 0), (2, 2, 2), "the size is fixed: minimum_size=5 and initial_size=5 become max_size=2"),
        ((0, 1, 0, 0), (1, 1, 1), "minimum_size=0 without auto_increment: using minimum_size=1"),
    ],
)
def test_sizes_are_corrected_with_a_warning(given: tuple[int, ...], sizes_used: tuple[int, ...], warning: str) -> None:
    options, told = made(**dict(zip((*SIZES, "auto_increment"), given, strict=True)))
    assert sizes(options) == sizes_used
    assert len(told) == 1 and warning in told[0]


def test_an_unknown_selector_is_replaced_by_the_default() -> None:
    options, told = made(selector="fastest")
    assert options.selector == "least_full"
    assert told == ["selector='fastest' is unknown (known: least_full, sequential): using 'least_full'"]


size = st.integers(0, 6)


@given(size, size, size, size)
def test_corrections_follow_the_originals_rules(minimum: int, initial: int, most: int, increment: int) -> None:
    options, told = made(minimum_size=minimum, initial_size=initial, max_size=most, auto_increment=increment)
    if not increment:
        most = most or minimum or 1  # not given: nothing to warn of
    wanted = (minimum, initial, most)
    if not increment:
        minimum = minimum or 1
        if minimum != most or initial > most:
            minimum = initial = most
    initial = max(initial, minimum)
    most = max(most, initial) if most else 0
    assert sizes(options) == (minimum, initial, most)
    assert bool(told) == (wanted != (minimum, initial, most))
    assert made(**{f.name: getattr(options, f.name) for f in fields(options)}) == (options, [])


BAD: list[tuple[str, Any]] = [
    *((name, value) for name in (*SIZES, "auto_increment", "high_water") for value in (-1, 1.5, "3", None, True)),
    *(("growth_threshold", value) for value in (-1, 1.5, "3", True)),
    *(("idle_timeout", value) for value in (-1, "3", None, True, float("nan"), float("inf"), 1e12)),
    *((name, value) for name in ("thread_start", "thread_end") for value in (1, "hook")),
    ("high_water", 0),
    ("grow_when", "never"),
    ("no_such_option", 1),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_cannot_be_corrected_is_refused_with_its_name_and_value(name: str, value: Any) -> None:
    for pool, options in ((TaskPool, TaskPoolOptions), (ThreadPool, ThreadPoolOptions)):
        runtime = RealRuntime()
        with pytest.raises(OptionError) as caught:
            pool("pool", runtime=runtime, **{name: value})
        assert str(caught.value).startswith(f"{name}={value!r}: ")
        assert names("pool", runtime) == []
        if name in {f.name for f in fields(options)}:
            with pytest.raises(OptionError, match=name):
                options(**{name: value})


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_pools_name_is_a_non_empty_string(design: str, lab: Any, name: Any) -> None:
    with pytest.raises(OptionError, match=f"name={name!r}"):
        lab.open(design, 1, name)


def test_sizes_given_alone_set_what_depends_on_them() -> None:
    cases: list[tuple[dict[str, int], tuple[int, ...]]] = [
        ({"minimum_size": 2}, (2, 2, 2)),
        ({"initial_size": 3}, (3, 3, 3)),
        ({"max_size": 1}, (1, 1, 1)),
        ({"max_size": 0}, (4, 4, 4)),
        ({"initial_size": 2, "max_size": 8, "auto_increment": 1}, (2, 2, 8)),
        ({"minimum_size": 0, "max_size": 1, "auto_increment": 1}, (0, 0, 1)),
    ]
    for given_sizes, used in cases:
        assert sizes(with_overrides(TaskPoolOptions, None, dict(given_sizes))) == used, given_sizes


def test_single_options_replace_those_of_an_options_object() -> None:
    options = TaskPoolOptions(minimum_size=2, initial_size=2, max_size=8, auto_increment=1)
    with TaskPool("pool", options, runtime=RealRuntime(), max_size=3) as pool:
        assert sizes(pool.options) == (2, 2, 3)
    assert options.max_size == 8
    with pytest.raises(FrozenInstanceError):
        options.max_size = 9  # type: ignore[misc]


def test_a_warning_points_at_who_gave_the_options() -> None:
    def give() -> None:
        TaskPoolOptions(selector="x")
        TaskPoolOptions(minimum_size=9)
        TaskPool("pool", runtime=RealRuntime(), selector="x").shutdown()
        ThreadPool("pool", runtime=RealRuntime(), initial_size=3, max_size=2).shutdown()
        TaskPool("pool", TaskPoolOptions(), runtime=RealRuntime(), selector="x").shutdown()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        give()
    first = give.__code__.co_firstlineno
    assert [(w.filename, w.lineno - first) for w in caught] == [(__file__, n) for n in (1, 2, 3, 4, 5)]


def test_the_shipped_defaults_have_names_of_their_own() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pjsip, stasis = TaskPoolOptions.pjsip(), TaskPoolOptions.stasis()
    assert (sizes(pjsip), pjsip.auto_increment, pjsip.idle_timeout) == ((4, 4, 50), 1, 60)
    assert (sizes(stasis), stasis.auto_increment, stasis.idle_timeout) == ((5, 5, 50), 1, 20)
