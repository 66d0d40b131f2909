# SPDX-License-Identifier: Apache-2.0
"""The terminal as the commands see it: translated lines, errors, one live line that is replaced in place."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from .i18n import translator
from .messages import Message, msg

if TYPE_CHECKING:
    from .errors import RhvError
    from .i18n import Translate


class Terminal:
    """``live``: whether a line may be replaced in place (``out`` is a terminal)."""

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, translate: Translate | None = None
    ) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.t = translate or translator()
        self.live = self.out.isatty()
        self._live_shown = False

    def line(self, text: Message | str = "") -> None:
        """Print one line, above the live line if there is one."""
        self.clear()
        print(self.t(text) if isinstance(text, Message) else text, file=self.out, flush=True)

    def note(self, text: Message) -> None:
        """Print one line on stderr: something about the command, not its result."""
        self.clear()
        print(self.t(text), file=self.err, flush=True)

    def show(self, text: str) -> None:
        """Replace the live line, cut to the terminal's width; nothing where there is no terminal."""
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{text[:width]}", end="", file=self.out, flush=True)
            self._live_shown = True

    def clear(self) -> None:
        """Take the live line away."""
        if self._live_shown:
            print("\r\x1b[K", end="", file=self.out, flush=True)
            self._live_shown = False

    def error(self, error: RhvError, *, detail: bool = True) -> None:
        """The sentence, the hint, the code and the raw detail, on stderr."""
        self.clear()
        print(self.t(msg("cli.error", "Error: {sentence}", sentence=self.t(error.message))), file=self.err)
        for text in (error.cause, error.hint):
            if text:
                print("  " + self.t(text), file=self.err)
        print(f"  [{error.code}]", file=self.err)
        for line in (error.detail or "").splitlines() if detail else []:
            print(f"  | {line}", file=self.err)
        self.err.flush()


def clock(seconds: float) -> str:
    """``m:ss``, or ``h:mm:ss`` from an hour on."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def bar(share: float, width: int = 20) -> str:
    """A bar of ASCII characters; ``share`` from 0 to 1."""
    full = round(width * min(1.0, max(0.0, share)))
    return "[" + "#" * full + "-" * (width - full) + "]"
