# SPDX-License-Identifier: Apache-2.0
"""An unfinished deployment with the real profile, stopped in any phase, on a host where nothing runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cockpit_rhv.deploy.answers import complete
from cockpit_rhv.deploy.profile import load_profile
from cockpit_rhv.deploy.start import deployment_title
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.jobs import JobSpec, JobStatus, JobStore
from cockpit_rhv.jobs.control import start_job
from cockpit_rhv.jobs.files import read_json

from tests.unit import deploy_support as world

from .jobs_support import PaperLauncher, ended

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

PHASES = ["preflight", "storage", "image", "vm", "engine", "host", "finish"]
HASHES = {"rhv_admin_password_hash": "scrypt$old", "rhv_root_password_hash": ""}


class Unfinished:
    """``given``: its answers, complete."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        for name, part in {"JOBS": "jobs", "STATE": "var", "ETC": "etc"}.items():
            patch.setenv(f"COCKPIT_RHV_{name}", str(folder / part))
        small = folder / "cockpit_rhv"
        small.mkdir()
        patch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
        self.store, self.launcher = JobStore(), PaperLauncher()
        profile = load_profile("embedded")
        self.given = complete(profile.schema, world.answers())
        spec = JobSpec("deploy", deployment_title(self.given), "tester", tuple(profile.phases), "embedded", self.given)
        variables = {"rhv_answers": self.given, **HASHES}
        self.id = start_job(spec, profile.folder, profile.plugins, variables, store=self.store, launcher=self.launcher)
        self.private = self.store.folder(self.id) / "private"

    def stop(self, at: str, state: str = "failed", **record: Any) -> None:
        """It ended in the phase ``at``; ``record``: what the deployment's record has."""
        status = ended(self.store, self.launcher, self.id, state)
        for phase in status.phases:
            before = PHASES.index(phase.id) < PHASES.index(at)
            phase.state = "done" if before else "failed" if phase.id == at else "pending"
        self.store.write_status(status)
        if record:
            Deployment.open(self.id).update(**record)

    def changed(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The answers with these changes."""
        whole = world.changed({**self.given, "host": {}}, changes)
        return {name: part for name, part in whole.items() if part != {}}

    def status(self) -> JobStatus:
        return self.store.stored(self.id)

    def pending(self) -> list[str]:
        """What a run would do now."""
        return [phase.id for phase in self.status().unfinished()]

    def variables(self) -> Any:
        return read_json(self.private / "vars.json")

    def marked(self) -> bool:
        """The unfinished VM is to be thrown away."""
        record = read_record()
        return record is not None and record.discard

    def as_0_1_0(self) -> None:
        """Its copy of the schema does not say which phase an answer is for."""
        path = self.private / "project" / "answers.schema.json"
        path.write_text(json.dumps(_without_phases(json.loads(path.read_text()))))


def _without_phases(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_phases(item) for name, item in value.items() if name != "x-phase"}
    return [_without_phases(item) for item in value] if isinstance(value, list) else value
