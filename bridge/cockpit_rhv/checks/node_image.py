# SPDX-License-Identifier: Apache-2.0
"""What an image-based host (RHV-H, oVirt Node) says of itself: layers and the results of `nodectl check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..host.platform import OVIRT_NODE, RHVH
from ..messages import msg
from .asking import ask, json_in, shown
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

_CHECK = ("nodectl", "--machine-readable", "check")
_INFO = ("nodectl", "--machine-readable", "info")
#: Deeper than any answer of nodectl.
_DEPTH = 8
_STRANGE = msg("checks.node.strange", "nodectl does not tell how this host's image is.")


class NodeHealth(NamedTuple):
    """``status``: ok, warn or bad. ``results``: each single check, dotted, to its words: ``ok`` or why not."""

    status: str
    results: dict[str, str]


class NodeLayers(NamedTuple):
    """``current``: the layer that runs, ``default``: the boot entry chosen, ``layers``: all there are."""

    current: str
    default: str
    layers: tuple[str, ...]


def parse_check(output: str) -> NodeHealth:
    """What ``nodectl check`` printed; one of its checks that crashes leaves no JSON.

    Raises RhvError ``checks.node.strange``.
    """
    try:
        told = json_in(output, dict)
        results: dict[str, str] = {}
        for name, part in told.items():
            if name != "status":
                _collect(name, part, results, 0)
        return NodeHealth(str(told["status"]), results)
    except (ValueError, KeyError, TypeError) as error:
        raise RhvError("checks.node.strange", _STRANGE, detail=shown(output)) from error


def _collect(name: str, part: Any, results: dict[str, str], depth: int) -> None:
    if not isinstance(part, dict) or depth > _DEPTH:
        raise ValueError(name)
    inner = [key for key in part if key != "status"]
    for key in inner:
        _collect(f"{name}.{key}", part[key], results, depth + 1)
    # A group says nothing that its members do not; one that is bad by itself is told.
    if not inner or not any(result != "ok" for key, result in results.items() if key.startswith(f"{name}.")):
        results[name] = str(part["status"])


def parse_info(output: str) -> NodeLayers:
    """What ``nodectl info`` printed. Raises RhvError ``checks.node.strange``."""
    try:
        told = json_in(output, dict)
        layers = tuple(str(layer) for found in told["layers"].values() for layer in found)
        return NodeLayers(str(told["current_layer"]), str(told.get("bootloader", {}).get("default", "")), layers)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RhvError("checks.node.strange", _STRANGE, detail=shown(output)) from error


def check_node(context: Context) -> Outcome:
    """The reasons are shown, not the marks alone."""
    if context.facts["kind"] not in (RHVH, OVIRT_NODE):
        return Outcome(NOT_APPLICABLE, msg("checks.node.none", "This host was not installed as an image."))
    # It exits with a failure when a check fails: what it printed decides.
    done = ask(context, _CHECK, 12.0)
    if done is None:
        return Outcome(UNKNOWN, _STRANGE, [Evidence(" ".join(_CHECK), "not found")])
    health = parse_check(done.output)
    evidence = [Evidence(f"nodectl check: {name}", result) for name, result in health.results.items()]
    evidence += _layers(context)
    wrong = [f"{name}: {result}" for name, result in health.results.items() if result != "ok"]
    if health.status == "ok" and not wrong:
        return Outcome(OK, msg("checks.node.ok", "The image of this host is in order."), evidence)
    text = msg(
        "checks.node.wrong",
        "The image of this host is not in order: {reasons}",
        reasons="; ".join(wrong) or health.status,
    )
    remedy = msg(
        "checks.node.remedy",
        "Mend what it names, then “nodectl check” again; the layer before this one is chosen with “nodectl rollback”.",
    )
    return Outcome(WARNING if health.status == "warn" else ERROR, text, evidence, remedy)


def _layers(context: Context) -> list[Evidence]:
    source = "nodectl info"
    try:
        done = ask(context, _INFO, 6.0)
        if done is None:
            return [Evidence(source, "not found")]
        found = parse_info(done.output)
    except RhvError as error:
        return [Evidence(source, f"{error.message} {error.detail or ''}")]
    return [
        Evidence(source, f"layer {found.current}, boots {found.default or 'not told'}"),
        *(Evidence(f"{source}: layers", layer) for layer in found.layers),
    ]


CHECKS = (
    Check(
        "node.image",
        msg("checks.node.title", "Image of this host"),
        msg(
            "checks.node.why",
            "A host that was installed as an image and is not in order may not start, or not update, the next time.",
        ),
        check_node,
        health_only=True,
        limit_s=20.0,
    ),
)
