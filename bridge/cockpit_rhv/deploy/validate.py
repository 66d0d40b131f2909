# SPDX-License-Identifier: Apache-2.0
"""Validates an answers document: one sentence a person understands per field, before anything else happens."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message, msg
from ..storage.document import read_document
from . import answers as document
from .formats import CHECKERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .profile import Profile

_TYPES = {
    "string": msg("answers.type.string", "Text is expected here."),
    "integer": msg("answers.type.integer", "A whole number is expected here."),
    "number": msg("answers.type.number", "A number is expected here."),
    "boolean": msg("answers.type.boolean", "True or false is expected here."),
    "array": msg("answers.type.array", "A list is expected here."),
    "object": msg("answers.type.object", "A group of named answers is expected here."),
}


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one answer; ``path`` is dotted, empty for the document itself."""

    path: str
    error: RhvError

    def to_json(self) -> dict[str, Any]:
        """Definition ``FieldError`` of ``schemas/common.json``."""
        return {"path": self.path, "error": self.error.to_json()}


def validate_answers(profile: Profile, answers: Any) -> list[FieldError]:
    """Everything wrong with the document by itself, at most one error a field; [] when it may be used.

    Asks neither the host nor the network: that is the preflight's part.
    """
    errors = _by_schema(profile.schema, answers)
    broken = {error.path for error in errors}
    if isinstance(answers, dict):
        across = [*_unavailable(profile.schema, answers), *_across_fields(answers)]
        errors += [error for error in across if error.path not in broken]
    return errors


def refuse_invalid(profile: Profile, answers: Any) -> None:
    """Raise RhvError ``answers.invalid`` with the first fault's sentence; its detail names every wrong field."""
    errors = validate_answers(profile, answers)
    if errors:
        raise RhvError(
            "answers.invalid",
            errors[0].error.message,
            msg("answers.invalid.hint", "Correct the answer and try again; nothing has been changed."),
            "\n".join(f"{error.path}: {error.error.message}" for error in errors),
        )


def _by_schema(schema: Mapping[str, Any], answers: Any) -> list[FieldError]:
    import jsonschema  # 100 ms at the first import, spared to whoever validates nothing

    checker = jsonschema.FormatChecker(formats=())
    for name in CHECKERS:
        checker.checks(name, raises=_FormatFault)(_raising(name))
    found: dict[str, FieldError] = {}
    for error in jsonschema.Draft7Validator(schema, format_checker=checker).iter_errors(answers):
        for path, code, text in _explain(error):
            found.setdefault(path, _field_error(path, code, text))
    order = [path for path, _ in document.fields(schema)]
    return sorted(found.values(), key=lambda item: order.index(item.path) if item.path in order else -1)


class _FormatFault(ValueError):
    def __init__(self, text: Message) -> None:
        super().__init__(str(text))
        self.text = text


def _raising(name: str) -> Any:
    def check(value: object) -> bool:
        problem = CHECKERS[name](value) if isinstance(value, str) else None
        if problem is not None:
            raise _FormatFault(problem)
        return True

    return check


def _explain(error: Any) -> Iterator[tuple[str, str, Message]]:
    """Path, code and sentence of each fault behind one of jsonschema's errors."""
    path = ".".join(str(part) for part in error.absolute_path)
    kind, value, schema = error.validator, error.validator_value, error.schema
    if kind == "required":
        for name in value:
            if name not in error.instance:
                yield _join(path, name), "required", msg("answers.required", "This answer is missing.")
    elif kind == "additionalProperties":
        for name in sorted(set(error.instance) - set(schema.get("properties", {})), key=str):
            yield _join(path, str(name)), "unknown", msg("answers.unknown", "There is no answer of this name.")
    elif kind == "type":
        yield path, "type", _TYPES.get(value, msg("answers.type", "This has the wrong type."))
    elif kind == "minimum":
        yield path, "minimum", msg("answers.minimum", "At least {limit} is needed.", limit=value)
    elif kind == "maximum":
        yield path, "maximum", msg("answers.maximum", "At most {limit} is allowed.", limit=value)
    elif kind in ("enum", "const"):
        allowed = ", ".join(str(item) for item in (value if kind == "enum" else [value]))
        yield path, "choice", msg("answers.choice", "One of these is expected: {allowed}", allowed=allowed)
    elif kind == "minLength" or (kind == "format" and error.instance == ""):
        yield path, "required", msg("answers.required", "This answer is missing.")
    elif kind == "maxLength":
        yield path, "too_long", msg("answers.too_long", "At most {limit} characters are allowed.", limit=value)
    elif kind == "maxItems":
        yield path, "too_many", msg("answers.too_many", "At most {limit} entries are allowed.", limit=value)
    elif kind == "format" and isinstance(error.cause, _FormatFault):
        yield path, "format", error.cause.text
    else:
        # The schema carries the sentence for a pattern: only it knows what the pattern means.
        text = schema.get("x-invalid")
        yield path, "form", Message("answers.form", text) if text else msg("answers.form", "This is not valid here.")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _field_error(path: str, code: str, text: Message) -> FieldError:
    return FieldError(path, RhvError(f"answers.{code}", text))


