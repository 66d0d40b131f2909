# SPDX-License-Identifier: Apache-2.0
"""Pages of memory: equal ones merged, huge ones set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Remedy
from ..host.files import read_optional_int, read_text
from ..host.memory import read_meminfo
from ..messages import msg
from .model import NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from pathlib import Path

    from .context import Context

#: Percent of all memory that may lie idle in huge pages. Ours.
IDLE_PERCENT = 5


def check_ksm(context: Context) -> Outcome:
    """Merging is wanted where guests were promised more memory than there is, and only there."""
    folder = context.probes.root / "sys/kernel/mm/ksm"
    try:
        run = int(read_text(folder / "run"))
    except FileNotFoundError:
        (context.probes.root / "sys/kernel").stat()  # else nothing was looked at
        return Outcome(NOT_APPLICABLE, msg("checks.ksm.none", "This kernel does not merge equal pages."))
    pages = read_optional_int(folder / "pages_sharing") or 0
    evidence = [
        Evidence("/sys/kernel/mm/ksm/run", str(run)),
        Evidence("/sys/kernel/mm/ksm/pages_sharing", str(pages)),
    ]
    if run == 1:
        return Outcome(
            OK, msg("checks.ksm.ok", "Equal pages of guests are kept once ({pages} saved).", pages=pages), evidence
        )
    promised = sum(domain.memory_mib for domain in context.hypervisor.domains if domain.active)
    total = context.facts["memory"]["total_mib"]
    evidence.append(Evidence("virDomainGetXMLDesc", f"{promised} MiB for running guests of {total} MiB"))
    if promised <= total:
        text = msg("checks.ksm.unneeded", "Equal pages are not merged; the guests fit into memory as they are.")
        return Outcome(NOT_APPLICABLE, text, evidence)
    return Outcome(
        WARNING,
        msg(
            "checks.ksm.off",
            "Running guests may take {promised} MiB of {total} MiB, and equal pages are not merged.",
            promised=promised,
            total=total,
        ),
        evidence,
        msg(
            "checks.ksm.remedy",
            "echo 1 > /sys/kernel/mm/ksm/run, or install ksmtuned, which does so when it is needed.",
        ),
        remedy_job=Remedy("start_ksm", msg("remedy.start_ksm", "Merge equal pages")),
    )


def check_huge_pages(context: Context) -> Outcome:
    """Whether the guests that ask for them find enough, and whether memory lies idle in them."""
    root = context.probes.root
    meminfo = read_meminfo(root)
    default = meminfo.get("Hugepagesize", 2048)
    pools = _pools(root / "sys/kernel/mm/hugepages")
    users = [domain for domain in context.hypervisor.domains if domain.huge_page_kib is not None]
    evidence = [
        Evidence(f"/sys/kernel/mm/hugepages/hugepages-{size}kB", f"{free} of {total} free")
        for size, (total, free) in sorted(pools.items())
    ]
    evidence += [
        Evidence(f"virDomainGetXMLDesc({domain.name})", f"{domain.memory_mib} MiB in huge pages") for domain in users
    ]
    for domain in users:
        size = domain.huge_page_kib or default
        free = pools.get(size, (0, 0))[1]
        needed = -(-domain.memory_mib * 1024 // size)
        if not domain.active and needed > free:
            return Outcome(
                WARNING,
                msg(
                    "checks.huge_pages.short",
                    "{guest} cannot start: it needs {needed} huge pages of {size} KiB, {free} are free.",
                    guest=domain.name,
                    needed=needed,
                    size=size,
                    free=free,
                ),
                evidence,
                msg(
                    "checks.huge_pages.short.remedy",
                    "Set more aside while memory is not in pieces: echo {pages} > "
                    "/sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages",
                    pages=pools.get(size, (0, 0))[0] + needed - free,
                    size=size,
                ),
            )
    idle_mib = sum(size * free for size, (_, free) in pools.items()) // 1024
    total_mib = context.facts["memory"]["total_mib"]
    if not any(total for total, _ in pools.values()):
        text = msg("checks.huge_pages.none", "No huge pages are set aside, and no guest asks for them.")
        return Outcome(NOT_APPLICABLE, text, evidence)
    if not users and 100 * idle_mib > IDLE_PERCENT * total_mib:
        return Outcome(
            WARNING,
            msg("checks.huge_pages.idle", "{idle} MiB lie idle in huge pages: no guest uses them.", idle=idle_mib),
            evidence,
            msg(
                "checks.huge_pages.idle.remedy",
                "Give them back with “sysctl vm.nr_hugepages=0”, and remove hugepages= from the kernel's command line.",
            ),
        )
    return Outcome(
        OK, msg("checks.huge_pages.ok", "Huge pages suffice; {idle} MiB of them are free.", idle=idle_mib), evidence
    )


def _pools(folder: Path) -> dict[int, tuple[int, int]]:
    """Size in KiB to total and free pages. Raises OSError when what is there cannot be read."""
    try:
        sizes = [path for path in folder.iterdir() if path.name.startswith("hugepages-")]
    except FileNotFoundError:
        return {}  # a kernel without them
    return {
        int(path.name[len("hugepages-") : -len("kB")]): (
            int(read_text(path / "nr_hugepages")),
            int(read_text(path / "free_hugepages")),
        )
        for path in sizes
    }


CHECKS = (
    Check(
        "memory.ksm",
        msg("checks.ksm.title", "Merged pages"),
        msg(
            "checks.ksm.why",
            "Where guests were promised more memory than there is, merging equal pages keeps the host from swapping.",
        ),
        check_ksm,
        health_only=True,
    ),
    Check(
        "memory.huge_pages",
        msg("checks.huge_pages.title", "Huge pages"),
        msg(
            "checks.huge_pages.why",
            "A guest that asks for huge pages does not start without them, and what is set aside nobody else can use.",
        ),
        check_huge_pages,
        health_only=True,
    ),
)
