# SPDX-License-Identifier: Apache-2.0
"""Text of a search to conditions.

``cond {and|or cond} [sortby field [asc|desc]] [page N]``; a condition is ``field op value`` or a free word. Two
conditions side by side mean *and* (a role of oVirt's own collection writes ``name=X status=up``). *and* binds tighter
than *or*. Keywords are keywords in any case, but not inside quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'\s*(?:(?P<op>!=|<=|>=|=|<|>)|"(?P<quoted>[^"]*)"|(?P<word>(?:[^\s=<>!"]|!(?!=))+))')
OPERATORS = ("=", "!=", "<", ">", "<=", ">=")


class SearchError(Exception):
    """The search cannot be understood; the text says what is wrong."""


@dataclass(frozen=True)
class Condition:
    """``field op value``; ``field`` is lower-case and None for a free word. ``quoted``: the value stood in quotes."""

    field: str | None
    operator: str
    value: str
    quoted: bool = False


@dataclass(frozen=True)
class Search:
    """``alternatives``: groups of conditions; one group must hold as a whole. No group: everything matches.

    ``page`` counts from 1, None when not asked for.
    """

    alternatives: tuple[tuple[Condition, ...], ...] = ()
    sort: str | None = None
    descending: bool = False
    page: int | None = None


@dataclass(frozen=True)
class _Token:
    kind: str  # op, quoted, word
    text: str

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


def parse(text: str) -> Search:
    """Raises SearchError."""
    return _Parser(list(_tokens(text))).parse()


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise SearchError(f"not understood from {text[position : position + 30]!r} on")
        yield _Token(match.lastgroup, match[match.lastgroup])
        position = match.end()


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def parse(self) -> Search:
        groups: list[list[Condition]] = [[]]
        joined = False
        while (token := self._peek()) is not None and not self._at_option(token):
            if token.is_word("and", "or") and not self._is_field():
                if joined or not groups[-1]:
                    raise SearchError(f"nothing before {token.text!r}")
                self._take()
                joined = True
                if token.text.lower() == "or":
                    groups.append([])
                continue
            groups[-1].append(self._condition())
            joined = False
        if joined:
            raise SearchError("nothing after the last and/or")
        sort, descending, page = self._options()
        return Search(tuple(tuple(group) for group in groups if group), sort, descending, page)

    def _condition(self) -> Condition:
        first = self._take()
        if first.kind == "op":
            raise SearchError(f"no field before {first.text!r}")
        operator = self._peek()
        if operator is None or operator.kind != "op":
            return Condition(None, "=", first.text, first.kind == "quoted")
        if first.kind == "quoted":
            raise SearchError(f"a field's name is not quoted: {first.text!r}")
        self._take()
        value = self._peek()
        if value is None or value.kind == "op":
            raise SearchError(f"no value after {first.text}{operator.text}")
        self._take()
        return Condition(first.text.lower(), operator.text, value.text, value.kind == "quoted")

    def _options(self) -> tuple[str | None, bool, int | None]:
        sort, descending, page = None, False, None
        while (token := self._peek()) is not None:
            self._take()
            if token.is_word("sortby"):
                sort = self._word("sortby").lower()
                order = self._peek()
                if order is not None and order.is_word("asc", "desc"):
                    self._take()
                    descending = order.is_word("desc")
            elif token.is_word("page"):
                number = self._word("page")
                if not re.fullmatch("[1-9][0-9]{0,8}", number):
                    raise SearchError(f"page is not a number above 0: {number!r}")
                page = int(number)
            else:
                raise SearchError(f"{token.text!r} after sortby or page")
        return sort, descending, page

    def _at_option(self, token: _Token) -> bool:
        if self._is_field():
            return False
        following = self._peek(1)
        if token.is_word("sortby"):
            return following is not None
        return token.is_word("page") and following is not None and following.text.isdigit()

    def _is_field(self) -> bool:
        """True when an operator follows, so that the word is a field's name even if it looks like a keyword."""
        following = self._peek(1)
        return following is not None and following.kind == "op"

    def _word(self, after: str) -> str:
        token = self._peek()
        if token is None or token.kind != "word":
            raise SearchError(f"nothing after {after}")
        self._take()
        return token.text

    def _peek(self, ahead: int = 0) -> _Token | None:
        position = self._position + ahead
        return self._tokens[position] if position < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._tokens[self._position]
        self._position += 1
        return token