def _unavailable(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[FieldError]:
    """Choices that the schema names and says of why they cannot be had; the form shows the same sentence."""
    for path, field in document.fields(schema):
        value, reasons = document.get(answers, path), field.get("x-unavailable", {})
        if isinstance(value, str) and value in reasons:
            yield _field_error(path, "unavailable", Message("answers.unavailable", reasons[value]))


def _across_fields(answers: Mapping[str, Any]) -> Iterator[FieldError]:
    """Rules between answers. They look at what is there, whichever profile it belongs to."""
    mac = document.get(answers, "network.mac")
    if isinstance(mac, str) and len(mac) == 17 and _is_hex(mac[:2]):
        problem = CHECKERS["mac"](mac)
        if problem is not None:
            yield _field_error("network.mac", "format", problem)
    if document.get(answers, "network.mode") == "static":
        yield from _static_address(answers)
    kind = document.get(answers, "storage.kind")
    if isinstance(kind, str) and kind in _STORAGE_NEEDS:
        for name in _STORAGE_NEEDS[kind]:
            if document.get(answers, f"storage.{name}") in (None, "", []):
                text = msg("answers.storage_needs", "This type of storage needs this answer.")
                yield _field_error(f"storage.{name}", "required", text)
        yield from _storage_that_can_be_tried(kind, answers)
    yield from _chap(answers)


_STORAGE_NEEDS = {
    "nfs": ("server", "export"),
    "lvm": ("volume_group",),
    "iscsi": ("portals", "target", "lun", "wwid"),
}
#: A document of ``schemas/storage.json`` for each kind in which one member at a time is replaced, and the member of
#: each answer.
_PLAIN: dict[str, dict[str, Any]] = {
    "nfs": {"type": "nfs", "server": "localhost", "path": "/x"},
    "lvm": {"type": "lvm", "volume_group": "x"},
    "iscsi": {"type": "iscsi", "portals": ["localhost"], "target": "iqn.2024-01.com.example:x", "lun": 0},
}
_MEMBERS = {
    "nfs": {"server": "server", "export": "path", "mount_options": "options"},
    "lvm": {"volume_group": "volume_group"},
    "iscsi": {"portals": "portals", "target": "target"},
}


def _storage_that_can_be_tried(kind: str, answers: Mapping[str, Any]) -> Iterator[FieldError]:
    """What the storage test would refuse: what it cannot try must not be used untried."""
    for name, member in _MEMBERS[kind].items():
        value = document.get(answers, f"storage.{name}")
        if value and isinstance(value, type(_PLAIN[kind].get(member, ""))):
            try:
                read_document({**_PLAIN[kind], member: value})
            except RhvError as error:
                yield _field_error(f"storage.{name}", "form", error.message)


def _chap(answers: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in ("wwid", "chap_user", "chap_reverse_user"):
        value = document.get(answers, f"storage.{name}")
        # "$" of a pattern lets a line break at the end pass, and open-iscsi's settings are lines.
        if isinstance(value, str) and not value.isprintable():
            yield _field_error(f"storage.{name}", "form", msg("answers.form", "This is not valid here."))
    if document.get(answers, "storage.chap_reverse_user") and not document.get(answers, "storage.chap_user"):
        text = msg("answers.chap_one_way", "A target proves itself only to a host that has logged in with CHAP itself.")
        yield _field_error("storage.chap_user", "required", text)


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in text)


def _static_address(answers: Mapping[str, Any]) -> Iterator[FieldError]:
    given = {name: document.get(answers, f"network.{name}") for name in ("address", "gateway")}
    for name, value in given.items():
        if value in (None, ""):
            text = msg("answers.static_needs", "A fixed address needs this answer.")
            yield _field_error(f"network.{name}", "required", text)
    address, gateway = given["address"], given["gateway"]
    if not (isinstance(address, str) and isinstance(gateway, str)):
        return
    if CHECKERS["ipv4-interface"](address) or CHECKERS["ipv4"](gateway):
        return
    interface = ipaddress.IPv4Interface(address)
    if ipaddress.IPv4Address(gateway) == interface.ip:
        text = msg("answers.gateway_same", "The gateway cannot be the engine's own address.")
        yield _field_error("network.gateway", "gateway", text)
    elif ipaddress.IPv4Address(gateway) not in interface.network:
        text = msg(
            "answers.gateway_outside",
            "The gateway is outside the engine's network {network}.",
            network=str(interface.network),
        )
        yield _field_error("network.gateway", "gateway", text)
