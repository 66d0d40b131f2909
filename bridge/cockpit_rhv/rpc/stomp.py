# SPDX-License-Identifier: Apache-2.0
"""STOMP 1.2 frames, as far as vdsm and its clients use them: bytes in, frames out.

Nothing here does I/O, so the agent, the Manager and the tests share it. The rules that go beyond the STOMP
specification are those vdsm's peers were seen to need: a repeated header counts once (the first), one write per frame,
``content-length`` on every frame with a body and never on CONNECTED.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_QUEUES = ("jms.topic.vdsm_requests", "jms.topic.vdsm_irs_requests")
"""Destinations vdsm takes requests on; also as a prefix followed by a dot."""
RESPONSE_QUEUE = "jms.topic.vdsm_responses"
"""Where vdsm sends the answer to something it could not read as a request."""
EVENT_QUEUE = "jms.queue.events"
"""Where vdsm publishes events."""

HEART_BEAT = b"\n"
MIN_HEART_BEAT_MS = 1000
"""vdsm raises shorter intervals to this."""
MAX_HEADER = 8 * 1024
"""Bytes of command and headers of one frame; what vdsm's peers send stays below 1 KiB."""
MAX_BODY = 16 * 1024 * 1024

_COMMAND = re.compile(r"[A-Z]{3,16}\Z")
_MAX_COMMAND_LINE = 32
# The blank line is LF LF or CRLF CRLF; both hold an LF followed by an optional CR and another LF.
_HEAD_END = re.compile(rb"\n\r?\n")
# STOMP 1.2 leaves the headers of these two unescaped so that 1.0 peers can read them.
_UNESCAPED = frozenset({"CONNECT", "CONNECTED"})
_HAS_BODY = frozenset({"SEND", "MESSAGE", "ERROR"})
_ESCAPES = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c"}
_UNESCAPES = {"\\\\": "\\", "\\r": "\r", "\\n": "\n", "\\c": ":"}
_ESCAPE = re.compile(r"[\\\r\n:]")
_ESCAPED = re.compile(r"\\.?", re.DOTALL)


@dataclass(frozen=True)
class Frame:
    """One frame; header names and values are unescaped."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class FrameError(RhvError):
    """The peer does not speak STOMP, or sends more than we accept. The connection cannot be read any further."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "rpc.bad_frame", msg("rpc.bad_frame", "The other side sent something that is not a valid message."), None,
            detail,
        )  # fmt: skip


def encode(frame: Frame) -> bytes:
    """Bytes of a frame, to be written at once: the Java client parses after its first read.

    Raises ValueError when a CONNECT or CONNECTED header holds a character that only an escape could carry.
    """
    escape = _plain if frame.command in _UNESCAPED else _escape
    lines = [frame.command]
    lines += [f"{escape(key)}:{escape(value)}" for key, value in frame.headers.items() if key != "content-length"]
    if frame.command in _HAS_BODY:
        lines.append(f"content-length:{len(frame.body)}")
    elif frame.body:
        raise ValueError(f"a {frame.command} frame has no body")
    return "\n".join(lines).encode("utf-8") + b"\n\n" + frame.body + b"\0"


def _escape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES[match.group()], text)


