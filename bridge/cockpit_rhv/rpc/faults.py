# SPDX-License-Identifier: Apache-2.0
"""The protocol errors of JSON-RPC 2.0, each with a sentence for a person."""

from __future__ import annotations

from typing import Any

from ..errors import RhvError
from ..messages import Message, msg

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603


class RequestError(RhvError):
    """A request that is wrong in itself; ``rpc_code`` is one of the standard numbers above."""

    def __init__(self, rpc_code: int, code: str, message: Message, detail: str | None = None) -> None:
        super().__init__(code, message, detail=detail)
        self.rpc_code = rpc_code


def parse_error(detail: str) -> RequestError:
    """The bytes were no JSON. ``detail``: what the parser said."""
    return RequestError(
        PARSE_ERROR, "request.unreadable", msg("request.unreadable", "The request is not JSON."), detail
    )


def invalid_request(detail: str) -> RequestError:
    """JSON, but no JSON-RPC 2.0 request."""
    text = msg("request.malformed", "The request is not a JSON-RPC 2.0 request.")
    return RequestError(INVALID_REQUEST, "request.malformed", text, detail)


def unknown_method(method: str) -> RequestError:
    """Nobody registered this method."""
    text = msg("request.unknown_method", "The method {method} is not known here.", method=method[:200])
    return RequestError(METHOD_NOT_FOUND, "request.unknown_method", text)


def invalid_params(path: str, detail: str) -> RequestError:
    """A parameter does not fit its schema. ``path``: dotted, empty for the parameters as a whole."""
    if path:
        text = msg("request.invalid", "The parameter {path} is not valid.", path=path[:200])
    else:
        text = msg("request.invalid_parameters", "The parameters are not valid.")
    return RequestError(INVALID_PARAMS, "request.invalid", text, detail)


def internal(error: BaseException) -> RequestError:
    """A defect of ours: the class and text of the exception, never its traceback."""
    text = msg("internal", "Something went wrong in cockpit-rhv itself.")
    return RequestError(INTERNAL_ERROR, "internal", text, f"{type(error).__name__}: {error}")


def error_json(error: RhvError) -> dict[str, Any]:
    """The ``error`` member of an answer."""
    return {"code": error.rpc_code, "message": str(error.message), "data": error.to_json()}
