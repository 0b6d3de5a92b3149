"""The pools of a design: their sizes, and those of a configuration file; what does not go together."""

from __future__ import annotations

import pytest

from taskpool import TaskPool, TaskPoolOptions, ThreadPool, ThreadPoolOptions
from taskpool.__main__ import main
from taskpool.errors import OptionError
from taskpool.runtime.controlled import ControlledRuntime
from taskpool.scenarios.sip.pools import open_pools


def opened(design, **options):
    """Both pools' kinds and options."""
    runtime = ControlledRuntime()
    kept = []

    def body():
        for pool in open_pools(design, runtime=runtime, **options):
            kept.append((type(pool), pool.options))
            pool.shutdown()

    runtime.run(body)
    return kept


def test_without_options_a_design_has_its_own():
    assert opened("taskpool") == [(TaskPool, TaskPoolOptions.pjsip()), (TaskPool, TaskPoolOptions.stasis())]
    (kind, old), (_, stasis) = opened("threadpool")
    assert (kind, old.max_size, stasis) == (ThreadPool, 0, ThreadPoolOptions.stasis())
    assert [opened("threadpool-bounded", threads=number)[0][1].max_size for number in (None, 7)] == [4, 7]
    assert opened("taskpool", threads=3)[0][1].max_size == 3


def test_options_of_a_file_are_the_pools(tmp_path):
    conf = tmp_path / "pjsip.conf"
    conf.write_text("[system]\ntype=system\ntaskpool_minimum_size=2\ntaskpool_max_size=9\nthreadpool_max_size=5\n")
    with pytest.warns(DeprecationWarning, match="taskpool_max_size"):
        new = TaskPoolOptions.from_conf(conf)
    old = ThreadPoolOptions.from_conf(conf)
    assert opened("taskpool", pjsip=new)[0] == (TaskPool, new)
    assert opened("threadpool", pjsip=old)[0] == (ThreadPool, old)
    assert (new.minimum_size, new.max_size, old.max_size) == (2, 5, 5)
    assert opened("taskpool", stasis=new)[1] == (TaskPool, new)


@pytest.mark.parametrize(
    ("design", "options", "message"),
    [
        ("no", {}, "choose one of taskpool"),
        ("taskpool", {"threads": 0}, "at least 1"),
        ("taskpool", {"pjsip": ThreadPoolOptions()}, "ThreadPoolOptions is for the other design"),
        ("threadpool", {"stasis": TaskPoolOptions()}, "threadpool takes ThreadPoolOptions"),
        ("taskpool", {"pjsip": TaskPoolOptions(), "threads": 2}, "give no number"),
        ("threadpool-bounded", {"pjsip": ThreadPoolOptions()}, "nor threadpool-bounded"),
    ],
)
def test_what_does_not_go_together_is_refused(design, options, message):
    with pytest.raises(OptionError, match=message):
        open_pools(design, runtime=ControlledRuntime(), **options)


def test_the_command_names_file_and_line_and_deprecated_options(tmp_path, capsys):
    conf = tmp_path / "pjsip.conf"
    conf.write_text("[system]\ntype=system\ntaskpool_max_size=many\n")
    assert main(["sip", "--conf", str(conf)]) == 2
    err = capsys.readouterr().err
    assert f"{conf}:3" in err
    assert err.count("\n") == 1
    conf.write_text("[system]\ntype=system\nthreadpool_max_size=9\n")
    assert main(["sip", "--conf", str(conf), "--threads", "3"]) == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert "threadpool_max_size" in warning
    assert "taskpool_max_size" in warning
    assert "give no number" in error
    assert main(["sip", "--stasis-conf", str(tmp_path / "none.conf")]) == 2
    assert "none.conf" in capsys.readouterr().err
