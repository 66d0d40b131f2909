# SPDX-License-Identifier: Apache-2.0
"""What all states are made of: names, messages, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PROFILE = ROOT / "ansible" / "embedded"
UUID = "6f0c1c3e-6c1e-4a51-9d3b-0b7a2f3d8e11"
JOB = "20260301-101500-a1b2"
#: A remedy, a cleanup, an upgrade.
TASK = "20260301-103000-c3d4"
CLEANUP = "20260301-110000-e5f6"
UPGRADE = "20260302-090000-0a1b"
GIB = 1024 * 1024 * 1024

Json = dict[str, Any]


def msg(id: str, text: str, **params: str | int | float) -> Json:
    return {"id": id, "text": text, "params": params}


def error(
    code: str,
    message: Json,
    hint: Json | None = None,
    detail: str | None = None,
    cause: Json | None = None,
    remedy: Json | None = None,
) -> Json:
    return {"code": code, "message": message, "hint": hint, "detail": detail, "cause": cause, "remedy": remedy}
