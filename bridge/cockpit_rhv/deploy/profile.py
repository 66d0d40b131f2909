# SPDX-License-Identifier: Apache-2.0
"""Deployment profiles: a folder with a description, a schema of answers and a playbook per phase.

Nothing else knows a profile's name: a new one is a new folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.model import PhaseSpec
from ..messages import Message, msg
from ..paths import data_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


_OPERATIONS = ("cleanup", "upgrade", "rollback")


@dataclass(frozen=True)
class Profile:
    """``folder`` has ``<phase>.yml`` for each phase; ``schema`` describes the answers (JSON Schema, Draft 7).

    ``operations``: phases of what can be done to a deployment later, by the operation's name.
    """

    id: str
    title: Message
    phases: Sequence[PhaseSpec]
    schema: Mapping[str, Any]
    folder: Path
    plugins: Path
    operations: Mapping[str, Sequence[PhaseSpec]] = field(default_factory=dict)


def profile_ids() -> list[str]:
    """Names of all profiles there are, the default one first."""
    found = sorted(path.parent.name for path in (data_dir() / "ansible").glob("*/profile.json"))
    if not found:
        raise RhvError(
            "profile.none",
            msg("profile.none", "No deployment profile is installed."),
            msg("profile.none.hint", "Install the package cockpit-rhv again."),
            str(data_dir() / "ansible"),
        )
    return found


def load_profile(profile_id: str | None = None) -> Profile:
    """The profile of that name, or the default one. Raises RhvError ``profile.unknown`` or ``profile.damaged``."""
    known = profile_ids()
    chosen = known[0] if profile_id is None else profile_id
    if chosen not in known:
        raise RhvError(
            "profile.unknown", msg("profile.unknown", "There is no deployment profile {profile}.", profile=chosen[:64])
        )
    return read_profile(data_dir() / "ansible" / chosen, data_dir() / "ansible" / "plugins")


def read_profile(folder: Path, plugins: Path) -> Profile:
    """The profile in a folder: the installed one, or the copy a job has. Raises RhvError ``profile.damaged``."""
    try:
        description = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
        schema = json.loads((folder / "answers.schema.json").read_text(encoding="utf-8"))
        return Profile(
            id=description["id"],
            title=Message.from_json(description["title"]),
            phases=tuple(PhaseSpec.from_json(phase) for phase in description["phases"]),
            schema=schema,
            folder=folder,
            plugins=plugins,
            operations={
                name: tuple(PhaseSpec.from_json(phase) for phase in phases)
                for name, phases in description.items()
                if name in _OPERATIONS
            },
        )
    except (OSError, ValueError, KeyError) as error:
        raise RhvError(
            "profile.damaged",
            msg("profile.damaged", "The deployment profile {profile} cannot be read.", profile=folder.name),
            msg("profile.none.hint", "Install the package cockpit-rhv again."),
            f"{type(error).__name__}: {error}",
        ) from error
