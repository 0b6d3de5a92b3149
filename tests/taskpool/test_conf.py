"""The reader of Asterisk's file syntax: what it keeps, what it refuses or tells, and that it knows no other error."""

import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskpool.conf import ConfError, Section, read_sections
from taskpool.errors import OptionError

SAMPLES = Path(__file__).parent / "samples"


def told(sections: tuple[Section, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The sections that are no templates: their names and settings."""
    return [
        (one.name, [(setting.name, setting.value) for setting in one.settings])
        for one in sections
        if not one.is_template
    ]


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "a.conf"

    def read(text):
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_sections(path)

    read.path = path
    return read


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("x = 1", "1"),
        ("x=1", "1"),
        ("x => 1", "1"),
        ("X\t=\t1\r", "1"),
        ("x = 1 ; a note", "1"),
        ("x = 1;a note", "1"),
        ("x = 1 ;---- a ruler --;", "1"),
        ("x = 1 --; no block is open", "1 --"),
        (r"x = 1\; 2 ; a note", "1; 2"),
        (r"x = 1\;-- 2", "1;-- 2"),
        ("x = 1 ;-- a block --; 2", "1  2"),
        ("x = 1 ;-- a ;-- nested --; block --; 2", "1  2"),
        ("x = 1 ;--; not its own end --; 2", "1  2"),
        ("x = 1 ;-- a --;-- b --; c --; 2", "1  2"),
        (r"x = 1 ;-- \;-- --; 2", "1  2"),
        (r"x = 1 ;-- --\; --; 2", "1  2"),
        ("x ;-- a block --; = 2", "2"),
        ("x = a = b", "a = b"),
        ("x =", ""),
        ("x = =>", "=>"),
        ("x => >", ">"),
        (r"\x = 1", "1"),
    ],
)
def test_one_line(conf, line, value):
    assert told(conf(f"[s]\n{line}\ny = 3\n")) == [("s", [("x", value), ("y", "3")])]


def test_a_block_comment_takes_whole_lines_and_the_rest_of_its_last(conf):
    assert told(conf("[s]\na=1;-- from here\nb=2\n[t]\n;-- nested\nc=3 --;\nd=4\n--; e=5\nf=6")) == [
        ("s", [("a", "1"), ("e", "5"), ("f", "6")])
    ]


def test_sections_may_share_a_name_and_know_their_lines(conf):
    sections = conf("; first\n[s]\na=1\n\n[T]\n[s]\n a=2\nA=3\n")
    assert told(sections) == [("s", [("a", "1")]), ("T", []), ("s", [("a", "2"), ("a", "3")])]
    assert [one.line for one in sections] == [2, 5, 6]
    assert [setting.line for one in sections for setting in one.settings] == [3, 7, 8]
    assert sections[2].get("a") == sections[2].get("A") == "3"
    assert sections[2].get("b") is None
    assert sections[2].where == f"{conf.path}:6"
    assert sections[2].settings[0].where == f"{conf.path}:7"


def test_a_section_inherits_from_all_it_names_in_that_order(conf):
    sections = conf("[a](!)\nx=1\n[b](!)\nx=2\ny=2\n[plain]\nz=3\n[s](b, A,plain)\nx=4\n[t]( s,)\n")
    assert [one.is_template for one in sections] == [True, True, False, False, False]
    inherited = [("x", "2"), ("y", "2"), ("x", "1"), ("z", "3"), ("x", "4")]
    assert told(sections) == [("plain", [("z", "3")]), ("s", inherited), ("t", inherited)]


def test_a_template_may_inherit_and_what_is_added_later_does_not_reach_back(conf):
    assert told(conf("[a](!)\nx=1\n[b](!,a)\ny=1\n[s](b)\n[b](!,+TEMPLATES=include)\nz=1\n[t](b)\n")) == [
        ("s", [("x", "1"), ("y", "1")]),
        ("t", [("x", "1"), ("y", "1"), ("z", "1")]),
    ]


def test_the_first_of_several_parents_of_one_name_is_inherited(conf):
    assert told(conf("[a]\nx=1\n[a]\nx=2\n[s](a)\n"))[-1] == ("s", [("x", "1")])


@pytest.mark.parametrize(
    ("header", "added_to"),
    [
        ("[s](+)", 0),
        ("[S](+)", 0),
        ("[s](+type=aor)", 1),
        ("[s](+type=aor&y=3)", 2),
        ("[s](+,+type=aor)", 1),
        ("[s](+TEMPLATES=restrict)", 3),
        ("[s](+TEMPLATES=include&type=none)", 3),
    ],
)
def test_an_addition_goes_to_the_first_section_that_its_conditions_fit(conf, header, added_to):
    sections = conf(
        f"[s]\ntype=endpoint\n[s]\ntype=aor\n[s]\ntype=aor\ny=3\n[s](!)\ntype=none\n[u]\nu=1\n{header}\nnew=1\n"
    )
    assert [one.get("new") for one in sections] == ["1" if n == added_to else None for n in range(5)]


def test_an_addition_may_inherit_before_and_after_its_plus(conf):
    assert told(conf("[a](!)\nx=1\n[b](!)\ny=1\n[s]\nz=1\n[s](a,+,b)\nw=1\n")) == [
        ("s", [("z", "1"), ("x", "1"), ("y", "1"), ("w", "1")])
    ]


def test_an_addition_can_make_a_template_of_its_section(conf):
    assert [one.is_template for one in conf("[s]\n[s](!,+)\n")] == [True]


def test_plus_equals_appends_to_the_last_of_that_name(conf):
    assert told(conf("[s]\nx=1\nx=2\ny=3\nx+=,4\nX += ,5\nz += 6\n")) == [
        ("s", [("x", "1"), ("x", "2,4 ,5"), ("y", "3"), ("z", "6")])
    ]


def test_bytes_that_are_no_text_are_let_through_and_a_byte_order_mark_is_not_seen(conf):
    assert told(conf(b"\xef\xbb\xbf[s]\nx=\xe9\n")) == [("s", [("x", "\udce9")])]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x=1\n", 1, "'x=1' is in no section: a header such as [system] comes first"),
        ("\n[s\n", 2, "'[s' has no closing ]"),
        ("[s](!\n", 1, "'[s](!' has no closing )"),
        ("[s](a)\n[a]\n", 1, "[s] inherits from [a]: there is none before it"),
        ("[t](!)\n[t](+)\n", 2, "[t](+) adds to a section [t]: there is none before it"),
        ("[t]\n[t](+a=1)\n", 2, "[t](+a=1) adds to a section [t] with a=1: there is none before it"),
        ("[t]\n\\ x=1\n", 2, "a backslash at a line's start must precede the option's first character"),
        ("[t]\n#include none.conf\n", 2, "#include none.conf: there is no such file in "),
        ("[t]\n#include a\0b\n", 2, "#include a\0b: there is no such file in "),
        ("[t]\n#include a\0b/*\n", 2, "#include a\0b/*: there is no such file in "),
    ],
)
def test_what_the_original_refuses_is_an_error_that_names_file_and_line(conf, text, line, what):
    with pytest.raises(ConfError) as caught:
        conf(text)
    assert str(caught.value).startswith(f"{conf.path}:{line}: {what}")
    assert isinstance(caught.value, OptionError)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[s]\nx=1\n;-- ;-- --;\n;-- [t]\ny=2\n", 4, "this block comment is never closed"),
        ("[s]\nno sign\nx=1\n", 2, "'no sign' is ignored: it has no ="),
        ("[s]\n = 3\nx=1\n", 2, "'= 3' is ignored: it has no option's name before ="),
        ("[s]\n+= 3\nx=1\n", 2, "'+= 3' is ignored: it has no option's name before ="),
        ("[s] (!)\nx=1\n", 1, "'(!)' is ignored: ( must follow ] at once"),
        ("[s]\n#exec /bin/false\nx=1\n", 2, "#exec is ignored: programs never run"),
        ("[s]\n#if here\nx=1\n", 2, "#if is ignored: there is no such directive"),
        ("[s]\n#include\nx=1\n", 2, "#include is ignored: it names no file"),
        ('[s]\n#include ""\nx=1\n', 2, "#include is ignored: it names no file"),
    ],
)
def test_what_the_original_only_logs_is_a_warning_at_the_callers_line(conf, text, line, what):
    with pytest.warns(UserWarning, match=re.escape(f"{conf.path}:{line}: {what}")) as caught:
        sections = conf(text)
    assert told(sections) == [("s", [("x", "1")])]
    assert [warning.filename for warning in caught] == [__file__]


def test_includes_go_on_in_the_section_before_them_and_come_back_to_it(conf, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "1.conf").write_text("b=1\n[t]\nc=1\n#include more/deeper.inc\n")
    (tmp_path / "more" / "2.conf").write_text("d=1\n")
    (tmp_path / "more" / "directory.conf").mkdir()
    (tmp_path / "more" / "deeper.inc").write_text("[u]\n")
    sections = conf('[s]\na=1\n#include "more/*.conf"\n#tryinclude <none.conf>\ne=1\n[v](t)\n')
    assert told(sections) == [
        ("s", [("a", "1"), ("b", "1"), ("e", "1")]),
        ("t", [("c", "1"), ("d", "1")]),
        ("u", []),
        ("v", [("c", "1"), ("d", "1")]),
    ]
    assert sections[0].settings[1].where == f"{tmp_path / 'more' / '1.conf'}:1"
    assert told(conf(f"#include {tmp_path / 'more' / 'deeper.inc'}\n")) == [("u", [])]


def test_an_included_file_is_found_beside_its_own_whatever_the_directorys_name(tmp_path):
    directory = tmp_path / "[a]"
    directory.mkdir()
    (directory / "a.conf").write_text("#include b?.conf\n")
    (directory / "b1.conf").write_text("[s]\n")
    assert told(read_sections(directory / "a.conf")) == [("s", [])]


def test_an_error_in_an_included_file_names_that_file(conf, tmp_path):
    (tmp_path / "b.conf").write_text("\n[broken\n")
    with pytest.raises(ConfError, match=r"b\.conf:2: '\[broken' has no closing \]"):
        conf("#include b.conf\n")


def test_a_file_that_includes_itself_is_refused(conf):
    with pytest.raises(ConfError, match=r"a\.conf:2: #include a\.conf: more than 10 files include one another"):
        conf("[s]\n#include a.conf\n")


@pytest.mark.parametrize("name", ["missing.conf", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(ConfError, match=r"cannot be read: \w") as caught:
        read_sections(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


def test_the_samples_are_read_without_a_warning():
    assert [one.name for one in read_sections(SAMPLES / "stasis.conf")] == [
        "taskpool",
        "threadpool",
        "declined_message_types",
    ]
    names = ["listen-tcp", "phone", "phone-account", "100", "100", "100", "system", "global"]
    sections = read_sections(SAMPLES / "pjsip.conf")
    assert [one.name for one in sections] == names
    assert [one.get("type") for one in sections[3:6]] == ["endpoint", "auth", "aor"]
    assert (sections[4].get("password"), sections[5].get("remove_existing")) == ("not;secret", "yes")


PIECES = (
    *("[", "]", "(", ")", "!", "+", ",", "=", ">", "=>", ";", ";--", "--;", "-", "\\", "\n", " ", "&", "\r", "#", "*"),
    *("\n[s]", "\n[t](!)", "\n[u](s)", "(+)", "(+x=1)", "(TEMPLATES=include)", "\nx=1", "\nx+=2", "s", "a.conf"),
    *("\n#include ", "\n#tryinclude ", "\n#include \0/*", "\n#exec x", "\0", "é", "\udcff"),
)
NO_SLASH = st.characters(exclude_characters="/")  # an #include must not leave the test's directory


@settings(max_examples=400)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(NO_SLASH, max_size=3)), max_size=40).map("".join))
def test_any_text_is_read_or_refused_with_its_file_and_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any" / "a.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            sections = read_sections(path)
        except ConfError as error:
            sections, refused = (), str(error)
    assert refused is None or re.match(re.escape(str(path)) + r":\d+: .", refused)
    assert all(setting.name == setting.name.lower() for one in sections for setting in one.settings)
    assert {warning.category for warning in caught} <= {UserWarning}


WORDS = st.text("abcXYZ019_-", min_size=1, max_size=6)
SIGNS = st.sampled_from(["=", " = ", "=>", "\t=> "])
NOTES = st.sampled_from(["", " ; note", ";note = 1", " ;-- block --;", " ;--- ruler", " ;-- a\n[b]\nc=d --;"])


@given(st.lists(st.tuples(WORDS, st.lists(st.tuples(WORDS, SIGNS, WORDS, NOTES))), max_size=5))
def test_what_was_written_is_what_is_read(tmp_path_factory, written):
    path = tmp_path_factory.getbasetemp() / "written.conf"
    lines = [
        line
        for name, options in written
        for line in (f"[{name}]", *(f"{option}{sign}{value}{note}" for option, sign, value, note in options))
    ]
    path.write_text("\n".join(lines))
    assert told(read_sections(path)) == [
        (name, [(option.lower(), value) for option, _, value, _ in options]) for name, options in written
    ]
