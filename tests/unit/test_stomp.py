# SPDX-License-Identifier: Apache-2.0
"""STOMP framing: what goes out comes in again however the network cuts it, and what is not STOMP is refused early."""

from __future__ import annotations

import pytest
from cockpit_rhv.rpc.stomp import Frame, FrameError, FrameParser, agree_heart_beat, encode, parse_heart_beat
from hypothesis import given
from hypothesis import strategies as st

header_text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
headers = st.dictionaries(header_text.filter(lambda key: key not in ("", "content-length")), header_text, max_size=5)
bodied = st.builds(Frame, st.sampled_from(["SEND", "MESSAGE", "ERROR"]), headers, st.binary(max_size=300))
bare = st.builds(Frame, st.sampled_from(["SUBSCRIBE", "UNSUBSCRIBE", "DISCONNECT", "RECEIPT"]), headers)
frames = st.lists(st.one_of(bodied, bare), max_size=5)


def parse(*chunks: bytes, **limits: int) -> list[Frame]:
    parser = FrameParser(**limits)
    found = []
    for chunk in chunks:
        parser.feed(chunk)
        while (frame := parser.next_frame()) is not None:
            found.append(frame)
    return found


def without_length(frame: Frame) -> Frame:
    return Frame(frame.command, {k: v for k, v in frame.headers.items() if k != "content-length"}, frame.body)


@given(frames, st.lists(st.sampled_from([b"", b"\n", b"\r\n"]), min_size=6, max_size=6), st.data())
def test_any_frames_survive_any_chunking(sent: list[Frame], gaps: list[bytes], data: st.DataObject) -> None:
    stream = gaps[5] + b"".join(encode(frame) + gap for frame, gap in zip(sent, gaps))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)])]
    assert [without_length(frame) for frame in parse(*chunks)] == sent
    single_bytes = [stream[i : i + 1] for i in range(len(stream))]
    assert [without_length(frame) for frame in parse(*single_bytes)] == sent


@given(st.binary(max_size=400), st.integers(1, 50))
def test_noise_is_either_frames_or_a_frame_error(noise: bytes, size: int) -> None:
    parser = FrameParser()
    try:
        for start in range(0, len(noise), size):
            parser.feed(noise[start : start + size])
            while parser.next_frame() is not None:
                pass
    except FrameError:
        pass


def test_wire_form_of_a_message() -> None:
    frame = Frame("MESSAGE", {"destination": "a:b", "subscription": "1"}, b"{}")
    assert encode(frame) == b"MESSAGE\ndestination:a\\cb\nsubscription:1\ncontent-length:2\n\n{}\0"


def test_connected_carries_no_length_and_no_escapes() -> None:
    assert (
        encode(Frame("CONNECTED", {"version": "1.2", "session": "a:b"})) == b"CONNECTED\nversion:1.2\nsession:a:b\n\n\0"
    )
    with pytest.raises(ValueError, match="line break"):
        encode(Frame("CONNECTED", {"version": "1\n2"}))


