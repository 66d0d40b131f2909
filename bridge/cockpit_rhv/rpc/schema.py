# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas (Draft 7) of the data folder, with their references resolved, and values checked against them."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from ..paths import data_dir
from . import faults, flat_schema
from .flat_schema import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@cache
def read(path: Path) -> dict[str, Any]:
    """A schema file as it is. Raises OSError, and ValueError when it is no JSON object."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds no object")
    return document


def resolve(schema: Any, path: Path) -> Any:
    """``schema``, a part of the file ``path``, with each ``$ref`` replaced by what it points to.

    Inlining spares us the reference resolvers of jsonschema, which differ between 3.2 and 4.18. Our types are not
    recursive; one that is ends in RecursionError. Raises KeyError for a reference to nowhere.
    """
    if isinstance(schema, list):
        return [resolve(element, path) for element in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return {key: resolve(value, path) for key, value in schema.items()}
    name, _, pointer = reference.partition("#")
    target_path = path.parent / name if name else path
    target: Any = read(target_path)
    for step in filter(None, pointer.split("/")):
        target = target[step.replace("~1", "/").replace("~0", "~")]
    return resolve(target, target_path)


def find_faults(schema: Mapping[str, Any], value: Any) -> Iterator[Fault]:
    """What is wrong with ``value``, nothing when it is valid. ``schema`` holds no references."""
    if flat_schema.is_flat(schema):
        yield from flat_schema.faults(schema, value)
        return
    import jsonschema  # 100 ms: only where a schema needs it

    for error in jsonschema.Draft7Validator(schema).iter_errors(value):
        path = ".".join(str(step) for step in error.absolute_path)
        # jsonschema's own sentence quotes the value, which may be a secret
        yield Fault(path, f"violates {error.validator} {json.dumps(error.validator_value)}"[:400])


class RpcSchema:
    """``rpc.json``: the methods of the helper."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or data_dir() / "schemas") / "rpc.json"
        self._methods: dict[str, Any] = read(self._path)["methods"]
        self._params: dict[str, dict[str, Any]] = {}

    @property
    def methods(self) -> list[str]:
        """Names of all methods."""
        return list(self._methods)

    def is_privileged(self, method: str) -> bool:
        """Whether the method is for root only. Raises KeyError for an unknown method."""
        return bool(self._methods[method]["privileged"])

    def method_params(self, method: str) -> dict[str, Any]:
        """Schema of the method's parameters."""
        resolved = self._params.get(method)
        if resolved is None:
            resolved = self._params[method] = resolve(self._methods[method]["params"], self._path)
        return resolved

    def result(self, method: str) -> dict[str, Any]:
        """Schema of the method's result."""
        resolved: dict[str, Any] = resolve(self._methods[method]["result"], self._path)
        return resolved

    def validate(self, method: str, params: Mapping[str, Any]) -> None:
        """Raises :class:`~.faults.RequestError` ``request.invalid`` naming the first path that is wrong."""
        for fault in find_faults(self.method_params(method), dict(params)):
            raise faults.invalid_params(fault.path, fault.detail)
