# SPDX-License-Identifier: Apache-2.0
"""The registry: what hangs or crashes is unknown, ids are unique, results fit the wire."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cockpit_rhv.checks.model import CheckReport, Outcome
from cockpit_rhv.checks.registry import Check, all_checks, run_checks
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())
#: Checks that a deployment's preflight runs: those for both and those that judge its answers.
PREFLIGHT = 27
FINE = msg("t.fine", "fine")


def make(name: str, function: Any, **options: Any) -> Check:
    return Check(name, msg("t.title", "title"), msg("t.why", "why"), function, **options)


def run(*checks: Check, given: Any = None) -> CheckReport:
    return run_checks(None, world.context(given), checks)


def test_a_check_that_hangs_is_unknown_and_holds_up_nobody() -> None:
    release = threading.Event()
    hanging = make("hangs", lambda _context: release.wait(30) and Outcome("ok", FINE), limit_s=0.1)
    began = time.monotonic()
    report = run(hanging, make("fine", lambda _context: Outcome("ok", FINE)))
    release.set()
    assert [result.severity for result in report.results] == ["unknown", "ok"]
    assert "0.1" in str(report.results[0].summary)
    assert time.monotonic() - began < 15
    assert report.verdict == "unknown"


def test_a_check_that_crashes_is_unknown_with_the_reason() -> None:
    def crash(_context: Any) -> Any:
        raise ZeroDivisionError("by zero")

    (result,) = run(make("crashes", crash)).results
    assert result.severity == "unknown"
    assert "ZeroDivisionError: by zero" in str(result.summary)


def test_an_error_for_a_person_keeps_its_words_hint_and_detail() -> None:
    error = RhvError("x.y", msg("m", "It is broken."), msg("h", "Mend it."), "errno 5")
    (result,) = run(make("fails", world.raising(error))).results
    assert (result.severity, str(result.summary), str(result.remedy)) == ("unknown", "It is broken.", "Mend it.")
    assert [(item.source, item.value) for item in result.evidence] == [("x.y", "errno 5")]


def test_without_answers_only_what_judges_a_host_runs() -> None:
    checks = (
        make("host", lambda _c: Outcome("ok", FINE)),
        make("plan", lambda _c: Outcome("error", FINE), needs_answers=True),
    )
    assert [result.id for result in run(*checks).results] == ["host"]
    assert [result.id for result in run(*checks, given=world.answers()).results] == ["host", "plan"]
    asked = run_checks(["plan"], world.context(None), checks)
    assert asked.results[0].severity == "not_applicable"
    assert asked.verdict == "ok"


def test_unknown_id_is_refused() -> None:
    with pytest.raises(RhvError) as caught:
        run_checks(["no.such"], world.context(None))
    assert caught.value.code == "checks.unknown"


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [(["ok", "warning"], "warning"), (["warning", "unknown"], "unknown"), (["unknown", "error"], "error"), ([], "ok")],
)
def test_the_verdict_is_the_worst(severities: Any, verdict: Any) -> None:
    checks = [make(f"c{index}", lambda _c, s=severity: Outcome(s, FINE)) for index, severity in enumerate(severities)]
    assert run(*checks).verdict == verdict


def test_every_check_has_its_own_id_and_answers_in_the_wire_form(tmp_path: Path) -> None:
    checks = all_checks()
    assert len({check.id for check in checks}) == len(checks) >= 20
    image = world.qcow2(tmp_path / "image.qcow2")
    report = run_checks(None, world.context(world.answers(image, tmp_path))).to_json()
    schema = {"$ref": "#/definitions/CheckReport", "definitions": COMMON["definitions"]}
    jsonschema.Draft7Validator(schema).validate(report)
    judged = [result["id"] for result in report["results"]]
    assert judged == [check.id for check in checks if not check.health_only]
    assert len(judged) == PREFLIGHT, "a check of a host's daily work must not hold up a deployment"
    health = run_checks(None, world.context(None, root=tmp_path)).to_json()
    jsonschema.Draft7Validator(schema).validate(health)
    assert [result["id"] for result in health["results"]] == [check.id for check in checks if not check.needs_answers]
    assert len(health["results"]) >= 25


def test_a_failing_probe_never_makes_a_check_ok(tmp_path: Path) -> None:
    """Every source unreadable at once: no check that read one may claim ok."""
    image = world.qcow2(tmp_path / "image.qcow2")
    blind = OSError(5, "Input/output error")
    report = run_checks(
        None,
        world.context(
            world.answers(image, tmp_path),
            facts=world.raising(blind),
            hypervisor=world.raising(RhvError("libvirt.unreachable", msg("m", "libvirt does not answer."))),
            run=world.raising(blind),
            resolve=world.raising(blind),
            reverse=world.raising(blind),
            port_owner=world.raising(blind),
            unit_states=world.raising(RhvError("host.no_systemd", msg("m2", "systemd does not answer."))),
        ),
    )
    severities = {result.id: result.severity for result in report.results}
    # These look at files and answers only.
    independent = {"tools.present", "engine.deployed", "network.reach", "network.mac", "storage.space", "storage.disk"}
    independent |= {"image.file", "image.checksum", "image.size"}
    assert {name for name, severity in severities.items() if severity == "ok"} <= independent
    # That libvirt does not answer is known.
    assert severities.pop("libvirt.connection") == "error"
    # The disk lies on this host: there is nothing to try.
    assert severities.pop("storage.shared") == "not_applicable"
    assert all(severities[name] == "unknown" for name in severities.keys() - independent)