@pytest.mark.parametrize("command", ["CONNECTED", "RECEIPT", "SUBSCRIBE"])
def test_a_body_where_none_belongs_is_a_mistake_of_ours(command: str) -> None:
    with pytest.raises(ValueError, match="no body"):
        encode(Frame(command, {}, b"x"))


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"CONNECT\r\naccept-version:1.2\r\n\r\n\0", Frame("CONNECT", {"accept-version": "1.2"})),
        (b"SEND\ndestination:first\ndestination:second\n\nx\0", Frame("SEND", {"destination": "first"}, b"x")),
        (b"SEND\nk:a\\nb\\r\\c\\\\\n\n\0", Frame("SEND", {"k": "a\nb\r:\\"})),
        (b"CONNECT\nlogin:a\\cb\n\n\0", Frame("CONNECT", {"login": "a\\cb"})),
        (b"SEND\ncontent-length:3\n\na\0b\0", Frame("SEND", {"content-length": "3"}, b"a\0b")),
        (b"SEND\nk:\n\n\n\nbody\0", Frame("SEND", {"k": ""}, b"\n\nbody")),
        (b"DISCONNECT\n\n\0", Frame("DISCONNECT")),
        (b"\n\r\n\nDISCONNECT\n\n\0", Frame("DISCONNECT")),
    ],
)
def test_forms_a_peer_may_send(wire: bytes, expected: Frame) -> None:
    assert parse(wire) == [expected]


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "not a STOMP command"),
        (b"\x16\x03\x01", "not a STOMP command"),
        (b"send\n", "not a STOMP command"),
        (b"A" * 40, "not a STOMP command"),
        (b"SEND\nnocolon\n\n\0", "header without a name"),
        (b"SEND\n:value\n\n\0", "header without a name"),
        (b"SEND\nk:\xff\n\n\0", "not UTF-8"),
        (b"SEND\nk:a\\tb\n\n\0", "undefined escape"),
        (b"SEND\nk:a\\\n\n\0", "undefined escape"),
        (b"SEND\ncontent-length:-1\n\n\0", "content-length"),
        (b"SEND\ncontent-length:+1\n\n \0", "content-length"),
        (b"SEND\ncontent-length:1\n\nab", "no NUL"),
        (b"SEND\ncontent-length:101\n\n", "more than 100"),
        (b"SEND\n\n" + b"x" * 101, "more than 100"),
        (b"SEND\n\n" + b"x" * 101 + b"\0", "more than 100"),
        (b"SEND\n" + b"k:v\n" * 60, "headers of more than 200"),
        (b"SEND\n" + b"k:v\n" * 60 + b"\n\0", "headers of more than 200"),
    ],
)
def test_refused(wire: bytes, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        parse(wire, max_header=200, max_body=100)
    assert reason in (caught.value.detail or "")


def test_limits_are_inclusive() -> None:
    assert parse(b"SEND\ncontent-length:100\n\n" + b"x" * 100 + b"\0", max_body=100)[0].body == b"x" * 100
    assert parse(b"SEND\n\n" + b"x" * 100 + b"\0", max_body=100)[0].body == b"x" * 100
    head = b"SEND\nk:" + b"v" * 91 + b"\n\n"
    assert len(head) == 100
    assert parse(head + b"\0", max_header=100)[0].headers == {"k": "v" * 91}


def test_frames_before_a_bad_one_are_delivered() -> None:
    parser = FrameParser()
    parser.feed(b"DISCONNECT\n\n\0GET / HTTP/1.1\n")
    assert parser.next_frame() == Frame("DISCONNECT")
    with pytest.raises(FrameError):
        parser.next_frame()


def test_idle_only_between_frames() -> None:
    parser = FrameParser()
    for chunk, idle in [
        (b"\n", True),
        (b"SE", False),
        (b"ND\n\n", False),
        (b"x", False),
        (b"\0", True),
        (b"\n\n", True),
    ]:
        parser.feed(chunk)
        parser.next_frame()
        assert parser.idle is idle, chunk


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        ("0,24000", (0, 24000)),
        ("1,5000", (1000, 5000)),
        ("0,0", (0, 0)),
        (None, (0, 0)),
        ("", (0, 0)),
        ("5000", (0, 0)),
        ("-1,5000", (0, 0)),
        ("a,b", (0, 0)),
        ("1,2,3", (0, 0)),
    ],
)
def test_heart_beat_header(value: str | None, pair: tuple[int, int]) -> None:
    assert parse_heart_beat(value) == pair


def test_heart_beat_agreement() -> None:
    assert agree_heart_beat((5000, 8000), (10000, 1000)) == (5000, 10000)
    assert agree_heart_beat((0, 8000), (1000, 1000)) == (0, 8000)
    assert agree_heart_beat((5000, 8000), (0, 0)) == (0, 0)
