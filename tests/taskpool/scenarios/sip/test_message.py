"""SIP messages: each rule by an example, then what holds for all of them, then what is hostile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskpool.scenarios.sip import (
    Address,
    CSeq,
    FirstLook,
    SipError,
    SipMessage,
    Via,
    first_look,
    parse,
    response_to,
    write,
)
from taskpool.scenarios.sip.headers import MAX_LINE
from taskpool.scenarios.sip.message import MAX_HEADERS
from taskpool.scenarios.sip.wire import MAX_DATAGRAM

MANDATORY = (
    "Via: SIP/2.0/UDP 127.0.0.1:5071;rport;branch=z9hG4bK-north-1",
    'From: "North, <Pole>" <sip:north@localhost>;tag=n1',
    "To: <sip:south@localhost>",
    "Call-ID: call-1@localhost",
    "CSeq: 7 INVITE",
)
INVITE = "INVITE sip:south@localhost SIP/2.0"


def datagram(start: str = INVITE, *more: str, without: str = "", body: bytes = b"") -> bytes:
    kept = [line for line in MANDATORY if not (without and line.startswith(without))]
    return "\r\n".join([start, *kept, *more, "", ""]).encode() + body


FULL = datagram(
    INVITE,
    "Record-Route: <sip:a@127.0.0.1;lr>, <sip:b@127.0.0.1;lr>",
    "Contact: <sip:north@127.0.0.1:5071>;expires=60",
    "Max-Forwards: 70",
    "Timestamp: 54",
    "Content-Type: text/plain",
    "Content-Length: 5",
    body=b"hello",
)
RINGING = datagram("SIP/2.0 180 Ringing")


def refused(data: bytes) -> SipError:
    with pytest.raises(SipError) as caught:
        parse(data)
    return caught.value


def test_a_request_is_read_whole():
    request = parse(FULL)
    assert (request.method, request.uri, request.status) == ("INVITE", "sip:south@localhost", None)
    assert request.vias == (Via("UDP", "127.0.0.1", 5071, (("rport", None), ("branch", "z9hG4bK-north-1"))),)
    assert request.from_address == Address("sip:north@localhost", '"North, <Pole>"', (("tag", "n1"),))
    assert request.to_address.tag is None
    assert (request.call_id, request.cseq) == ("call-1@localhost", CSeq(7, "INVITE"))
    assert request.contacts == (Address("sip:north@127.0.0.1:5071", "", (("expires", "60"),)),)
    assert request.values("record-route") == ("<sip:a@127.0.0.1;lr>", "<sip:b@127.0.0.1;lr>")
    assert (request.max_forwards, request.expires, request.refer_to) == (70, None, None)
    assert request.body == b"hello"


def test_a_response_is_read_and_its_reason_may_be_empty_or_of_several_words():
    assert (parse(RINGING).method, parse(RINGING).status, parse(RINGING).reason) == (None, 180, "Ringing")
    assert parse(datagram("SIP/2.0 200 ")).reason == ""
    assert parse(datagram("SIP/2.0 486 Busy é here")).reason == "Busy é here"


def test_names_are_read_in_any_case_compact_and_folded():
    request = parse(
        b"REFER sip:s@localhost SIP/2.0\r\n"
        b"v: SIP / 2.0 / udp localhost ;branch = b\r\nF :\r\n sip:n@localhost;tag=1\r\n"
        b"t: South\r\n\t<sip:s@localhost>\r\nI: 1\r\ncSeQ:  2   REFER\r\nr: <sip:x@localhost>\r\nl: 0\r\n\r\n"
    )
    assert request.vias == (Via("UDP", "localhost", None, (("branch", "b"),)),)
    assert request.from_address == Address("sip:n@localhost", "", (("tag", "1"),))
    assert request.to_address == Address("sip:s@localhost", "South")
    assert request.refer_to == Address("sip:x@localhost")
    assert [name for name, _ in request.headers] == ["Via", "From", "To", "Call-ID", "CSeq", "Refer-To"]
    assert request.value("i") == request.value("CALL-ID") == "1"


def test_lists_and_repeated_headers_keep_one_order():
    request = parse(
        datagram(
            INVITE,
            "v: SIP/2.0/UDP [::1]:5062;received=::1;rport=9, SIP/2.0/TCP c",
            "Route: <sip:1@h,x>, <sip:2@h>",
            "X-Note: a, b",
            "Route: <sip:3@h>",
        )
    )
    assert [via.host for via in request.vias] == ["127.0.0.1", "[::1]", "c"]
    assert (request.vias[1].received, request.vias[1].rport, request.vias[1].wants_rport) == ("::1", 9, True)
    assert (request.vias[2].branch, request.vias[2].wants_rport) == (None, False)
    assert request.values("Route") == ("<sip:1@h,x>", "<sip:2@h>", "<sip:3@h>")
    assert request.values("X-Note") == ("a, b",)


def test_a_contact_may_be_a_star():
    assert str(parse(datagram(INVITE, "m: *")).contacts[0]) == "*"


def test_content_length_cuts_what_is_too_much_and_refuses_what_is_too_little():
    assert parse(datagram(INVITE, "Content-Length: 2", body=b"hello")).body == b"he"
    assert parse(datagram(body=b"hello")).body == b"hello"
    error = refused(datagram(INVITE, "Content-Length: 6", body=b"hello"))
    assert (str(error), error.status) == (
        "Content-Length is 6, but the body has 5 bytes: the datagram is truncated",
        400,
    )
    assert refused(datagram("SIP/2.0 180 Ringing", "Content-Length: 6", body=b"hello")).status is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Max-Forwards: 256", "Max-Forwards '256' is not a number up to 255"),
        ("Expires: 4294967296", "Expires '4294967296' is not a number up to 4294967295"),
        ("Expires: \u0663", "Expires '\u0663' is not"),
        ("Content-Length: -1", "Content-Length '-1' is not"),
        ("Content-Length: 0\r\nl: 0", "Content-Length is there twice"),
        ("CSeq: 8 INVITE", "CSeq is there 2 times"),
        ("no colon", "header line 'no colon' has no colon"),
        ("na me: x", "header name 'na me' is not a token"),
        ("Contact: <sip:a@h", "Contact opens < and does not close it"),
        ('Contact: "a <sip:a@h>', 'Contact opens " and does not close it'),
        ("Contact: sip:a@h>", "Contact 'sip:a@h>' is not a URI"),
        ("Contact: a", "Contact 'a' is not a URI"),
        ("Contact: <sip:a@h>;=", "Contact has a malformed parameter"),
        ("Contact: <sip:a@h>;q=1;Q=2", "Contact has the parameter Q twice"),
        ("Route: <sip:a@h>,", "Route has an empty member"),
        ("Via: HTTP/1.1 h", "Via 'HTTP/1.1 h' is not"),
        ("Via: SIP/2.0/UDP h;rport=65536", "rport '65536' is not a number up to 65535"),
        ("X: a\x00b", "X 'a\\\\x00b' has a control character"),
        ("X: a\nY: b", "has a control character"),
        ("X: " + "a" * (MAX_LINE + 1), f"X of {MAX_LINE + 1} characters"),
        ("\r\n".join(["X: y"] * MAX_HEADERS), f"more than {MAX_HEADERS} headers"),
        ("Route: " + ",".join(["<sip:a@h>"] * MAX_HEADERS), f"more than {MAX_HEADERS} headers"),
    ],
)
def test_what_is_malformed_in_one_line_is_answered_400(line, message):
    with pytest.raises(SipError, match=message) as caught:
        parse(datagram(INVITE, line))
    if not line.startswith("CSeq"):
        assert caught.value.status == 400
        assert response_to(caught.value.request, 400, "Bad Request", to_tag="s1").values("Via")[0] == MANDATORY[0][5:]
    assert refused(datagram("SIP/2.0 180 Ringing", line)).status is None


@pytest.mark.parametrize("header", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_without_what_an_answer_copies_there_is_none(header):
    error = refused(datagram(without=header))
    assert (str(error), error.status, error.request) == (f"{header} is missing", None, None)


def test_a_cseq_of_another_method_is_answered_but_an_ack_never_is():
    assert refused(datagram("BYE sip:s@h SIP/2.0")).status == 400
    assert refused(datagram("ACK sip:s@h SIP/2.0")).status is None
    for value in ("2147483648 INVITE", "", "7", "INVITE", "7 INVITE BYE"):
        assert refused(datagram(INVITE, f"CSeq: {value}", without="CSeq")).status == 400


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        FULL[: FULL.index(b"\r\n\r\n")],
        datagram("INVITE sip:s@h SIP/3.0"),
        datagram("INVITE  sip:s@h SIP/2.0"),
        datagram("INVITE s SIP/2.0"),
        datagram("SIP/2.0 99 Early"),
        datagram("SIP/2.0 200"),
        b"\xff" + FULL,
        b"\x16\x03\x01\x02\x00" * 20 + b"\r\n\r\n",
        FULL + b"x" * (MAX_DATAGRAM + 1 - len(FULL)),
    ],
)
def test_what_is_not_a_message_is_dropped(data):
    assert refused(data).status is None
    with pytest.raises(SipError):
        first_look(data)


def test_the_largest_datagram_is_read():
    without_length = datagram()
    assert len(parse(without_length + b"x" * (MAX_DATAGRAM - len(without_length))).body) == MAX_DATAGRAM - len(
        without_length
    )


def test_the_first_look_sees_what_chooses_a_serializer_and_no_more():
    look = FirstLook("INVITE", None, "call-1@localhost", "n1", None, "z9hG4bK-north-1")
    assert first_look(FULL) == look
    assert first_look(datagram(INVITE, "Max-Forwards: many")) == look
    assert first_look(datagram("SIP/2.0 200 OK", "t: <sip:s@h>;tag=s1", without="To")).to_tag == "s1"
    assert first_look(RINGING).status == 180


def test_an_answer_copies_what_belongs_in_it():
    answer = response_to(parse(FULL), 200, "OK", to_tag="s1", headers=[("m", "<sip:s@h>")], body=b"hi")
    assert write(answer) == (
        b"SIP/2.0 200 OK\r\n"
        b"Via: SIP/2.0/UDP 127.0.0.1:5071;rport;branch=z9hG4bK-north-1\r\n"
        b"Record-Route: <sip:a@127.0.0.1;lr>\r\nRecord-Route: <sip:b@127.0.0.1;lr>\r\n"
        b'From: "North, <Pole>" <sip:north@localhost>;tag=n1\r\n'
        b"To: <sip:south@localhost>;tag=s1\r\n"
        b"Call-ID: call-1@localhost\r\nCSeq: 7 INVITE\r\n"
        b"Contact: <sip:s@h>\r\nContent-Length: 2\r\n\r\nhi"
    )


def test_only_100_does_without_a_tag_and_keeps_the_timestamp():
    trying = response_to(parse(FULL), 100, "Trying")
    assert (trying.value("Timestamp"), trying.to_address.tag, trying.values("Record-Route")) == ("54", None, ())
    with pytest.raises(SipError, match="486 needs a tag in To: give to_tag"):
        response_to(parse(FULL), 486, "Busy Here")


def test_a_tag_that_is_there_stays_and_what_has_no_answer_gets_none():
    request = parse(datagram(INVITE, "To: <sip:s@h>;tag=old", without="To"))
    assert response_to(request, 200, "OK", to_tag="new").to_address.tag == "old"
    for message in (parse(RINGING), SipMessage("ACK", "sip:s@h", headers=request.headers)):
        with pytest.raises(SipError, match="has no answer"):
            response_to(message, 200, "OK", to_tag="s1")


@pytest.mark.parametrize(
    "parts",
    [
        {"method": "BYE"},
        {"method": "BYE", "uri": "sip:s@h", "status": 200},
        {"method": "BYE", "uri": "sip:s@h SIP/2.0\r\nX: y"},
        {"status": 200, "reason": "OK\r\nX: y"},
        {"status": 700, "reason": "No"},
        {"status": 200, "headers": (("X", "a\r\nY: b"),)},
        {"status": 200, "headers": (("X", "\ud800"),)},
        {"status": 200, "headers": (("X:", "a"),)},
        {"status": 200, "headers": (("l", "3"),)},
        {"status": 200, "headers": (("X", "y"),) * (MAX_HEADERS + 1)},
    ],
)
def test_a_message_that_could_not_be_written_cannot_be_made(parts):
    with pytest.raises(SipError):
        SipMessage(**parts)


def test_what_a_datagram_cannot_hold_is_not_written():
    with pytest.raises(SipError, match="a datagram holds 65535, send less"):
        write(SipMessage(status=200, body=b"x" * MAX_DATAGRAM))


def test_as_many_headers_as_may_be_are_written_and_read():
    message = parse(datagram("BYE sip:s@h SIP/2.0", "CSeq: 1 BYE", without="CSeq"))
    full = replace(message, headers=(*message.headers, *[("X", "y")] * (MAX_HEADERS - len(MANDATORY))))
    assert parse(write(full)) == full
    assert str(refused(write(full).replace(b"X: y", b"X: y\r\nX: y", 1))) == "more than 128 headers: send fewer"


WORD = st.from_regex(r"[a-z][a-z0-9.\-]{0,9}", fullmatch=True)
TEXT = st.text(st.characters(min_codepoint=32, blacklist_categories=("Cs", "Cc")), max_size=30)
PARAMETERS = st.dictionaries(WORD.filter(lambda word: word not in ("rport", "tag")), st.none() | WORD, max_size=3).map(
    lambda found: tuple(found.items())
)
DISPLAY = st.just("") | TEXT.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
ADDRESSES = st.builds(Address, WORD.map(lambda user: f"sip:{user}@localhost"), DISPLAY, PARAMETERS)
VIAS = st.builds(Via, st.sampled_from(["UDP", "TCP"]), WORD, st.none() | st.integers(0, 65_535), PARAMETERS)


@st.composite
def messages(draw: st.DrawFn) -> SipMessage:
    method = draw(st.sampled_from(["INVITE", "BYE", "REFER", "OPTIONS"]))
    headers = [("Via", str(via)) for via in draw(st.lists(VIAS, min_size=1, max_size=3))]
    headers += [(name, str(draw(ADDRESSES))) for name in ("f", "To")]
    headers += [("Call-ID", draw(WORD)), ("CSeq", f"{draw(st.integers(0, 2**31 - 1))} {method}")]
    headers += [("Contact", str(one)) for one in draw(st.lists(ADDRESSES, max_size=3))]
    headers += [("X-Note", note) for note in draw(st.lists(TEXT, max_size=3))]
    headers = draw(st.permutations(headers))
    body = draw(st.binary(max_size=40))
    if draw(st.booleans()):
        return SipMessage(method, "sip:s@localhost", headers=tuple(headers), body=body)
    reason = draw(TEXT).strip(" \t")
    return SipMessage(status=draw(st.integers(100, 699)), reason=reason, headers=tuple(headers), body=body)


@given(messages())
def test_what_is_written_is_read_as_the_same_message(message):
    again = parse(write(message))
    assert again == message
    assert write(again) == write(message)
    look = first_look(write(message))
    assert (look.method, look.status, look.call_id) == (message.method, message.status, message.call_id)
    assert (look.from_tag, look.to_tag) == (message.from_address.tag, message.to_address.tag)
    assert look.branch == message.vias[0].branch
    assert tuple(str(via) for via in message.vias) == message.values("Via")
    assert tuple(str(address) for address in message.contacts) == message.values("Contact")


def tried(read: Callable[[bytes], object], data: bytes) -> object:
    """What came out, a SipError too; anything else that is raised fails the test."""
    try:
        return read(data)
    except SipError as error:
        return error


def read_all(data: bytes) -> None:
    """Only SipError comes out; what is refused with 400 can be answered; what is accepted stays the same."""
    outcome, look = tried(parse, data), tried(first_look, data)
    if isinstance(outcome, SipMessage):
        assert parse(write(outcome)) == outcome
        assert isinstance(look, FirstLook)
        return
    assert isinstance(outcome, SipError)
    assert (outcome.status == 400) == (outcome.request is not None)
    if outcome.request is not None:
        write(response_to(outcome.request, 400, "Bad Request", to_tag="s1"))
    if isinstance(look, SipError):
        assert (str(look), look.status) == (str(outcome), outcome.status)


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: FULL[:40] + tail + b"\r\n\r\n"))
@settings(max_examples=300)
def test_no_random_bytes_raise_anything_else(data):
    read_all(data)


PIECES = [*(bytes([one]) for one in b' \t,;"<>:=\\\x00\xff'), b"\r\n", b"\r\n\r\n", b"9" * 5000]
EDITS = st.lists(
    st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), st.sampled_from(PIECES) | st.binary(max_size=4)),
    min_size=1,
    max_size=5,
)


@given(st.sampled_from([FULL, RINGING, datagram("ACK sip:s@h SIP/2.0")]), EDITS)
@settings(max_examples=1500)
def test_no_mutated_message_raises_anything_else(data, edits):
    for at, length, piece in edits:
        data = data[:at] + piece + data[at + length :]
    read_all(data)
