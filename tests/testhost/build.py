# SPDX-License-Identifier: Apache-2.0
"""What every test host needs built first: page, packages, appliance and roots, side by side where independent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.testhost.root import BUILD
from tests.testhost.steps import TOP, Steps

if TYPE_CHECKING:
    from pathlib import Path


def version() -> str:
    """The project's version, from the one place that states it."""
    text = (TOP / "bridge/cockpit_rhv/__init__.py").read_text()
    return text.partition('__version__ = "')[2].partition('"')[0]


def host_deb() -> Path:
    return BUILD / f"cockpit-rhv_{version()}_all.deb"


def appliance() -> Path:
    return BUILD / "appliance" / "rhv-engine.qcow2"


def build_all(steps: Steps, *suites: str, whole_kernel: bool = False) -> None:
    """Bring everything up to date; make decides what has to be done. ``whole_kernel``: the QEMU guests as well."""

    def packages() -> None:
        steps.command("page", "Build the page and the portal", "make", "page")
        steps.command("packages", "Build the packages", "make", "deb", "engine-deb")
        steps.command("appliance", "Build the appliance", "make", "appliance")

    def roots() -> None:
        # The appliance's base needs neither page nor packages: it is built while the page is.
        steps.command(
            "appliance_base", "Build the appliance's base", "appliance/build", "--base-only", "build/appliance"
        )
        for suite in suites:
            steps.command(
                f"root_{suite}",
                f"Build the test host's root ({suite})",
                sys.executable,
                "-m",
                "tests.testhost.root",
                suite,
            )

    def guests() -> None:
        title = "Build, boot and save the whole-kernel guests"
        steps.command("wholekernel", title, sys.executable, "-m", "tests.wholekernel.saved")

    steps.side_by_side(packages, roots, *([guests] if whole_kernel else []))


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["trixie"]
    suites = [name for name in wanted if name != "wholekernel"]
    build_all(Steps(BUILD / "logs"), *suites, whole_kernel="wholekernel" in wanted)
