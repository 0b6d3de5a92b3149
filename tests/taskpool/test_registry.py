"""Names are unique while their owner is open, and free again afterwards."""

import pytest

from taskpool.errors import DuplicateNameError, OptionError
from taskpool.registry import alert_count, claim, names, next_number, raise_alert, release
from taskpool.runtime import RealRuntime


def test_a_name_is_taken_once_and_free_after_its_release() -> None:
    runtime, owner, other = RealRuntime(), object(), object()
    claim(runtime, "pool", "p", owner)
    with pytest.raises(DuplicateNameError, match="'p' is open: shut it down first"):
        claim(runtime, "pool", "p", other)
    claim(runtime, "serializer", "p", other)
    release(runtime, "pool", "p", other)
    assert names("pool", runtime) == ["p"]
    release(runtime, "pool", "p", owner)
    assert (names("pool", runtime), names("serializer", runtime)) == ([], ["p"])


@pytest.mark.parametrize("name", ["", None, 7])
def test_a_name_is_a_non_empty_string(name: object) -> None:
    with pytest.raises(OptionError, match="name="):
        claim(RealRuntime(), "pool", name, object())  # type: ignore[arg-type]


def test_numbers_for_made_up_names_go_up() -> None:
    runtime = RealRuntime()
    assert [next_number(runtime) for _ in range(3)] == [0, 1, 2]


def test_alerts_are_counted_in_all_and_by_subsystem() -> None:
    runtime = RealRuntime()
    for subsystem, by in (("pjsip", 1), ("stasis", 1), ("pjsip", 1), ("stasis", -1)):
        raise_alert(runtime, subsystem, by)
    assert [alert_count(s, runtime) for s in ("", "pjsip", "stasis")] == [2, 2, 0]
