# SPDX-License-Identifier: Apache-2.0
"""Changes of the host's networks as jobs: looked at first, carried out under a checkpoint, kept when confirmed."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..host.arp import arp_probe
from ..jobs.control import start_job
from ..jobs.files import Locked, file_lock
from ..jobs.model import JobSpec, PhaseSpec
from ..jobs.stopping import stoppable, unstoppable
from ..messages import Message, msg
from ..networks.change import Change, Keep
from ..networks.in_use import judge_in_use
from ..networks.plan import Plan, judge
from ..networks.preview import steps, title
from ..networks.profile_rules import judge_profiles
from ..networks.profiles import read_settings
from ..networks.view import owner_of, read_structure
from ..networks.virtual import Tap, Virtual
from ..paths import data_dir
from .context import run_command
from .network_answer import CLOSED, answered, take
from .network_kept import KeepOnDisk
from .network_state import FINAL, changes_dir, current_change, started, write_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..networks.before import Way
    from ..networks.commands import Run
    from ..networks.view import Structure

#: Seconds for which a job may be on its way to its beginning.
_STARTING_S = 60.0
_EXPECTED_S = 30.0


def preview(plan: Plan, virtual: Virtual, run: Run = run_command) -> dict[str, Any]:
    """What the change will do, and warnings. Raises RhvError ``networks.*`` for what cannot be."""
    structure = read_structure(run)
    warnings = _judged(plan, structure, virtual, run)
    calls = _change(plan, structure, run).calls()
    return {
        "title": title(plan).to_json(),
        "steps": [step.to_json() for step in steps(plan, structure)],
        "warnings": [warning.to_json() for warning in warnings],
        "commands": [["nmcli", *call] for call in calls],
    }


def start_change(
    wanted: Mapping[str, Any],
    confirm_s: int,
    virtual: Virtual,
    user: str,
    *,
    run: Run = run_command,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Look at everything, then start the job; returns its id. Raises RhvError ``networks.*``, ``job.*``."""
    plan = Plan.from_json(wanted)
    structure = read_structure(run)
    _judged(plan, structure, virtual, run)
    folder = changes_dir()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    text = title(plan)
    with _locked(folder / "lock"):
        going_on = current_change()
        if going_on is not None and going_on["state"] not in FINAL and not _is_past(going_on):
            raise _busy()
        spec = JobSpec("task", text, user, (PhaseSpec("change-network", text, _EXPECTED_S + confirm_s),), once=True)
        ansible = data_dir() / "ansible"
        task = {"plan": dict(wanted), "confirm_s": confirm_s, "user": user, "virtual": _plain(virtual)}
        variables = {"rhv_task": task}
        job = start_job(spec, ansible / "networks", ansible / "plugins", variables, store=store, launcher=launcher)
        if not _is_of(job):
            write_state({"job": job, "title": text.to_json(), "user": user, "state": "starting"}, _STARTING_S)
    return job


def _is_past(change: Mapping[str, Any]) -> bool:
    """Its job was killed, and NetworkManager has gone back by now."""
    return (change["state"], change["left_s"]) == ("ended", 0)


def answer_change(job: str, keep: bool) -> None:
    """Keep the change or undo it now. Raises RhvError ``networks.*`` when another answer came first, or time is up."""
    change = current_change()
    state = change["state"] if change is not None and change["job"] == job else None
    said = "keep" if keep else "undo"
    first = take(changes_dir(), job, said) if state == "confirming" else None
    if first == said or (first is None and state == "confirming"):
        return
    if first == CLOSED or state in ("undoing", "undone", "lost"):
        text = msg("networks.too_late", "The answer came too late: the change is taken back.")
        raise RhvError("networks.too_late", text)
    if first is not None or state == "kept":
        raise RhvError("networks.answered", msg("networks.answered", "Another answer came first, and counts."))
    text = msg("networks.no_question", "No change of the networks waits for this answer any more.")
    raise RhvError("networks.no_question", text)


