# SPDX-License-Identifier: Apache-2.0
"""What the scripted helper says in each state of the page: topics and answers as the real helper would send them."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

from . import address, create, errors, guest, guests, jobs, logs, luns, networks, plans, storage, trial
from .checks import report
from .engine import engine
from .form import form
from .health import health, load
from .host import host, machines
from .texts import CLEANUP, JOB, TASK, UPGRADE, Json, msg

__all__ = [
    "CLEANUP", "JOB", "STATES", "TASK", "UPGRADE", "Json", "State", "address", "create", "form", "guest", "guests",
    "logs", "luns", "plans", "report", "storage", "trial",
]  # fmt: skip


class State:
    """One state of the host, as topics and answers. ``then``: the state that starting something leads to."""

    def __init__(
        self,
        engine_state: str = "none",
        *known: Json,
        vm: str | None = None,
        kvm: bool = True,
        privileged: bool = True,
        libvirt: str = "connected",
        preflight: str = "warning",
        version: str = "0.1.0",
        cleanup: str = "rest",
        update: str = "none",
        then: str = "running",
        health_kind: str = "well",
        load_kind: str = "short",
        events: str = "some",
        recorder: str | None = "page",
        archives: int = 0,
        nets: str = "several",
        others: Callable[[], list[Json]] = list,
        pools: str = "some",
        many_volumes: bool = False,
    ) -> None:
        self.privileged = privileged
        self.version = version
        self.kvm = kvm
        self.preflight = preflight
        self.cleanup = cleanup
        self.update = update
        self.then = then
        self.events = (events, recorder)
        self.archives = archives
        self.topics: dict[str, Callable[[], Json]] = {
            "host": lambda: host(kvm),
            "health": lambda: health(health_kind),
            "load": lambda: load(load_kind),
            "machines": lambda: machines({"starting": "running"}.get(vm, vm) if vm else None, libvirt, others()),
            "networks": networks.KINDS[nets],
            "events": lambda: logs.topic(events, recorder),
            "engine": lambda: engine(engine_state, vm or "running", update == "back"),
            "jobs": lambda: {"jobs": {job["id"]: job for job in known}, "access": None},
        }
        self.topics["storage_test"] = lambda: trial.IDLE
        self.topics["storage"] = lambda: storage.topic(pools, libvirt)
        for one in storage.some():
            self.topics[f"pool/{one['uuid']}"] = partial(storage.content, one, many_volumes)
        for one in others():
            self.topics[f"machine/{one['uuid']}"] = partial(guest.details, one)
        for job in known:
            self.topics[f"job/{job['id']}"] = partial(shown, job)


def shown(job: Json) -> Json:
    return {"status": job, "events": jobs.events(job)}


def running() -> Json:
    return jobs.status("running", current="image", task=jobs.TASKS[-1][1], copying=True)


def failed() -> Json:
    return jobs.status("failed", current="engine", task=jobs.WAIT, error=errors.ca_mismatch())


def blocked() -> Json:
    """The likely cause is known, and so is what helps."""
    return jobs.status("failed", current="host", task=jobs.REGISTER, error=errors.not_up())


def unheard() -> Json:
    """libvirt stayed away."""
    return jobs.status("failed", current="engine", task=jobs.WAIT, error=errors.libvirt_stopped())


def succeeded() -> Json:
    return jobs.status("succeeded", elapsed_s=84.2)


def gone() -> Json:
    """A deployment that failed and was cleaned up: there is nothing left to go on with."""
    return jobs.status(
        "failed", current="engine", task=jobs.WAIT, error=errors.ca_mismatch(), age_s=900, resumable=False
    )


def shutting_down(state: str, **more: Any) -> Json:
    """web-1, web-2 and the database are shut down."""
    names = ("web-1", "web-2", "database")
    text = "Shut down {count} guests, and power them off after {minutes} min"
    title = msg("shutdown.title_many", text, count=len(names), minutes=5)
    uuids = [one["uuid"] for one in guests.few() if one["name"] in names]
    return jobs.of_guests(state, "shut-down-guests", title, *uuids, task="Wait until the guests are off", **more)


def waiting() -> Json:
    text = msg("shutdown.waiting_many", "{count} of {total} guests still run", count=2, total=3)
    return shutting_down("running", progress={"done": 70, "total": 300, "unit": "seconds", "message": text})


def snapshotting(state: str, **more: Any) -> Json:
    text = "Take the snapshot “{snapshot}” of {name}"
    title = msg("snapshot.title.create", text, snapshot="before the upgrade", name="web-1")
    return jobs.of_guests(state, "snapshot-guest", title, guests.few()[0]["uuid"], task="Let libvirt do it", **more)


def writing() -> Json:
    progress = {"done": 700 * 2**20, "total": 2048 * 2**20, "unit": "bytes", "message": None}
    return snapshotting("running", progress=progress)


def made() -> Json:
    title = msg("create.title", "Create the guest {name}", name="web-1")
    return jobs.of_guests("succeeded", "create-guest", title, guests.few()[0]["uuid"])


STATES: dict[str, Callable[[], State]] = {
    "before": lambda: State(),
    "emulated": lambda: State(kvm=False),
    # A host that is ill, a button of its overview at work, and the host afterwards.
    "ill": lambda: State(health_kind="ill", load_kind="long", then="starting-pool"),
    "starting-pool": lambda: State("none", jobs.remedy("running", "start_pool"), health_kind="ill", load_kind="long"),
    "cured": lambda: State("none", jobs.remedy("succeeded", "start_pool"), load_kind="long"),
    "ovirt": lambda: State(health_kind="ovirt", then="ending-maintenance"),
    "ending-maintenance": lambda: State("none", jobs.remedy("running", "ha_maintenance"), health_kind="ovirt"),
    "blind": lambda: State(privileged=False, health_kind="blind"),
    "checking": lambda: State(health_kind="checking"),
    "unchecked": lambda: State(health_kind="failed"),
    "refused": lambda: State(preflight="error"),
    "limited": lambda: State(privileged=False),
    "no-libvirt": lambda: State(libvirt="absent"),
    # A check with a remedy, the remedy at work, and what it leads to.
    "unresolved": lambda: State(preflight="unresolved", then="resolving"),
    "resolving": lambda: State("none", jobs.remedy("running", "hosts_entry"), preflight="unresolved"),
    "resolved": lambda: State("none", jobs.remedy("succeeded", "hosts_entry"), preflight="ok"),
    "running": lambda: State("deploying", running()),
    "failed": lambda: State("failed", failed()),
    "limited-failed": lambda: State("failed", failed(), privileged=False),
    "interrupted": lambda: State(
        "failed", jobs.status("interrupted", current="engine", task=jobs.WAIT, error=errors.interrupted())
    ),
    "silent": lambda: State("failed", jobs.status("interrupted", current="engine", task=jobs.WAIT)),
    "cancelled": lambda: State("failed", jobs.status("cancelled", current="image", task=jobs.TASKS[-1][1])),
    # A failure with a remedy, the remedy at work, and how it may end.
    "blocked": lambda: State("failed", blocked(), then="mending"),
    "mending": lambda: State("failed", blocked(), jobs.remedy("running", "open_port")),
    "mended": lambda: State("failed", blocked(), jobs.remedy("succeeded", "open_port")),
    "unmended": lambda: State("failed", blocked(), jobs.remedy("failed", "open_port", errors.task_failed())),
    # A cleanup whose list is shown, changes, is carried out, and what is left.
    "leftovers": lambda: State("failed", failed(), then="cleaning"),
    "grown": lambda: State("failed", failed(), cleanup="grown", then="cleaning"),
    "nothing": lambda: State("failed", failed(), cleanup="nothing"),
    "cleaning": lambda: State("failed", failed(), jobs.cleanup("running")),
    "cleaned": lambda: State("none", gone(), jobs.cleanup("succeeded")),
    "cleanup-failed": lambda: State("failed", failed(), jobs.cleanup("interrupted")),
    "deployed": lambda: State("deployed", succeeded(), vm="running", cleanup="engine", then="removing"),
    "damaged": lambda: State("damaged", succeeded(), vm="running", cleanup="damaged", then="clearing"),
    "clearing": lambda: State("damaged", jobs.cleanup("running"), vm="running", cleanup="damaged"),
    "libvirt-stopped": lambda: State("failed", unheard(), then="starting-libvirt"),
    "starting-libvirt": lambda: State("failed", unheard(), jobs.remedy("running", "start_libvirt")),
    "removing": lambda: State("deployed", succeeded(), jobs.cleanup("running"), vm="running"),
    "upgrade-failed": lambda: State(
        "deployed", succeeded(), jobs.upgrade("failed", errors.other_ca()), vm="running", cleanup="engine"
    ),
    "upgraded": lambda: State("deployed", succeeded(), jobs.upgrade("succeeded"), vm="running", update="back"),
    "upgrade-kept": lambda: State("deployed", succeeded(), vm="running", update="back", then="going-back"),
    "going-back": lambda: State("deployed", succeeded(), jobs.upgrade("running"), vm="running", update="back"),
    "upgrade-final": lambda: State("deployed", succeeded(), vm="running", update="back", then="dropped"),
    "dropped": lambda: State("deployed", succeeded(), vm="running"),
    "newer": lambda: State("deployed", succeeded(), vm="running", update="newer", then="upgrading"),
    "upgrading": lambda: State("deployed", succeeded(), jobs.upgrade("running"), vm="running", update="newer"),
    "starting": lambda: State("deployed", succeeded(), vm="starting"),
    "stopped": lambda: State("deployed", succeeded(), vm="shut_off"),
    # The list of guests.
    "guests": lambda: State("deployed", succeeded(), vm="running", others=guests.few),
    # Jobs that work on guests.
    "guests-shutting-down": lambda: State("none", waiting(), others=guests.few),
    "guests-shut-down-failed": lambda: State(
        "none", shutting_down("failed", error=errors.not_shut_down()), others=guests.few
    ),
    "guests-shut-down": lambda: State("none", shutting_down("succeeded"), others=guests.few),
    "guest-snapshot": lambda: State("none", writing(), others=guests.few),
    "guest-snapshot-limited": lambda: State("none", writing(), others=guests.few, privileged=False),
    "guest-snapshot-failed": lambda: State(
        "none", snapshotting("interrupted", error=errors.interrupted()), others=guests.few
    ),
    "guest-snapshot-cancelled": lambda: State("none", snapshotting("cancelled"), others=guests.few),
    "guest-made": lambda: State("none", made(), others=guests.few),
    "guest-gone": lambda: State(others=lambda: guests.few()[1:]),
    "guests-limited": lambda: State(others=guests.few, privileged=False),
    "guests-hostile": lambda: State(others=guests.hostile),
    "guests-many": lambda: State(others=guests.many),
    "guests-read-only": lambda: State(others=guests.few, libvirt="read-only"),
    "guests-unknown": lambda: State(others=guests.unknown, libvirt="disconnected"),
    # Storage.
    "storage": lambda: State(),
    "storage-limited": lambda: State(privileged=False),
    "storage-none": lambda: State(pools="none"),
    "storage-many": lambda: State(many_volumes=True),
    # Events, and logs that are collected.
    "logs": lambda: State(events="many", recorder="agent", archives=2),
    "logs-fresh": lambda: State(archives=1, then="logs-collecting"),
    "logs-limited": lambda: State(events="some", recorder=None, privileged=False),
    "logs-none": lambda: State(events="none"),
    "logs-more": lambda: State(events="more"),
    "logs-collecting": lambda: State("none", logs.collecting("running"), archives=1),
    "logs-collected": lambda: State("none", logs.collecting("succeeded"), archives=2),
    "logs-failed": lambda: State("none", logs.collecting("failed"), archives=1),
    # Networks of hosts that NetworkManager looks after, or does not.
    "nets-plain": lambda: State(nets="plain"),
    "nets-owned": lambda: State(nets="owned"),
    "nets-bare": lambda: State(nets="bare"),
    "nets-applying": lambda: State(nets="applying"),
    "nets-confirming": lambda: State(nets="confirming"),
    "nets-kept": lambda: State(nets="kept"),
    "nets-undone": lambda: State(nets="undone"),
    "nets-lost": lambda: State(nets="lost"),
    "nets-ended": lambda: State(nets="ended"),
    "libvirt-lost": lambda: State(libvirt="disconnected"),
    "skew": lambda: State("deployed", succeeded(), vm="running", version="0.0.9"),
}
