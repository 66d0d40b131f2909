# SPDX-License-Identifier: Apache-2.0
"""Applying a search to objects in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar, Union

from ..faults import Fault
from .parser import SearchError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..negotiation import Target
    from .parser import Condition, Search

T = TypeVar("T")
Value = Union[str, int, float, None]
Getter = Callable[[T], Union[Value, "Sequence[Value]"]]

DEFAULT_PAGE = 100
"""Items on a page when ``page N`` comes without ``max``."""


class Fields(Generic[T]):
    """What can be searched for in one kind of object: names (lower-case; several for one getter are fine) to getters.

    A getter that gives a list matches when one of its values does. ``ranks`` orders values that are words: with
    ``{"severity": ("normal", "warning")}`` the second is above the first. A field in ``always`` matches any value.
    """

    def __init__(
        self, getters: Mapping[str, Getter[T]], free_text: Sequence[str],
        ranks: Mapping[str, Sequence[str]] | None = None, always: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._getters = getters
        self._always = always
        self._free_text = free_text
        self._ranks = ranks or {}

    def extended(self, getters: Mapping[str, Getter[T]]) -> Fields[T]:
        """The same with some fields added or replaced."""
        return Fields({**self._getters, **getters}, self._free_text, self._ranks, self._always)

    def predicate(self, search: Search, *, case_sensitive: bool) -> Callable[[T], bool]:
        """A test for one object. Raises SearchError for a field there is not."""
        groups = [
            [self._test(condition, case_sensitive=case_sensitive) for condition in group]
            for group in search.alternatives
        ]
        if not groups:
            return lambda _item: True
        return lambda item: any(all(test(item) for test in group) for group in groups)

    def sort(self, items: Iterable[T], search: Search) -> list[T]:
        """The items in the order asked for; as given when none was."""
        if search.sort is None:
            return list(items)
        getter = self._getter(search.sort)
        ranks = self._ranks.get(search.sort)
        return sorted(items, key=lambda item: _sort_key(_values(getter(item)), ranks), reverse=search.descending)

    def _test(self, condition: Condition, *, case_sensitive: bool) -> Callable[[T], bool]:
        if condition.field is None:
            getters = [self._getters[name] for name in self._free_text]
            word = _Wildcard(f"*{condition.value}*", case_sensitive=case_sensitive)
            return lambda item: any(word.matches(_text(value)) for getter in getters for value in _values(getter(item)))
        if condition.field in self._always:
            return lambda _item: True
        getter = self._getter(condition.field)
        ranks = self._ranks.get(condition.field)
        compare = _comparison(condition, ranks, case_sensitive=case_sensitive)
        if condition.operator == "!=":
            return lambda item: not any(compare(value) for value in _values(getter(item)))
        return lambda item: any(compare(value) for value in _values(getter(item)))

    def _getter(self, name: str) -> Getter[T]:
        try:
            return self._getters[name]
        except KeyError:
            raise SearchError(f"unknown field {name!r}; known are {', '.join(sorted(self._getters))}") from None


def select(items: Iterable[T], fields: Fields[T], target: Target) -> list[T]:
    """What a list request asks for with ``search``, ``case_sensitive`` and ``max``. Raises Fault 400."""
    try:
        search = parse(target.parameters.get("search", ""))
        test = fields.predicate(search, case_sensitive=target.flag("case_sensitive"))
        found = fields.sort((item for item in items if test(item)), search)
    except SearchError as error:
        raise Fault(400, "Invalid search", str(error)) from error
    return limit(found, target, search.page)


def limit(found: list[T], target: Target, page: int | None = None) -> list[T]:
    """The first ``max`` items, or the ``page``-th such group."""
    count = target.integer("max")
    if page is not None:
        size = count or DEFAULT_PAGE
        return found[(page - 1) * size : page * size]
    return found if count is None else found[:count]


def _values(value: Any) -> list[Value]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in items if item is not None]


def _comparison(condition: Condition, ranks: Sequence[str] | None, *, case_sensitive: bool) -> Callable[[Value], bool]:
    wanted = condition.value
    if condition.operator in ("=", "!="):
        wildcard = _Wildcard(wanted, case_sensitive=case_sensitive)
        number = _number(wanted)
        # 1.0 and 1 are the same number, but an id made of digits is compared as text too.
        return lambda value: wildcard.matches(_text(value)) or (
            number is not None and isinstance(value, (int, float)) and float(value) == number
        )
    if ranks is not None and wanted.lower() not in ranks:
        raise SearchError(f"{wanted!r} is none of {', '.join(ranks)}")
    limit_key = _order(wanted, ranks)

    def ordered(value: Value) -> bool:
        key = _order(value, ranks)
        if key[0] != limit_key[0]:
            return False
        return {
            "<": key < limit_key, ">": key > limit_key, "<=": key <= limit_key, ">=": key >= limit_key,
        }[condition.operator]  # fmt: skip

    return ordered


def _order(value: Value, ranks: Sequence[str] | None) -> tuple[int, float, str]:
    """A key that is comparable within its first element: ranks and numbers by size, texts by letter."""
    if ranks is not None:
        text = str(value).lower()
        return (0, ranks.index(text) if text in ranks else -1, "")
    number = _number(value)
    return (2, 0, str(value).lower()) if number is None else (1, number, "")


def _sort_key(values: list[Value], ranks: Sequence[str] | None) -> tuple[int, float, str]:
    return _order(values[0], ranks) if values else (3, 0, "")


def _number(value: Value) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    return float(value) if value is not None and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", value) else None


def _text(value: Value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Wildcard:
    """Whole-value match; ``*`` stands for anything. Linear, unlike a regular expression of many stars."""

    def __init__(self, text: str, *, case_sensitive: bool) -> None:
        self._fold = str if case_sensitive else str.casefold
        self._first, *self._rest = self._fold(text).split("*")

    def matches(self, value: str) -> bool:
        value = self._fold(value)
        if not self._rest:
            return value == self._first
        *middle, last = self._rest
        if not value.startswith(self._first):
            return False
        position = len(self._first)
        for part in middle:
            found = value.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
        return len(value) - position >= len(last) and value.endswith(last)