def carry_out(params: Mapping[str, Any], _progress: object, run: Run = run_command) -> dict[str, Any]:
    """A job's work: ``plan``, ``confirm_s``, ``user``, ``virtual``. Raises RhvError when it was taken back."""
    task, job = params["change"], str(params["job"]["id"])
    plan = Plan.from_json(task["plan"])
    text = title(plan)
    runner = [os.getpid(), started(os.getpid())]

    def tell(state: Mapping[str, Any]) -> None:
        error: RhvError | None = state["error"]
        record = {"job": job, "title": text.to_json(), "user": task["user"], "state": state["state"], "runner": runner}
        record.update(error=error.to_json() if error else None, left=state.get("left", []))
        record.update(gateway=state.get("gateway"), checkpoint=state.get("checkpoint"))
        write_state(record, state.get("confirm_in_s"), state.get("back_in_s"))
        told.append(state["state"])

    told: list[str] = []
    changes_dir().mkdir(mode=0o755, parents=True, exist_ok=True)
    with _locked(changes_dir() / "running"), stoppable():
        try:
            structure = read_structure(run)
            _judged(plan, structure, _virtual(task["virtual"]), run)  # again: the start may have been slow
            change = _change(plan, structure, run)
            change.tell, change.answer = tell, lambda: answered(changes_dir(), job)
            change.close, change.confirm_s = lambda: take(changes_dir(), job, CLOSED), float(task["confirm_s"])
            change.keep, change.shield = KeepOnDisk(job, text, task["user"], run), unstoppable
            change.carry_out()
        except RhvError as error:
            if not told:  # it was not begun: the next one need not wait
                tell({"state": "undone", "error": error})
            raise
    done = msg("networks.done", "The change was confirmed and stays.")
    return {"changed": True, "rhv_log": [{**done.to_json(), "severity": "info"}]}


def _plain(virtual: Virtual) -> dict[str, Any]:
    taps = {name: list(tap) for name, tap in virtual.taps.items()}
    guests = {name: list(found) for name, found in virtual.guests.items()}
    return {"networks": dict(virtual.networks), "taps": taps, "guests": guests}


def _virtual(value: Mapping[str, Any]) -> Virtual:
    taps = {name: Tap(*tap) for name, tap in value["taps"].items()}
    return Virtual(value["networks"], taps, value["guests"])


def _change(plan: Plan, structure: Structure, run: Run) -> Change:
    return Change(run, lambda way: reaches(way, run), plan, structure, lambda: None, lambda _state: None, 0.0, Keep())


def reaches(way: Way, run: Run = run_command) -> bool:
    """The gateway tells its MAC address over that interface or, on a wire without such questions, answers a ping."""
    try:
        if arp_probe(way.device, way.gateway) is not None:
            return True
    except (OSError, ValueError):
        pass  # not there, down, or no Ethernet: the ping fails too, or tells
    try:
        return run(["ping", "-n", "-c", "1", "-W", "1", "-I", way.device, way.gateway], 5.0).code == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _judged(plan: Plan, structure: Structure, virtual: Virtual, run: Run) -> Sequence[Message]:
    owner = {name: owner_of(structure, virtual, name) for name in structure.kernel.links}
    warnings = judge(plan, structure, owner)
    judge_in_use(plan, structure, virtual)
    warnings += judge_profiles(plan, structure, read_settings(run, structure.manager.profiles))
    if plan.addresses is not None and plan.addresses.method == "static":
        warnings += _judge_wire(plan, structure)
    return warnings


def _judge_wire(plan: Plan, structure: Structure) -> list[Message]:
    """Raises RhvError ``networks.address_taken`` when the address is somebody's, here or on the wire."""
    assert plan.addresses is not None
    address = str(plan.addresses.address).partition("/")[0]
    changed = {plan.name, *plan.on}
    for link in structure.kernel.links.values():
        if any(one.address == address for one in link.addresses):
            if link.name in changed:
                return []
            raise _taken(address, link.name)
    untested = msg("networks.warn_untested", "Whether {address} is in use could not be tested.", address=address)
    # What has its tag cannot be asked before it is there, nor what is behind a cable that is out.
    wires = [name for name in plan.on or (plan.name,) if structure.kernel.links[name].link != "down"]
    if plan.kind == "vlan" or not wires:
        return [untested]
    for wire in wires:
        try:
            holder = arp_probe(wire, address)
        except (OSError, ValueError):
            return [untested]
        if holder is not None:
            raise _taken(address, holder)
    return []


def _taken(address: str, holder: str) -> RhvError:
    text = msg("networks.address_taken", "{holder} has the address {address} already.", address=address, holder=holder)
    return RhvError("networks.address_taken", text, msg("checks.unused.remedy", "Choose an address nobody has."))


def _is_of(job: str) -> bool:
    change = current_change()
    return change is not None and change["job"] == job


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        with file_lock(path):
            yield
    except Locked as error:
        raise _busy() from error


def _busy() -> RhvError:
    return RhvError(
        "networks.busy",
        msg("networks.busy", "Another change of the networks is not finished yet."),
        msg("networks.busy.hint", "Keep or undo that one first."),
    )
