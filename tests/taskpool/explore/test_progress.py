"""What a long search shows meanwhile."""

from explore_programs import philosophers

from taskpool.explore import explore
from taskpool.explore.progress import Bar
from taskpool.explore.report import Report


def test_the_bar_is_the_share_of_the_schedules_that_are_allowed():
    bar = Bar()
    bar.most = 2_000
    assert bar.line(Report("dinner", "dfs", schedules=500, seconds=2.0)) == (
        "dinner: [#####...............] 500 schedules, of at most 2,000, 250/s"
    )
    assert bar.line(Report("dinner", "dfs", schedules=500, seconds=2.0, exhausted=True)) == (
        "dinner: [####################] 500 schedules, all, 250/s"
    )


def test_it_is_shown_and_goes_on_when_the_search_is_resumed(capsys):
    report = explore(philosophers(3), "dfs", max_schedules=42, progress=True)
    assert "[####################] 42 schedules, of at most 42" in capsys.readouterr().err
    report.resume(84)
    assert "[####################] 126 schedules, of at most 126" in capsys.readouterr().err
    report.resume()
    assert "168 schedules, all" in capsys.readouterr().err
