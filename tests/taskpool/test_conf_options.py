"""Both pools' options out of pjsip.conf and stasis.conf: names old and new, which wins, what is refused."""

import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskpool import TaskPool, TaskPoolOptions, ThreadPoolOptions
from taskpool.conf import ConfError
from taskpool.conf_options import OPTIONS
from taskpool.runtime import RealRuntime

SAMPLES = Path(__file__).parent / "samples"
BOTH = pytest.mark.parametrize("kind", [TaskPoolOptions, ThreadPoolOptions])


@pytest.fixture
def write(tmp_path):
    def write(text, name="pjsip.conf"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def system(*lines):
    return "\n".join(("[system]", "type=system", *lines))


def test_the_older_defaults_have_names_too():
    pjsip, stasis = ThreadPoolOptions.pjsip(), ThreadPoolOptions.stasis()
    assert pjsip == ThreadPoolOptions(initial_size=0, auto_increment=5, idle_timeout=60, max_size=50)
    assert stasis == ThreadPoolOptions(initial_size=5, auto_increment=1, idle_timeout=20, max_size=50)


@BOTH
def test_the_samples_give_the_defaults(kind):
    assert kind.from_conf(SAMPLES / "pjsip.conf") == kind.pjsip()
    assert kind.from_conf(str(SAMPLES / "stasis.conf")) == kind.stasis()


def uncommented(name, design):
    """A sample with the options of one design no longer in comments."""
    text = (SAMPLES / name).read_text()
    if name == "pjsip.conf":
        return re.sub(rf"^;({design}_\w+=)", r"\1", text, flags=re.MULTILINE)
    start = text.index(f"[{design}]")
    end = text.index("\n[", start)
    return text[:start] + re.sub(r"^;(\w+ =)", r"\1", text[start:end], flags=re.MULTILINE) + text[end:]


@pytest.mark.parametrize(("kind", "design"), [(TaskPoolOptions, "taskpool"), (ThreadPoolOptions, "threadpool")])
@pytest.mark.parametrize("module", ["pjsip", "stasis"])
def test_the_samples_defaults_switched_on_are_the_same(write, kind, design, module):
    text = uncommented(f"{module}.conf", design)
    assert text != (SAMPLES / f"{module}.conf").read_text()
    assert kind.from_conf(write(text, f"{module}.conf")) == getattr(kind, module)()
    with pytest.raises(ConfError, match=r"must be"):
        kind.from_conf(write(re.sub(r"\b50\b", "x", text), f"{module}.conf"))


def test_every_option_of_pjsip_conf(write):
    path = write(
        system(
            "taskpool_minimum_size=2",
            "Taskpool_Initial_Size => 3 ; at the start",
            "taskpool_auto_increment = 4",
            "taskpool_idle_timeout=5",
            "taskpool_max_size=000000000006",
            "timer_t1=not ours",
            "[other]",
            "type=endpoint",
            "taskpool_max_size=not ours",
        )
    )
    assert TaskPoolOptions.from_conf(path) == TaskPoolOptions(
        minimum_size=2, initial_size=3, auto_increment=4, idle_timeout=5, max_size=6
    )
    assert ThreadPoolOptions.from_conf(path) == ThreadPoolOptions.pjsip()


def test_every_option_of_stasis_conf(write):
    text = "[TaskPool]\nminimum_size=2\ninitial_size=3\nidle_timeout_sec=5\nmax_size=6\n[declined]\nmax_size=not ours\n"
    path = write(text, "stasis.conf")
    assert TaskPoolOptions.from_conf(path) == TaskPoolOptions(
        minimum_size=2, initial_size=3, auto_increment=1, idle_timeout=5, max_size=6
    )
    assert ThreadPoolOptions.from_conf(path) == ThreadPoolOptions.stasis()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "pjsip.conf",
            system(
                "threadpool_initial_size=7",
                "threadpool_auto_increment=8",
                "threadpool_idle_timeout=9",
                "threadpool_max_size=10",
            ),
        ),
        ("stasis.conf", "[threadpool]\ninitial_size=7\n\nidle_timeout_sec=9\nmax_size=10\n"),
    ],
)
def test_deprecated_names_set_the_taskpools_options_and_tell_their_replacements(write, name, text):
    path = write(text, name)
    with pytest.warns(DeprecationWarning, match="deprecated: use") as caught:
        options = TaskPoolOptions.from_conf(path)
    assert (options.initial_size, options.idle_timeout, options.max_size) == (7, 9, 10)
    assert options.auto_increment == (8 if name == "pjsip.conf" else 1)
    assert {warning.filename for warning in caught} == {__file__}
    told = [str(warning.message) for warning in caught]
    if name == "pjsip.conf":
        assert told == [
            f"{path}:{line}: threadpool_{option} is deprecated: use taskpool_{option}"
            for line, option in enumerate(("initial_size", "auto_increment", "idle_timeout", "max_size"), 3)
        ]
    else:
        assert told == [
            f"{path}:{line}: {option} in [threadpool] is deprecated: use {option} in [taskpool]"
            for line, option in ((2, "initial_size"), (4, "idle_timeout_sec"), (5, "max_size"))
        ]


