# SPDX-License-Identifier: Apache-2.0
"""The other end of a real helper process: asks over its pipes and keeps the topics as a page does."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import jsonschema
from cockpit_rhv.rpc import merge, schema
from cockpit_rhv.rpc.schema import RpcSchema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TREE = Path(__file__).resolve().parents[2]
TEST_DRIVER = "test:///default"
#: Seconds for any one answer on a machine that others use too: all checks take five on a quiet one.
PATIENCE_S = 90.0
#: Seconds for the end of a helper, which is there in a tenth of one: whoever waits for what hangs waits for minutes.
END_S = 15.0

RPC = TREE / "schemas" / "rpc.json"


class RpcFailure(Exception):
    """An error answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.number: int = error["code"]
        self.data: dict[str, Any] = error["data"]
        self.code: str = error["data"]["code"]


class Topic:
    """What a page holds of a topic."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.revision: int = answer["revision"]
        self.state: dict[str, Any] = answer["snapshot"]
        self.patches: list[dict[str, Any]] = []


class HelperProcess:
    """``argv``: another way to start it; ``environ``: additions to a clean environment; ``user``: run as another."""

    def __init__(
        self,
        environ: Mapping[str, str],
        argv: Sequence[str] = (sys.executable, "-m", "cockpit_rhv.helper"),
        user: int | None = None,
        tree: Path = TREE,
        pass_fds: Sequence[int] = (),
    ) -> None:
        clean = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(tree / "bridge")}
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**clean, "COCKPIT_RHV_LIBVIRT_URI": TEST_DRIVER, **environ},
            cwd="/",
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            pass_fds=pass_fds,
        )
        self.topics: dict[str, Topic] = {}
        self.topic_errors: list[dict[str, Any]] = []
        self.stderr = b""
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._next_id = 0
        self._rpc = RpcSchema()
        self._threads = [threading.Thread(target=self._read_stdout), threading.Thread(target=self._read_stderr)]
        for thread in self._threads:
            thread.start()

    # -- asking

    def call(self, method: str, **params: Any) -> Any:
        """The result, checked against the contract; raises :class:`RpcFailure`."""
        answer = self.ask({"jsonrpc": "2.0", "id": self.new_id(), "method": method, "params": params})
        if "error" in answer:
            raise RpcFailure(answer["error"])
        result = answer["result"]
        jsonschema.validate(result, self._rpc.result(method))
        return result

    def new_id(self) -> int:
        """An id that no request had yet."""
        self._next_id += 1
        return self._next_id

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer that carries the request's id."""
        self.write(json.dumps(request).encode() + b"\n")
        return self.answer_to(request["id"])

    def answer_to(self, identity: Any) -> dict[str, Any]:
        """The next answer with this id; notifications that come before it are taken in."""
        while True:
            message = self.next_message()
            if "method" in message:
                self._take_in(message)
            else:
                assert message["id"] == identity, message
                return dict(message)

    def subscribe(self, name: str) -> Topic:
        """Subscribe; the snapshot is checked against the contract."""
        result = self.call("subscribe", topic=name)
        assert result["topic"] == name
        self.topics[name] = Topic(result)
        check_topic(name, self.topics[name].state)
        return self.topics[name]

    def until(self, name: str, accept: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Take patches in until the topic's state is acceptable; returns that state."""
        deadline = time.monotonic() + PATIENCE_S
        while not accept(self.topics[name].state):
            assert time.monotonic() < deadline, f"{name} stays {self.topics[name].state}"
            self._take_in(self.next_message())
        check_topic(name, self.topics[name].state)
        return self.topics[name].state

    def drain(self, quiet_s: float) -> int:
        """Take in what comes until nothing has come for ``quiet_s``; returns how many messages that were."""
        count = 0
        while True:
            try:
                self._take_in(json.loads(self._lines.get(timeout=quiet_s)))
            except queue.Empty:
                return count
            count += 1

    # -- bytes

    def write(self, data: bytes) -> None:
        """Raw bytes to its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def next_message(self) -> dict[str, Any]:
        """The next line of its stdout, whatever it is."""
        try:
            line = self._lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"no answer; stderr: {self.stderr.decode(errors='replace')}") from None
        assert line, f"it ended; stderr: {self.stderr.decode(errors='replace')}"
        assert line.isascii()
        assert len(line) <= 1_000_000
        message = json.loads(line)
        assert isinstance(message, (dict, list))
        return message  # type: ignore[return-value]  # only a batch is answered with a list

    # -- the end

    def close(self) -> int:
        """Close its stdin and wait; returns the exit status. Fails when that takes more than :data:`END_S`."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait()

    def wait(self, limit_s: float = END_S) -> int:
        """The exit status; fails when it does not come in time."""
        try:
            return int(self.process.wait(limit_s))
        finally:
            self.kill()

    def kill(self) -> None:
        """Let go of process, threads and pipes, however the test ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):  # what was still buffered for it is of no use any more
                stream.close()

    def _take_in(self, message: Mapping[str, Any]) -> None:
        params = message["params"]
        if message["method"] == "topic.error":
            self.topic_errors.append(params)
            return
        assert message["method"] == "topic.patch", message
        topic = self.topics[params["topic"]]
        assert params["revision"] == topic.revision + 1
        topic.revision = params["revision"]
        topic.patches.append(params["patch"])
        topic.state = merge.apply(topic.state, params["patch"])

    def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line


def check_topic(name: str, state: Mapping[str, Any]) -> None:
    """A topic's state fits the contract, where an absent member stands for null."""
    topics = schema.read(RPC)["topics"]
    jsonschema.validate(state, absent_means_null(schema.resolve(topics[name.partition("/")[0]], RPC)))


def absent_means_null(document: Any) -> Any:
    """The schema with those members no longer required that may be null."""
    if isinstance(document, list):
        return [absent_means_null(element) for element in document]
    if not isinstance(document, dict):
        return document
    changed = {key: absent_means_null(value) for key, value in document.items()}
    if isinstance(document.get("required"), list):
        properties = document["properties"]
        changed["required"] = [
            name for name in document["required"] if not jsonschema.Draft7Validator(properties[name]).is_valid(None)
        ]
    return changed
