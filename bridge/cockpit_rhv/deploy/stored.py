# SPDX-License-Identifier: Apache-2.0
"""Dataclasses read back from the host's own JSON, and what becomes of such a file when it is damaged."""

from __future__ import annotations

import dataclasses
import os
import re
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ..jobs.files import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


#: By annotation, as it is written in the dataclass.
_FITS: dict[str, Callable[[Any], bool]] = {
    "str": _is_str,
    "int": _is_int,
    "float": lambda value: isinstance(value, float) or _is_int(value),
    "bool": lambda value: isinstance(value, bool),
    "list[str]": _list_of(_is_str),
    "list[list[str]] | None": lambda value: value is None or _list_of(_list_of(_is_str))(value),
    "list[dict[str, Any]] | None": lambda value: value is None or _list_of(lambda item: isinstance(item, dict))(value),
}
_KEPT = re.compile(r".+\.damaged(-\d+)?")


def from_stored(kind: type[T], value: Any) -> T:
    """An object of this dataclass. Members a later version added are left out.

    Raises ValueError where a member is missing or of another type than it is declared with.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} instead of an object")
    declared = {field.name: str(field.type) for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    known = {name: item for name, item in value.items() if name in declared}
    for name, item in known.items():
        if not _FITS[declared[name]](item):
            raise ValueError(f"{name}: {type(item).__name__} instead of {declared[name]}")
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(str(error)) from error


def kept_name(path: Path) -> Path:
    """The name beside it under which a damaged file is kept; never one that is taken by another file."""
    number = 1
    while True:
        kept = path.with_name(f"{path.name}.damaged{'' if number == 1 else f'-{number}'}")
        if not os.path.lexists(kept) or os.path.samestat(kept.lstat(), path.lstat()):
            return kept
        number += 1


def is_kept(path: Path) -> bool:
    """A name of :func:`kept_name`."""
    return _KEPT.fullmatch(path.name) is not None


def keep_copy(path: Path) -> None:
    """Give a damaged file its kept name too, so that a new one may take its place. Raises OSError."""
    kept = kept_name(path)
    if not os.path.lexists(kept):
        os.link(path, kept)
        sync_folder(path.parent)


def set_aside(path: Path) -> None:
    """Give a damaged file its kept name; fine when it has it. Raises OSError."""
    if os.path.lexists(path):
        keep_copy(path)
        path.unlink()
        sync_folder(path.parent)
