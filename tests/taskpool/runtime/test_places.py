"""Lines of programs as reports show them."""

import pytest

from taskpool.runtime.places import place


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("/tmp/ipykernel_4711/3590371756.py", "cell:3"),
        ("<ipython-input-7-0a1b2c>", "cell:3"),
        ("/home/me/programs/transfer.py", "transfer.py:3"),
    ],
)
def test_a_line_is_told_by_its_file_or_its_cell(filename, shown):
    assert place(filename, 3) == shown
