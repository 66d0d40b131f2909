# SPDX-License-Identifier: Apache-2.0
"""A scripted stand-in for the helper: speaks its JSON lines from one of the states of ``fake_states``.

The state's name stands in the file that ``RHV_FAKE_STATE`` names. A change of the file is followed live: topics get
a new snapshot; a change of privileges ends the helper, as Cockpit does. ``crash`` ends it at once.
``bundle <job>`` and ``logs <archive>`` write an archive to stdout instead.
"""

from __future__ import annotations

import io
import json
import os
import select
import sys
import tarfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bridge"))

from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage.upload import Ticket, begin

from tests.browser.fake_states import (
    CLEANUP,
    JOB,
    STATES,
    TASK,
    UPGRADE,
    Json,
    State,
    address,
    create,
    form,
    guest,
    guests,
    logs,
    luns,
    networks,
    plans,
    report,
    storage,
    trial,
)

STATE_FILE = Path(os.environ["RHV_FAKE_STATE"])
METHODS = json.loads((Path(__file__).resolve().parents[2] / "schemas" / "rpc.json").read_text())["methods"]
#: Requests that arrive are written here, so that a test can see what was sent.
REQUESTS = STATE_FILE.with_suffix(".requests")


def strip_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: strip_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [strip_nulls(element) for element in value]
    return value


def write(message: Json) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


#: Where uploads go, which are served by the real program.
FOLDER = STATE_FILE.with_suffix(".folder")
FOLDER.mkdir(exist_ok=True)
os.environ["COCKPIT_RHV_UPLOADS"] = str(STATE_FILE.with_suffix(".uploads"))

#: What starts a job, and which; the state says what follows.
STARTS = {
    "deploy.start": JOB,
    "deploy.resume": JOB,
    "jobs.resume": JOB,
    "deploy.cleanup": CLEANUP,
    "engine.upgrade": UPGRADE,
    "engine.rollback": UPGRADE,
    "tasks.start": TASK,
}
#: What works on guests by a job, and the state in which it does.
WORKS = {"machines.shut_down": "guests-shutting-down", "machines.snapshot_revert": "guest-snapshot"}


