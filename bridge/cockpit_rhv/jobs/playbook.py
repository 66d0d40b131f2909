# SPDX-License-Identifier: Apache-2.0
"""Run the phases of one attempt as one ansible-playbook, through ansible-runner, on this host only.

Everything Ansible is told stands in files below ``private/``, made anew for each attempt; nothing of the host's
``ansible.cfg`` and no ``ANSIBLE_*`` variable of whoever started us has a say.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from .files import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How often a cancelled run looks whether it should stop, in seconds.
_POLL_S = 0.25
_TAIL_LIMIT = 4096

_CONFIG = """\
[defaults]
home = {home}
local_tmp = {scratch}
remote_tmp = {scratch}
library = {plugins}/modules
module_utils = {plugins}/module_utils
action_plugins = {plugins}/action
filter_plugins = {plugins}/filter
gathering = explicit
forks = 1
vars_plugins_enabled =
retry_files_enabled = false
nocows = true
nocolor = true
deprecation_warnings = false
localhost_warning = false
no_target_syslog = true
display_args_to_stdout = false
[connection]
pipelining = true
[inventory]
enable_plugins = ini
"""


@dataclass(frozen=True)
class Outcome:
    """How ansible-playbook ended. ``code``: its exit code, None when a signal ended it; ``tail``: its last words."""

    code: int | None
    tail: str


def run_phases(
    private: Path,
    phases: Sequence[str],
    attempt: int,
    on_event: Callable[[Mapping[str, Any]], bool],
    should_stop: Callable[[], bool],
) -> Outcome:
    """Run ``<phase>.yml`` of ``private/project`` for each of ``phases``, in order, until one fails.

    ``on_event`` gets each event of ansible-runner and says whether it is kept among the artifacts; ``should_stop``
    is asked several times a second and must have ended our child processes before it says yes.
    Raises ImportError without ansible-runner, OSError, and ansible-runner's own exceptions.
    """
    _clean_environment()
    scratch = Path(os.environ.get("RUNTIME_DIRECTORY") or private) / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    _write_files(private, phases, scratch)
    # Imported here: it takes 50 to 100 ms, and only a job's own process ever needs it.
    import ansible_runner

    result = ansible_runner.run(
        private_data_dir=str(private),
        ident=str(attempt),
        playbook=str(private / "site.yml"),
        cmdline=f"-e {shlex.quote('@' + str(private / 'extra_vars.yml'))}",
        envvars=_environment(private),
        # Facts are never gathered; the default would keep a cache on disk.
        fact_cache_type="memory",
        suppress_env_files=True,
        quiet=True,
        json_mode=False,
        event_handler=on_event,
        cancel_callback=should_stop,
    )
    shutil.rmtree(scratch, ignore_errors=True)
    output = private / "artifacts" / str(attempt) / "stdout"
    tail = output.read_bytes()[-_TAIL_LIMIT:].decode("utf-8", "replace") if output.exists() else ""
    return Outcome(result.rc, tail.strip())


def _clean_environment() -> None:
    # ansible-runner hands our whole environment on, and these would overrule the file we write.
    for name in [name for name in os.environ if name.startswith(("ANSIBLE_", "AWX_", "RUNNER_"))]:
        del os.environ[name]


def _environment(private: Path) -> dict[str, str]:
    beside_us = os.path.dirname(sys.executable)
    return {
        "ANSIBLE_CONFIG": str(private / "ansible.cfg"),
        # Modules import our Python: the copy that belongs to this job.
        "PYTHONPATH": str(private / "lib"),
        "PATH": os.pathsep.join([beside_us, os.environ.get("PATH", os.defpath)]),
        # Ansible refuses to start unless the locale is UTF-8, and modules read what tools say in English.
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "",
    }


def _write_files(private: Path, phases: Sequence[str], scratch: Path) -> None:
    plugins = private / "project" / "plugins"
    config = _CONFIG.format(home=private / "ansible-home", scratch=scratch, plugins=plugins)
    _write(private / "ansible.cfg", config)
    host = f"localhost ansible_connection=local ansible_python_interpreter={shlex.quote(sys.executable)}\n"
    _write(private / "inventory", host)
    imports = [{"import_playbook": f"project/{phase}.yml"} for phase in phases]
    _write(private / "site.yml", json.dumps(imports, indent=1) + "\n")
    _write(private / "extra_vars.yml", as_unsafe_yaml(read_json(private / "vars.json")) + "\n")
    (private / "env").mkdir(exist_ok=True, mode=0o700)
    _write(private / "env" / "settings", json.dumps({"pexpect_timeout": _POLL_S}) + "\n")


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)


def as_unsafe_yaml(value: Any) -> str:
    """``value`` (of JSON types) as YAML in which no string is a template: what was typed is what arrives.

    Ansible takes a string of a variables file with ``{{ }}`` in it for an expression to evaluate.
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(str(key))}: {as_unsafe_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(as_unsafe_yaml(item) for item in value) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    return f"!unsafe {_quoted(value)}" if "{" in value else _quoted(value)


def _quoted(text: str) -> str:
    """As JSON has it, but for characters beyond U+FFFF: YAML does not put the two halves of JSON's form together."""
    return '"' + "".join(json.dumps(one)[1:-1] if ord(one) < 0x10000 else f"\\U{ord(one):08x}" for one in text) + '"'
