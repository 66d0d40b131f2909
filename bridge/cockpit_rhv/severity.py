# SPDX-License-Identifier: Apache-2.0
"""How bad something is, in the words of the wire, and which of several is the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

OK = "ok"
WARNING = "warning"
ERROR = "error"
UNKNOWN = "unknown"

#: Worst first. What could not be read is worse than a warning: nobody knows what it hides.
_RANK = (ERROR, UNKNOWN, WARNING, OK)


def worst(found: Collection[str]) -> str | None:
    """The worst of them; None when none of them says anything (not applicable, skipped)."""
    return next((severity for severity in _RANK if severity in found), None)