def _plain(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("a header of CONNECT or CONNECTED cannot hold a line break")
    return text


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        try:
            return _UNESCAPES[match.group()]
        except KeyError:
            raise FrameError(f"undefined escape in header: {text[:80]!r}") from None

    return _ESCAPED.sub(replace, text)


class FrameParser:
    """Cuts a byte stream into frames: :meth:`feed` bytes, then take frames until there are none.

    ``max_header`` and ``max_body`` are in bytes; what exceeds them is refused before it is buffered.
    """

    def __init__(self, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> None:
        self._max_header = max_header
        self._max_body = max_body
        self._buffer = bytearray()
        self._scanned = 0  # no terminator before this offset: keeps byte-by-byte arrival linear
        self._head: tuple[str, Mapping[str, str], int | None] | None = None

    def feed(self, data: bytes) -> None:
        """Append received bytes."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """The next complete frame, or None until more bytes come; heart-beats between frames are skipped.

        Raises FrameError; the parser is useless from then on.
        """
        if self._head is None:
            self._head = self._take_head()
            if self._head is None:
                return None
        command, headers, length = self._head
        body = self._take_until_nul() if length is None else self._take_length(length)
        if body is None:
            return None
        self._head = None
        return Frame(command, headers, body)

    @property
    def idle(self) -> bool:
        """True between frames, False when part of one has arrived."""
        return self._head is None and not self._buffer

    def _take_head(self) -> tuple[str, Mapping[str, str], int | None] | None:
        self._skip_heart_beats()
        match = _HEAD_END.search(self._buffer, max(self._scanned - 3, 0))
        end = len(self._buffer) if match is None else match.end()
        if end > self._max_header:
            raise FrameError(f"headers of more than {self._max_header} bytes")
        if match is None:
            self._refuse_noise()
            self._scanned = len(self._buffer)
            return None
        head = bytes(self._buffer[: match.start()])
        del self._buffer[: match.end()]
        self._scanned = 0
        return _parse_head(head, self._max_body)

    def _skip_heart_beats(self) -> None:
        count = 0
        size = len(self._buffer)
        while count < size:
            if self._buffer[count] == 0x0A:
                count += 1
            elif self._buffer[count] == 0x0D and count + 1 < size and self._buffer[count + 1] == 0x0A:
                count += 2
            else:
                break
        del self._buffer[:count]

    def _refuse_noise(self) -> None:
        """A peer that speaks another protocol is refused at its first line, not after a full buffer."""
        line, newline, _ = bytes(self._buffer[: _MAX_COMMAND_LINE + 1]).partition(b"\n")
        if newline:
            _parse_command(line)
        elif len(line) > _MAX_COMMAND_LINE or not re.match(rb"[A-Z]*\r?\Z", line):
            raise FrameError(f"not a STOMP command: {line!r}")

    def _take_length(self, length: int) -> bytes | None:
        if len(self._buffer) <= length:
            return None
        if self._buffer[length] != 0:
            raise FrameError("no NUL after a body of the announced length")
        return self._cut(length)

    def _take_until_nul(self) -> bytes | None:
        position = self._buffer.find(b"\0", self._scanned)
        if (len(self._buffer) if position < 0 else position) > self._max_body:
            raise FrameError(f"a body of more than {self._max_body} bytes")
        if position < 0:
            self._scanned = len(self._buffer)
            return None
        return self._cut(position)

    def _cut(self, length: int) -> bytes:
        body = bytes(self._buffer[:length])
        del self._buffer[: length + 1]
        self._scanned = 0
        return body


def _parse_command(line: bytes) -> str:
    command = line.rstrip(b"\r").decode("utf-8", "replace")
    if not _COMMAND.match(command):
        raise FrameError(f"not a STOMP command: {line[:_MAX_COMMAND_LINE]!r}")
    return command


def _parse_head(head: bytes, max_body: int) -> tuple[str, Mapping[str, str], int | None]:
    """Command, headers and announced body length of the bytes before the blank line."""
    first, _, rest = head.partition(b"\n")
    command = _parse_command(first)
    headers: dict[str, str] = {}
    for raw in rest.split(b"\n") if rest else ():
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FrameError(f"header is not UTF-8: {raw[:80]!r}") from error
        line = line[:-1] if line.endswith("\r") else line
        key, colon, value = line.partition(":")
        if not colon or not key:
            raise FrameError(f"header without a name: {line[:80]!r}")
        if command not in _UNESCAPED:
            key, value = _unescape(key), _unescape(value)
        headers.setdefault(key, value)
    return command, headers, _body_length(headers, max_body)


def _body_length(headers: Mapping[str, str], max_body: int) -> int | None:
    text = headers.get("content-length")
    if text is None:
        return None
    # int() would accept "+1", "1_0" and other digits than ASCII's.
    if not re.match(r"[0-9]{1,18}\Z", text):
        raise FrameError(f"content-length is not a number: {text[:40]!r}")
    length = int(text)
    if length > max_body:
        raise FrameError(f"a body of {length} bytes, more than {max_body}")
    return length


def parse_heart_beat(value: str | None) -> tuple[int, int]:
    """Milliseconds (what the sender can send, what it wants to receive); 0 is never.

    As vdsm does: unreadable means ``(0, 0)``, and an interval below a second becomes a second.
    """
    match = re.match(r"([0-9]{1,9}),([0-9]{1,9})\Z", value or "")
    if match is None:
        return 0, 0
    sends, wants = (max(int(text), MIN_HEART_BEAT_MS) if int(text) else 0 for text in match.groups())
    return sends, wants


def agree_heart_beat(mine: tuple[int, int], theirs: tuple[int, int]) -> tuple[int, int]:
    """Milliseconds between heart-beats (sent by me, sent by the peer) that two offers amount to; 0 is never."""
    outgoing = max(mine[0], theirs[1]) if mine[0] and theirs[1] else 0
    incoming = max(mine[1], theirs[0]) if mine[1] and theirs[0] else 0
    return outgoing, incoming