def test_the_older_pool_takes_its_own_names_without_a_warning(write):
    path = write(
        system(
            "threadpool_initial_size=1", "threadpool_auto_increment=2", "taskpool_max_size=99", "threadpool_max_size=4"
        )
    )
    assert ThreadPoolOptions.from_conf(path) == ThreadPoolOptions(
        initial_size=1, auto_increment=2, idle_timeout=60, max_size=4
    )
    path = write("[threadpool]\nidle_timeout_sec=0\n[taskpool]\nmax_size=3\n", "stasis.conf")
    assert ThreadPoolOptions.from_conf(path) == ThreadPoolOptions(
        initial_size=5, auto_increment=1, idle_timeout=0, max_size=50
    )


@pytest.mark.parametrize(
    ("name", "text", "wins"),
    [
        ("pjsip.conf", system("taskpool_max_size=10", "threadpool_max_size=20"), 20),
        ("pjsip.conf", system("threadpool_max_size=10", "taskpool_max_size=20"), 20),
        ("pjsip.conf", system("taskpool_max_size=10", "taskpool_max_size=20"), 20),
        ("pjsip.conf", "[t](!)\ntype=system\ntaskpool_max_size=10\n[s](t)\nthreadpool_max_size=20\n", 20),
        ("pjsip.conf", "[t](!)\ntype=system\nthreadpool_max_size=10\n[s](t)\n", 10),
        ("pjsip.conf", system("taskpool_max_size=10") + "\n[s]\ntype=aor\n[system](+)\ntaskpool_max_size=20\n", 20),
        ("stasis.conf", "[taskpool]\nmax_size=10\n[threadpool]\nmax_size=20\n", 20),
        ("stasis.conf", "[threadpool]\nmax_size=10\n[taskpool]\nmax_size=20\n", 20),
        ("stasis.conf", "[taskpool]\nmax_size=10\n[a]\n[taskpool]\nmax_size=20\n", 20),
        ("stasis.conf", "[taskpool](!)\nmax_size=10\n", 50),
        ("stasis.conf", "[a](!)\nmax_size=10\n[taskpool](a)\n", 10),
    ],
)
def test_the_last_line_wins(write, name, text, wins):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert TaskPoolOptions.from_conf(write(text, name)).max_size == wins


def test_a_second_system_section_counts_with_a_warning(write):
    path = write(system("taskpool_max_size=10") + "\n" + system("taskpool_max_size=20"))
    with pytest.warns(UserWarning, match=r"pjsip\.conf:4: \[system\] is a second section with type=system") as caught:
        assert TaskPoolOptions.from_conf(path).max_size == 20
    assert len(caught) == 1


def test_sizes_are_corrected_as_ever(write):
    with pytest.warns(UserWarning, match="max_size=3 is below initial_size: using 4") as caught:
        assert TaskPoolOptions.from_conf(write(system("taskpool_max_size=3"))).max_size == 4
    assert [warning.filename for warning in caught] == [__file__]


VALUES = ["", "-1", "+1", "1.5", "many", "0x10", "1 2", "²", "１", "2147483648", "9" * 5000]


@pytest.mark.parametrize("value", VALUES)
@BOTH
def test_a_wrong_value_is_refused_with_file_line_and_option(write, kind, value):
    design = kind.__name__.removesuffix("Options").lower()
    meanings = {"max_size": "a whole number, from 0", "idle_timeout": "whole seconds, from 0 (never)"}
    for option, meaning in meanings.items():
        path = write(system("", f"{design}_{option} = {value}"))
        told = f"{path}:4: {design}_{option}={value!r}: must be {meaning} to "
        with pytest.raises(ConfError, match=re.escape(told)):
            kind.from_conf(path)
    path = write(f"[{design}]\nidle_timeout_sec={value}\n", "stasis.conf")
    with pytest.raises(ConfError, match=re.escape(f"{path}:2: idle_timeout_sec={value!r}: must be whole seconds")):
        kind.from_conf(path)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "pjsip.conf",
            system("taskpool_maxsize=1"),
            "3: taskpool_maxsize is no option of the taskpool; there are taskpool_",
        ),
        (
            "pjsip.conf",
            system("threadpool_minimum_size=1"),
            "3: threadpool_minimum_size is no option of the threadpool",
        ),
        ("pjsip.conf", system("taskpool_idle_timeout_sec=1"), "3: taskpool_idle_timeout_sec is no option"),
        ("stasis.conf", "[taskpool]\nidle_timeout=1\n", "2: idle_timeout in [taskpool] is no option of the taskpool"),
        ("stasis.conf", "[taskpool]\nauto_increment=1\n", "2: auto_increment in [taskpool] is no option"),
        (
            "stasis.conf",
            "[threadpool]\nminimum_size=1\n",
            "2: minimum_size in [threadpool] is no option of the threadpool",
        ),
    ],
)
def test_an_unknown_option_is_refused_with_those_there_are(write, name, text, told):
    path = write(text, name)
    with pytest.raises(ConfError, match=re.escape(f"{path}:{told}")):
        TaskPoolOptions.from_conf(path)


