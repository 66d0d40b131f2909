# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC 2.0 requests in, answers out; whoever frames the bytes calls :meth:`Dispatcher.handle`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from typing import (
    Any,
    Callable,
    Generic,
    NamedTuple,
    TypeVar,
)

from ..errors import RhvError
from . import faults

logger = logging.getLogger(__name__)

#: What a front door hands to its handlers: who asks, and over which connection.
ContextT = TypeVar("ContextT")

Handler = Callable[[Mapping[str, Any], ContextT], Awaitable[Any]]
Validate = Callable[[str, Mapping[str, Any]], None]
Answer = dict[str, Any]

#: A longer batch is refused whole: it would hold its connection for as long as the asker likes.
MAX_BATCH = 100


class _Method(NamedTuple):
    handler: Callable[..., Awaitable[Any]]
    positional: Sequence[str]


class Dispatcher(Generic[ContextT]):
    """Finds the handler of a request and turns what it returns or raises into an answer.

    ``validate(method, params)`` is called before each handler and raises an :class:`RhvError` to refuse.
    """

    def __init__(self, validate: Validate | None = None) -> None:
        self._validate = validate
        self._methods: dict[str, _Method] = {}

    @property
    def methods(self) -> list[str]:
        """Names of the registered methods, sorted."""
        return sorted(self._methods)

    def register(self, method: str, handler: Handler[ContextT], positional: Sequence[str] = ()) -> None:
        """Serve ``method``. ``positional`` names the parameters, in order, for askers that send an array.

        Raises ValueError when the method already has a handler.
        """
        if method in self._methods:
            raise ValueError(f"{method} is registered twice")
        self._methods[method] = _Method(handler, tuple(positional))

    async def handle(self, request: object, context: ContextT) -> Answer | list[Answer] | None:
        """Serve one parsed request or a batch (in order); None when nothing is to be answered.

        Raises nothing but CancelledError: whatever goes wrong is an answer.
        """
        if not isinstance(request, list):
            return await self._handle_one(request, context)
        if not request:
            return refusal(faults.invalid_request("an empty batch"))
        if len(request) > MAX_BATCH:
            return refusal(faults.invalid_request(f"a batch of {len(request)}, at most {MAX_BATCH} are served"))
        answers = [await self._handle_one(item, context) for item in request]
        return [answer for answer in answers if answer is not None] or None

    async def _handle_one(self, request: object, context: ContextT) -> Answer | None:
        try:
            method, params = _read_request(request)
        except faults.RequestError as error:
            return refusal(error)
        assert isinstance(request, dict)
        try:
            answer: Answer = {"jsonrpc": "2.0", "result": await self._call(method, params, context)}
        except RhvError as error:
            answer = {"jsonrpc": "2.0", "error": faults.error_json(error)}
        except Exception as error:
            logger.exception("%s failed", method)
            answer = {"jsonrpc": "2.0", "error": faults.error_json(faults.internal(error))}
        if "id" not in request:
            if "error" in answer:
                logger.warning("notification %s failed: %s", method, answer["error"]["message"])
            return None
        answer["id"] = request["id"]
        return answer

    async def _call(self, method: str, params: object, context: ContextT) -> Any:
        entry = self._methods.get(method)
        if entry is None:
            raise faults.unknown_method(method)
        named = _name_params(params, entry.positional)
        if self._validate is not None:
            self._validate(method, named)
        return await entry.handler(named, context)


def refusal(error: RhvError) -> Answer:
    """The answer to something whose id could not be read."""
    return {"jsonrpc": "2.0", "error": faults.error_json(error), "id": None}


def _read_request(request: object) -> tuple[str, object]:
    if not isinstance(request, dict):
        raise faults.invalid_request(f"a {type(request).__name__} instead of an object")
    if request.get("jsonrpc") != "2.0":
        raise faults.invalid_request('"jsonrpc" is not "2.0"')
    method = request.get("method")
    if not isinstance(method, str):
        raise faults.invalid_request('"method" is not a string')
    identity = request.get("id")
    # bool is an int in Python, and true would come back as an id the asker never sent as a number
    if isinstance(identity, bool) or not isinstance(identity, (str, int, float, type(None))):
        raise faults.invalid_request('"id" is neither a string, a number nor null')
    params = request.get("params", {})
    if not isinstance(params, (dict, list)):
        raise faults.invalid_request('"params" is neither an object nor an array')
    return method, params


def _name_params(params: object, positional: Sequence[str]) -> Mapping[str, Any]:
    if isinstance(params, dict):
        return params
    assert isinstance(params, list)
    if len(params) > len(positional):
        raise faults.invalid_params("", f"{len(params)} parameters by position, at most {len(positional)} are known")
    return dict(zip(positional, params))
