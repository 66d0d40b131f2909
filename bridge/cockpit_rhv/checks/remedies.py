# SPDX-License-Identifier: Apache-2.0
"""Host tasks: the remedies that can be automated, each a playbook of ``ansible/host/`` that runs as a job."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..jobs.control import start_job
from ..jobs.model import JobSpec, PhaseSpec
from ..messages import Message, msg
from ..paths import data_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..messages import Scalar


@dataclass(frozen=True)
class Task:
    """``params``: name to the regular expression its whole value must match."""

    id: str
    title: Message
    params: Mapping[str, str]
    expected_s: float


def host_tasks() -> dict[str, Task]:
    """Every task there is, from ``ansible/host/tasks.json``. Raises RhvError ``task.none``."""
    path = data_dir() / "ansible" / "host" / "tasks.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Task(name, Message.from_json(item["title"]), item["params"], float(item["expected_s"]))
            for name, item in described.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RhvError(
            "task.none",
            msg("task.none", "The host tasks of this package cannot be read."),
            msg("profile.none.hint", "Install the package cockpit-rhv again."),
            f"{type(error).__name__}: {error}",
        ) from error


def start_task(
    task_id: str,
    params: Mapping[str, Scalar],
    user: str,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Start a host task as a detached job; returns the job's id.

    The playbook finds the parameters, as text, in ``rhv_task``. Raises RhvError ``task.unknown``, ``task.params``,
    ``access.denied``, ``job.*``.
    """
    task = host_tasks().get(task_id)
    if task is None:
        raise RhvError("task.unknown", msg("task.unknown", "There is no host task {task}.", task=task_id[:64]))
    # A button that was kept from before a parameter came lacks it: what may be empty may be missing.
    given = {name: "" for name, pattern in task.params.items() if re.fullmatch(pattern, "")}
    given.update({name: str(value) for name, value in params.items()})
    wrong = set(given) ^ set(task.params)
    wrong |= {
        name for name, value in given.items() if name in task.params and not re.fullmatch(task.params[name], value)
    }
    if wrong:
        raise RhvError(
            "task.params",
            msg("task.params", "The parameters of the task {task} are not right.", task=task_id),
            detail=", ".join(sorted(wrong)),
        )
    spec = JobSpec("task", task.title, user, (PhaseSpec(task.id, task.title, task.expected_s),))
    playbooks = data_dir() / "ansible" / "host"
    plugins = data_dir() / "ansible" / "plugins"
    return start_job(spec, playbooks, plugins, {"rhv_task": given}, store=store, launcher=launcher)