@pytest.mark.parametrize(
    ("name", "text", "module", "minimum"),
    [
        ("pjsip_custom.conf", "", None, 4),
        ("Stasis.conf.sample", "", None, 5),
        ("a.conf", "[x]\ntype=system\n", None, 4),
        ("a.conf", "[threadpool]\n", None, 5),
        ("a.conf", "", "pjsip", 4),
        ("pjsip.conf", "", "stasis", 5),
        ("pjsip.conf", "[taskpool]\nmax_size=x\n", None, 4),
        ("stasis.conf", "[x]\ntype=system\ntaskpool_max_size=x\n", None, 5),
    ],
)
def test_which_module_a_file_is_for(write, name, text, module, minimum):
    assert TaskPoolOptions.from_conf(write(text, name), module=module).minimum_size == minimum


@pytest.mark.parametrize("text", ["", "[system]\n", "[x](!)\ntype=system\n", "[x]\ntype=system\n[taskpool]\n"])
@BOTH
def test_a_file_that_may_be_for_either_module_asks_which(write, kind, text):
    path = write(text, "a.conf")
    with pytest.raises(ConfError, match='a.conf: cannot tell .* give module="pjsip" or module="stasis"'):
        kind.from_conf(path)


def test_a_pool_opens_with_what_a_file_says(write):
    options = TaskPoolOptions.from_conf(write(system("taskpool_minimum_size=2", "taskpool_initial_size=3")))
    with TaskPool("pool", options, runtime=RealRuntime()) as pool:
        assert (len(pool), pool.push_wait(int)) == (3, 0)


PJSIP = [(design, option) for (module, design), options in OPTIONS.items() if module == "pjsip" for option in options]


@given(st.lists(st.tuples(st.sampled_from(PJSIP), st.integers(0, 9)), max_size=12))
def test_options_are_those_of_the_last_lines(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "pjsip.conf"
    path.write_text(system(*(f"{design}_{option}={value}" for (design, option), value in lines)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        newer, older = TaskPoolOptions.from_conf(path), ThreadPoolOptions.from_conf(path)
        given_newer = {option: value for (_, option), value in lines}
        given_older = {option: value for (design, option), value in lines if design == "threadpool"}
        defaults = {"minimum_size": 4, "initial_size": 4, "auto_increment": 1, "idle_timeout": 60, "max_size": 50}
        assert newer == TaskPoolOptions(**(defaults | given_newer))
        defaults = {"initial_size": 0, "auto_increment": 5, "idle_timeout": 60, "max_size": 50}
        assert older == ThreadPoolOptions(**(defaults | given_older))


ANY_NAME = st.one_of(
    st.sampled_from(
        ["type", "timer_t1", "max_size", "idle_timeout_sec", *(f"{design}_{name}" for design, name in PJSIP)]
    ),
    st.text("abst_=+", max_size=6),
)
ANY_VALUE = st.one_of(st.integers(-1, 10**10).map(str), st.text(st.characters(exclude_characters="/"), max_size=4))
ANY_LINE = st.one_of(
    st.sampled_from(["[system]", "type=system", "[taskpool]", "[threadpool]", "[a](!)", "[s](a)", "[system](+)"]),
    st.builds("{}={}".format, ANY_NAME, ANY_VALUE),
)


@given(st.lists(ANY_LINE, max_size=12), st.sampled_from(["pjsip.conf", "stasis.conf", "a.conf"]))
@BOTH
def test_whatever_a_file_says_gives_options_or_an_error_that_names_it(kind, tmp_path_factory, lines, name):
    path = tmp_path_factory.getbasetemp() / "any" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    refused = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            options = kind.from_conf(path)
        except ConfError as error:
            refused = str(error)
    assert isinstance(options, kind) if refused is None else refused.startswith(f"{path}:")
