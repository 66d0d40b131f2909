# SPDX-License-Identifier: Apache-2.0
"""``make demo``: from nothing to a host with Cockpit whose engine VM runs and reports the host up."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from appliance.builder.mirror import MirrorError
from tests.testhost.build import build_all, host_deb
from tests.testhost.container import ContainerError
from tests.testhost.host import TestHost
from tests.testhost.network import Network, NetworkError, NetworkTaken
from tests.testhost.root import BUILD
from tests.testhost.steps import TOP, StepFailed, Steps, fail

NETWORK = Network("rhvdemo0", "10.77.0.0/24")
FACTS = BUILD / "demo.json"
CA_BUNDLE = BUILD / "demo-ca.pem"
# One machine runs one demo, whichever clone started it.
OWNER = Path("/run/cockpit-rhv-demo.json")
NEEDED_FREE_MIB = 6 * 1024
ENGINE_USER = "admin@internal"


def the_host() -> TestHost:
    """The demo's host; it exists after :func:`up`."""
    return TestHost("demo", "trixie", NETWORK)


def refuse_early() -> None:
    """Say what stands in the way before anything is changed."""
    if os.geteuid() != 0:
        fail("make demo needs root: it boots a container and makes a network bridge. Run it with sudo.")
    owner = _owner()
    if owner and owner != str(TOP):
        fail(f"Another demo runs on this machine, started from {owner}. Remove it first: make -C {owner} demo-down")
    if shutil.which("ip"):
        try:
            NETWORK.check_free()
        except NetworkTaken as error:
            fail(f"The demo's network is taken: {error}. Free it, or change NETWORK in tests/testhost/demo.py.")
    free_mib = shutil.disk_usage(TOP).free // 2**20
    if not FACTS.exists() and free_mib < NEEDED_FREE_MIB:
        fail(f"The demo needs {NEEDED_FREE_MIB} MiB of free disk space below {TOP}; there are {free_mib} MiB.")


def _owner() -> str | None:
    try:
        return str(json.loads(OWNER.read_text())["folder"])
    except FileNotFoundError:
        return None


def up() -> None:
    """Build what is missing, bring the host up, deploy, print the logins."""
    refuse_early()
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail("Another 'make demo' is at work in this folder. Wait for it to end.")
        _up()


def _up() -> None:
    steps = Steps(BUILD / "logs")
    print("cockpit-rhv demo", flush=True)
    steps.command("prerequisites", "Install what the demo needs", "packaging/install-prerequisites", "demo")
    NETWORK.check_free()
    build_all(steps, "trixie")
    OWNER.write_text(json.dumps({"folder": str(TOP)}) + "\n")
    host = the_host()
    steps.do("host", "Boot the test host", host.up)
    steps.do("install", "Install our package with apt", lambda: host.install(host_deb()))
    facts = _facts(host)
    if engine_answers(facts):
        print("\nThe engine is up already.")
    else:
        facts["engine_password"] = facts.get("engine_password") or secrets.token_urlsafe(12)
        _save(facts)
        steps.do("deploy", "Deploy the engine", lambda: deploy(host, facts["engine_password"]))
        _add_engine(host, facts)
    facts["steps"] = steps.seconds
    _save(facts)
    _print(facts)


def _facts(host: TestHost) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(FACTS.read_text()) if FACTS.exists() else {}
    known.update(
        cockpit_url=host.cockpit_url,
        cockpit_user=host.user,
        cockpit_password=host.password,
        engine_user=ENGINE_USER,
        ca_file=str(CA_BUNDLE),
        host_root=str(host.container.root),
    )
    return known


def deploy(host: TestHost, password: str) -> None:
    """``cockpit-rhv deploy`` inside the host, its progress on our terminal. Raises StepFailed with the CLI's status."""
    argv = host.container.command("cockpit-rhv", "deploy", "--admin-password-stdin", "--set", "accept.emulation=true")
    result = subprocess.run(argv, input=password, text=True, check=False)
    if result.returncode != 0:
        raise StepFailed(f"The deployment failed (status {result.returncode}); 'make demo' resumes it.")


def _add_engine(host: TestHost, facts: dict[str, Any]) -> None:
    engine = json.loads((host.container.root / "etc/cockpit-rhv/engine.json").read_text())
    engine_ca = (host.container.root / engine["ca_file"].lstrip("/")).read_text()
    CA_BUNDLE.write_text(host.ca_file.read_text() + engine_ca)
    facts["engine_url"] = f"https://{engine['address']}/ovirt-engine/"


def engine_answers(facts: dict[str, Any]) -> bool:
    """Whether the Manager's health page answers, over TLS checked with the CA file."""
    if "engine_url" not in facts or not CA_BUNDLE.exists():
        return False
    try:
        context = ssl.create_default_context(cafile=facts["ca_file"])
        with urllib.request.urlopen(facts["engine_url"] + "services/health", timeout=5, context=context) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _save(facts: dict[str, Any]) -> None:
    temporary = FACTS.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.chmod(0o600)
    temporary.write_text(json.dumps(facts, indent=1) + "\n")
    temporary.replace(FACTS)


def _print(facts: dict[str, Any]) -> None:
    total = sum(facts["steps"].values())
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in facts["steps"].items())
    print(f"""
The host       {facts["cockpit_url"]}
    log in as  {facts["cockpit_user"]} with {facts["cockpit_password"]}
The Manager    {facts["engine_url"]}
    log in as  {facts["engine_user"]} with {facts["engine_password"]}
The CA file    {facts["ca_file"]}   (for both: curl --cacert, or import it into the browser)

Steps: {steps} (some side by side; sum {total:.0f} s)
All of this is in {FACTS.relative_to(TOP)}. 'make demo-down' removes it.""")


def down() -> None:
    """Remove everything :func:`up` started; what was built stays."""
    if os.geteuid() != 0:
        fail("make demo-down needs root.")
    owner = _owner()
    if owner and owner != str(TOP):
        fail(f"The demo on this machine was started from {owner}: make -C {owner} demo-down")
    the_host().down()
    for path in (FACTS, CA_BUNDLE, OWNER):
        path.unlink(missing_ok=True)
    print("The demo is gone.")


def main() -> None:
    """Command line: ``up`` or ``down``."""
    parser = argparse.ArgumentParser(description="The cockpit-rhv demo.")
    parser.add_argument("action", choices=["up", "down"])
    try:
        {"up": up, "down": down}[parser.parse_args().action]()
    except (StepFailed, ContainerError, NetworkError, NetworkTaken, MirrorError) as error:
        print(f"\n{error}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
