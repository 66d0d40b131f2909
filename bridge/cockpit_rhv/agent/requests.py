# SPDX-License-Identifier: Apache-2.0
"""From the body of a request to the body of its answer, in the dialect of vdsm's clients."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ..rpc import faults
from ..rpc.dispatcher import Dispatcher, refusal
from ..rpc.lines import parse
from .verb_errors import exhausted


class Asker(NamedTuple):
    """Who asks: the name in its certificate, its address, and the address of ours it connected to."""

    name: str
    address: str
    local_address: str


AgentDispatcher = Dispatcher[Asker]


async def answer(dispatcher: AgentDispatcher, body: bytes, asker: Asker) -> bytes | None:
    """JSON in ASCII, or None for a notification (which kills a real vdsm's RPC thread, and is harmless here).

    vdsm's own client wraps each request into an array of one and is answered with a bare object; a true batch gets an
    array.
    """
    try:
        request = parse(body)
    except faults.RequestError as error:
        return _encode(refusal(error))
    if isinstance(request, list) and len(request) == 1:
        request = request[0]
    result = await dispatcher.handle(request, asker)
    if result is None:
        return None
    _speak_like_vdsm(request, result)
    return _encode(result)


def busy(body: bytes) -> bytes | None:
    """The answer to a request there is no room for; None when it names no id to answer to."""
    try:
        request = parse(body)
    except faults.RequestError as error:
        return _encode(refusal(error))
    if isinstance(request, list) and len(request) == 1:
        request = request[0]
    if not isinstance(request, dict) or "id" not in request:
        return None
    return _encode({**refusal(exhausted()), "id": request["id"]})


def _speak_like_vdsm(request: Any, result: Any) -> None:
    """Replace the texts that clients compare: vdsm words an unknown method and an internal error its own way."""
    if isinstance(result, list):
        requests = {json.dumps(item.get("id")): item for item in request if isinstance(item, dict)}
        for item in result:
            _speak_like_vdsm(requests.get(json.dumps(item["id"])), item)
        return
    error = result.get("error")
    if error is None:
        return
    if error["code"] == faults.METHOD_NOT_FOUND and isinstance(request, dict):
        error["message"] = f"The method does not exist or is not available: {{'method': {request['method']!r}}}"
    elif error["code"] == faults.INTERNAL_ERROR:
        error["message"] = f"Internal JSON-RPC error: {{'reason': {error['data']['detail']!r}}}"


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