class Helper:
    def __init__(self) -> None:
        self.name = STATE_FILE.read_text().strip()
        if self.name == "crash":
            raise SystemExit(3)
        self.state: State = STATES[self.name]()
        self.revisions: dict[str, int] = {}
        #: A test of a storage that goes on until it is cancelled: id and parameters of the request.
        self.trial: tuple[Any, Json] | None = None

    def answer(self, method: str, params: Json) -> Json:
        if METHODS[method]["privileged"] and not self.state.privileged:
            raise plans.Refused(plans.denied())
        if method == "hello":
            return {
                "version": self.state.version,
                "protocol": 1,
                "user": "root" if self.state.privileged else "admin",
                "uid": 0 if self.state.privileged else 1000,
                "privileged": self.state.privileged,
                "hostname": "host1",
            }
        if method == "subscribe":
            topic = params["topic"]
            snapshot = strip_nulls(self.state.topics[topic]())
            self.revisions[topic] = 1
            return {"topic": topic, "revision": 1, "snapshot": snapshot}
        if method in WORKS:
            STATE_FILE.write_text(WORKS[method])
            self.follow()
            return {"job": TASK}
        if method in STARTS:
            if method == "deploy.cleanup":
                self.verify(params["fingerprint"])
            STATE_FILE.write_text(self.state.then)
            self.follow()
            return {"job": STARTS[method]}
        if method == "events.list":
            return logs.answer(*self.state.events, params)
        if method == "logs.list":
            return logs.archives(self.state.archives)
        return self.deployment(method, params)

    def verify(self, fingerprint: str) -> None:
        if plans.cleanup_plan(self.state.cleanup)["fingerprint"] != fingerprint:
            raise plans.Refused(plans.changed())

    def deployment(self, method: str, params: Json) -> Json:
        if method == "deploy.form":
            return form(self.state.kvm)
        if method == "deploy.validate":
            return {"errors": []}
        if method == "deploy.preflight":
            return {"errors": [], "report": report(self.state.preflight)}
        if method == "deploy.check_network":
            return address.check_network(params["answers"])
        if method == "deploy.import":
            return plans.imported(params["text"])
        if method == "deploy.answers":
            return {"profile": "embedded", "answers": plans.begun_answers()}
        if method == "deploy.resume_plan":
            return plans.resume_plan(params["answers"], params["new_password"])
        if method == "engine.upgrade_plan":
            return plans.upgrade_plan(self.state.update)
        if method == "deploy.cleanup_plan":
            return plans.cleanup_plan(self.state.cleanup)
        if method == "engine.drop_previous":
            STATE_FILE.write_text(self.state.then)
            self.follow()
            return {}
        if method == "jobs.output":
            text = "PLAY [image] ****\nTASK [Copy the image with visible progress] ****\nchanged: [localhost]\n"
            return {"text": text[params["offset"] :], "next_offset": len(text), "eof": True}
        if method == "machines.act":
            return {"results": guests.results(params["uuids"])}
        if method in guest.ANSWERS:
            return guest.ANSWERS[method](params)
        if method.startswith("networks."):
            if params.get("plan", {}).get("addresses", {}).get("address") == "198.51.100.9/24":
                raise plans.Refused(networks.taken())
            if method == "networks.confirm" or method == "networks.change":
                STATE_FILE.write_text("nets-kept" if method == "networks.confirm" else "nets-confirming")
                self.follow()
            return networks.answer(method)
        if method == "storage.discover":
            return luns.targets()
        if method == "storage.luns":
            return luns.luns(params["target"])
        if method == "storage.wipe_engine":
            return {"removed": [file["name"] for file in params["files"]]}
        if method == "storage.cancel":
            return {"cancelled": self.trial is not None}
        if method == "storage.create":
            return {"pool": storage.LOCAL}
        if method == "storage.upload_begin":
            ticket, have = begin(Ticket(params["pool"], str(FOLDER), params["name"], params["size_bytes"]))
            return {"ticket": ticket, "have_bytes": have}
        if method == "storage.volume_remove":
            raise plans.Refused(storage.needed())
        if method in create.ANSWERS:
            return create.ANSWERS[method](params)
        if method == "machines.serial_log":
            text = "[    0.000000] Linux version 6.12.41\n[  OK  ] Reached target multi-user.target.\n"
            return {"text": text[params["offset"] :], "next_offset": len(text)}
        if method == "machines.console":
            return guests.console(params["uuid"])
        if method == "machines.open_display":
            return {"restart_needed": True}
        return {}

    def follow(self) -> None:
        name = STATE_FILE.read_text().strip()
        if name == self.name:
            return
        if name == "crash":
            raise SystemExit(3)
        state = STATES[name]()
        if state.privileged != self.state.privileged:
            raise SystemExit(0)
        self.name, self.state = name, state
        for topic in self.revisions:
            if topic not in state.topics:
                continue
            try:
                snapshot = state.topics[topic]()
            except plans.Refused as refused:
                write({"method": "topic.error", "params": {"topic": topic, "error": refused.error}})
                continue
            self.revisions[topic] += 1
            write(
                {
                    "method": "topic.snapshot",
                    "params": {
                        "topic": topic,
                        "revision": self.revisions[topic],
                        "snapshot": strip_nulls(snapshot),
                    },
                }
            )

    def tell(self, topic: str, snapshot: Json) -> None:
        if topic in self.revisions:
            self.revisions[topic] += 1
            told = {"topic": topic, "revision": self.revisions[topic], "snapshot": strip_nulls(snapshot)}
            write({"method": "topic.snapshot", "params": told})

    def test(self, request: Json) -> bool:
        """A test whose path has "slow" in it goes on until it is cancelled; whether the answer has been seen to."""
        if request["method"] == "storage.test":
            answer, running = trial.trial(request["params"])
            self.state.topics["storage_test"] = lambda: running
            self.tell("storage_test", running)
            self.trial = (request["id"], request["params"])
            if "slow" in request["params"]["document"]["path"]:
                return True
        elif request["method"] == "storage.cancel" and self.trial is not None:
            write({"id": request["id"], "result": {"cancelled": True}})
            answer = trial.trial(self.trial[1], cancelled=True)[0]
        else:
            return False
        assert self.trial is not None
        write({"id": self.trial[0], "result": answer})
        self.trial = None
        self.state.topics["storage_test"] = lambda: trial.IDLE
        self.tell("storage_test", trial.IDLE)
        return True

    def run(self) -> None:
        buffer = b""
        while True:
            readable, _, _ = select.select([0], [], [], 0.1)
            if not readable:
                self.follow()
                continue
            data = os.read(0, 65_536)
            if not data:
                return
            # A test that has just chosen another state means it for the very next answer.
            self.follow()
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                request = json.loads(line)
                with REQUESTS.open("a") as log:
                    log.write(line.decode() + "\n")
                if self.state.privileged and self.test(request):
                    continue
                try:
                    answer = {"result": self.answer(request["method"], request["params"])}
                except RhvError as error:
                    answer = {"error": {"code": -32000, "message": str(error), "data": error.to_json()}}
                except plans.Refused as refused:
                    message = refused.error["message"]["text"]
                    answer = {"error": {"code": -32000, "message": message, "data": refused.error}}
                if "id" in request:
                    write({"id": request["id"], **answer})


def bundle(job: str) -> None:
    """An archive with one small file."""
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w:gz") as archive:
        content = f"everything about {job}\n".encode()
        member = tarfile.TarInfo(f"{job}/README")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


if __name__ == "__main__":
    if sys.argv[1:2] in (["bundle"], ["logs"]):
        bundle(sys.argv[2])
    elif sys.argv[1:2] == ["upload"]:
        from cockpit_rhv.helper.uploading import upload

        (STATE_FILE.with_suffix(".upload-pid")).write_text(str(os.getpid()))
        upload(sys.argv[2], 0, 1)
    else:
        Helper().run()
