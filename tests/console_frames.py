# SPDX-License-Identifier: Apache-2.0
"""The other side of a console's frames, as the page reads them, and the start of a VNC session."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Frames:
    """Takes bytes in any pieces; ``data`` is what the guest said, ``events`` what the program did."""

    def __init__(self) -> None:
        self._rest = b""
        self.data = b""
        self.events: list[dict[str, Any]] = []

    def feed(self, chunk: bytes) -> None:
        self._rest += chunk
        for kind, content in self._whole():
            if kind == b"D":
                self.data += content
            else:
                assert kind == b"J", kind
                self.events.append(json.loads(content))

    def _whole(self) -> Iterator[tuple[bytes, bytes]]:
        while len(self._rest) >= 5:
            kind, length = struct.unpack(">cI", self._rest[:5])
            if len(self._rest) < 5 + length:
                return
            content, self._rest = self._rest[5 : 5 + length], self._rest[5 + length :]
            yield kind, content
