# SPDX-License-Identifier: Apache-2.0
"""Updates that wait, by what the package lists on this host say; nothing is asked of the network."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Remedy
from ..messages import msg
from .asking import ask, shown
from .model import NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from pathlib import Path

    from .context import Context, Finished

#: Days after which package lists say nothing of today. Ours.
STALE_DAYS = 7
_APT = ("apt-get", "--simulate", "--option", "Debug::NoLocking=true", "--quiet", "dist-upgrade")
#: Not --quiet: it leaves out which repositories were passed over because their lists are not here.
_DNF = ("dnf", "--cacheonly", "check-update")
#: Seconds; without its cache apt takes three of a processor's own.
_LIMIT_S = 12.0
#: Each is touched by every successful refresh.
_APT_STAMPS = ("var/lib/apt/periodic/update-success-stamp", "var/lib/apt/lists/partial", "var/lib/apt/lists")
#: And these by every installation.
_INSTALLED = ("var/lib/dpkg/status", "var/lib/rpm", "usr/lib/sysimage/rpm")
_DNF_CACHES = ("var/cache/libdnf5", "var/cache/dnf")
_INST = re.compile(r"^Inst (\S+) .*?\((\S+) (.*?)\)", re.MULTILINE)
_PACKAGE = re.compile(
    r"^([A-Za-z0-9][\w.+-]*\.(?:noarch|x86_64|i686|aarch64|ppc64le|s390x))\s+\S+\s+\S+\s*$", re.MULTILINE
)
#: Those with skip_if_unavailable; the others make dnf fail.
_PASSED_OVER = re.compile(r"^Ignoring repositories: (.+)$", re.MULTILINE)


class Waiting(NamedTuple):
    """Names of packages that would be replaced, and those among them that mend a security fault.

    ``passed_over``: repositories this does not speak of.
    """

    packages: tuple[str, ...]
    security: tuple[str, ...]
    passed_over: tuple[str, ...] = ()


def parse_apt(output: str) -> Waiting:
    """What ``apt-get --simulate dist-upgrade`` printed; a package that would be new is counted too."""
    found = _INST.findall(output)
    return Waiting(
        tuple(name for name, _, _ in found),
        tuple(name for name, _, origin in found if "security" in origin.lower()),
    )


def parse_dnf(output: str) -> tuple[str, ...]:
    """Names in what ``dnf check-update`` printed, without what it would replace by another name."""
    before, _, _ = output.partition("Obsoleting Packages")
    return tuple(dict.fromkeys(_PACKAGE.findall(before)))


def passed_over(output: str) -> tuple[str, ...]:
    """Repositories ``dnf`` knows of and has no lists of."""
    return tuple(name for names in _PASSED_OVER.findall(output) for name in re.split(r"[, ]+", names) if name)


def check_updates(context: Context) -> Outcome:
    """Old package lists are unknown, not in order: what has been published since, they cannot say."""
    root = context.probes.root
    found = (
        _apt(context)
        if (root / "usr/bin/apt-get").exists()
        else _dnf(context)
        if (root / "usr/bin/dnf").exists()
        else None
    )
    if found is None:
        text = msg("checks.updates.none", "This host has neither apt nor dnf.")
        return Outcome(NOT_APPLICABLE, text, [Evidence("/usr/bin", "neither apt-get nor dnf")])
    if isinstance(found, Outcome):
        return found
    waiting, age_days, source = found
    evidence = [
        Evidence(source, f"{len(waiting.packages)} packages, {len(waiting.security)} for security"),
        Evidence("package lists", f"{age_days:.1f} days old"),
    ]
    if waiting.passed_over:
        evidence.append(Evidence("no lists of", ", ".join(waiting.passed_over)))
    if waiting.packages:
        evidence.append(Evidence("first of them", ", ".join((waiting.security or waiting.packages)[:12])))
    count = len(waiting.packages)
    remedy = msg(
        "checks.updates.remedy",
        "Move the guests away, then install them: {command}",
        command="apt-get dist-upgrade" if source == "apt-get" else "dnf upgrade",
    )
    if waiting.security:
        text = msg(
            "checks.updates.security",
            "{security} of {count} waiting updates mend security faults.",
            security=len(waiting.security),
            count=count,
        )
        return Outcome(WARNING, text, evidence, remedy)
    if waiting.passed_over:
        text = msg(
            "checks.updates.passed_over",
            "This host has no package lists of {repositories}, so nobody can tell what waits there.",
            repositories=", ".join(waiting.passed_over),
        )
        return Outcome(UNKNOWN, text, evidence, _REFRESH_HINT, remedy_job=_REFRESH)
    if age_days > STALE_DAYS:
        return Outcome(
            UNKNOWN,
            msg("checks.updates.stale", "The package lists of this host are {days} days old.", days=round(age_days)),
            evidence,
            _REFRESH_HINT,
            remedy_job=_REFRESH,
        )
    if waiting.packages:
        return Outcome(
            OK,
            msg("checks.updates.some", "{count} updates wait; none is known to mend a security fault.", count=count),
            evidence,
        )
    return Outcome(OK, msg("checks.updates.ok", "All packages are up to date."), evidence)


_REFRESH = Remedy("refresh_packages", msg("remedy.refresh_packages", "Read the package lists anew"))
_REFRESH_HINT = msg("checks.updates.refresh", "Read them anew: apt-get update, or dnf makecache")


#: The last answer to each question, with when its ground was last touched: checks run every minute, updates wait days.
_ANSWERS: dict[tuple[str, ...], tuple[tuple[float, ...], Finished]] = {}


def _ask_once(
    context: Context, argv: tuple[str, ...], lists: list[Path], limit_s: float, good: tuple[int, ...]
) -> Finished | None:
    """The answer of before while neither the lists nor what is installed has changed.

    ``good``: exit statuses of an answer; another is not kept. Raises as :func:`ask`.
    """
    root = context.probes.root
    ground = [*lists, *(root / name for name in _INSTALLED)]
    touched = tuple(path.stat().st_mtime if path.exists() else 0.0 for path in ground)
    question = (str(root), *argv)
    known = _ANSWERS.get(question)
    if known is not None and known[0] == touched:
        return known[1]
    done = ask(context, argv, limit_s)
    if done is not None and done.code in good:
        _ANSWERS[question] = (touched, done)
    return done


def _never(source: str) -> Outcome:
    text = msg("checks.updates.never", "This host has no package lists, so nobody can tell what waits.")
    return Outcome(UNKNOWN, text, [Evidence(source, "no package lists")], _REFRESH_HINT, remedy_job=_REFRESH)


def _apt(context: Context) -> tuple[Waiting, float, str] | Outcome:
    root = context.probes.root
    lists = root / "var/lib/apt/lists"
    if not any(path.name.endswith("Release") for path in lists.iterdir()):
        return _never("/var/lib/apt/lists")
    stamps = [root / name for name in _APT_STAMPS]
    done = _ask_once(context, _APT, stamps, _LIMIT_S, (0,))
    if done is None or done.code != 0:
        return _failed("apt-get", "not found" if done is None else shown(done.output))
    return parse_apt(done.output), _age_days(stamps), "apt-get"


def _dnf(context: Context) -> tuple[Waiting, float, str] | Outcome:
    root = context.probes.root
    caches = [path for name in _DNF_CACHES if (root / name).exists() for path in (root / name).iterdir()]
    lists = [path / "repodata/repomd.xml" for path in caches if (path / "repodata/repomd.xml").exists()]
    if not lists:
        return _never("/var/cache/dnf")
    # 100: there are some, 0: there are none.
    all_of = _ask_once(context, _DNF, lists, _LIMIT_S / 2, (0, 100))
    security = _ask_once(context, (*_DNF, "--security"), lists, _LIMIT_S / 2, (0, 100))
    if all_of is None or security is None or {all_of.code, security.code} - {0, 100}:
        said = "not found" if all_of is None or security is None else f"{shown(all_of.output)} {shown(security.output)}"
        return _failed("dnf", said)
    waiting = Waiting(parse_dnf(all_of.output), parse_dnf(security.output), passed_over(all_of.output))
    return waiting, _age_days(lists), "dnf"


def _failed(source: str, said: str) -> Outcome:
    text = msg("checks.updates.failed", "{program} does not tell which updates wait.", program=source)
    return Outcome(UNKNOWN, text, [Evidence(source, said)], _REFRESH_HINT, remedy_job=_REFRESH)


def _age_days(paths: list[Path]) -> float:
    newest = max(path.stat().st_mtime for path in paths if path.exists())
    return max(0.0, time.time() - newest) / 86400


CHECKS = (
    Check(
        "host.updates",
        msg("checks.updates.title", "Updates"),
        msg(
            "checks.updates.why",
            "A fault of QEMU, libvirt or the kernel that is known and not mended opens the host from a guest.",
        ),
        check_updates,
        health_only=True,
        limit_s=14.0,
    ),
)
