# SPDX-License-Identifier: Apache-2.0
"""LVM's programs as far as our code calls them: groups and volumes in a JSON file, each active volume a file.

Options that the real ones do not have are refused, so that a call of ours cannot drift away from them unseen; that the
real ones do what is said here, `tests/wholekernel/test_engine_lvm.py` proves.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

EXTENT = 4 * 2**20
_PROGRAM = """#!{python}
import argparse, json, os, sys
from pathlib import Path

HERE, EXTENT = Path({here!r}), {extent}
state = json.loads((HERE / "lvm.json").read_text())
parser = argparse.ArgumentParser(allow_abbrev=False)
name = os.path.basename(sys.argv[0])
for option in {{"lvs": ["reportformat", "units", "options"], "vgs": ["reportformat", "units", "options"],
               "lvcreate": ["wipesignatures", "zero", "addtag", "size", "name"], "lvextend": ["size"],
               "lvchange": ["activate"], "lvremove": []}}[name]:
    parser.add_argument("--" + option)
if name in ("lvs", "vgs"):
    parser.add_argument("--nosuffix", action="store_true")
if name in ("lvcreate", "lvremove"):
    parser.add_argument("--yes", action="store_true")
parser.add_argument("what", nargs="*")
given = parser.parse_args()
with open(HERE / "calls", "a") as calls:
    calls.write(" ".join([name, *sys.argv[1:]]) + "\\n")

def end(text):
    sys.stderr.write(text + "\\n")
    sys.exit(5)

def save():
    (HERE / "lvm.json").write_text(json.dumps(state))

def extents(text):
    assert text.endswith("b")
    return -(-int(text[:-1]) // EXTENT) * EXTENT

def device(place):
    return HERE / "dev" / place

def free(group):
    return state["groups"][group] - sum(v["size"] for p, v in state["volumes"].items() if p.startswith(group + "/"))

if state.get("silent"):
    end("Failed to read the metadata.")
if name == "vgs":
    rows = [{{"vg_name": g, "vg_free": str(free(g))}} for g in state["groups"]]
    print(json.dumps({{"report": [{{"vg": rows}}]}}))
elif name == "lvs":
    rows = [{{"vg_name": p.split("/")[0], "lv_name": p.split("/")[1], "lv_size": str(v["size"]),
             "lv_active": "active" if v["active"] else "", "lv_tags": v["tags"],
             "origin": v.get("origin", "")}} for p, v in state["volumes"].items()]
    print(json.dumps({{"report": [{{"lv": rows}}]}}))
else:
    place = given.what[0] + "/" + given.name if name == "lvcreate" else given.what[0]
    if place.split("/")[0] not in state["groups"]:
        end('Volume group "%s" not found' % place.split("/")[0])
    known = state["volumes"].get(place)
    if name == "lvcreate":
        size = extents(given.size)
        if known:
            end("already exists")
        if size > free(given.what[0]):
            end("insufficient free space")
        state["volumes"][place] = {{"size": size, "active": True, "tags": given.addtag}}
        device(place).parent.mkdir(parents=True, exist_ok=True)
        device(place).touch()
        os.truncate(device(place), size)
    elif not known:
        end("Failed to find logical volume")
    elif name == "lvextend":
        size = extents(given.size)
        if size - known["size"] > free(place.split("/")[0]):
            end("insufficient free space")
        known["size"] = size
        os.truncate(device(place), size)
    elif name == "lvchange":
        assert given.activate == "y"
        known["active"] = True
        (HERE / "asleep" / place).rename(device(place))
    else:
        if known.get("open"):
            end("Logical volume %s in use." % place)
        # As lvremove --yes does it: a volume's snapshots go with it.
        origin = place.split("/")[1]
        for gone in [p for p, v in state["volumes"].items() if p == place or v.get("origin") == origin]:
            del state["volumes"][gone]
            device(gone).unlink(missing_ok=True)
    save()
"""


class StandInLvm:
    """``groups``: bytes of each by name."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, groups: dict[str, int]) -> None:
        self.folder = folder
        for name in ("bin", "dev", "asleep"):
            (folder / name).mkdir(parents=True)
        for name in ("lvs", "vgs", "lvcreate", "lvextend", "lvchange", "lvremove"):
            program = folder / "bin" / name
            program.write_text(_PROGRAM.format(python=sys.executable, here=str(folder), extent=EXTENT))
            program.chmod(0o755)
        self._write({"groups": groups, "volumes": {}})
        patch.setenv("PATH", f"{folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin")
        for module in ("storage.logical", "deploy.engine_volume", "deploy.places", "deploy.salvage"):
            patch.setattr(f"cockpit_rhv.{module}.device_of", self.device, raising=False)

    def device(self, place: str) -> Path:
        """Where a volume's bytes are while it is active."""
        return self.folder / "dev" / place

    @property
    def volumes(self) -> dict[str, dict[str, Any]]:
        """By ``group/name``: size, active, tags."""
        read: dict[str, dict[str, Any]] = self._read()["volumes"]
        return read

    def change(self, place: str, **what: Any) -> None:
        """As somebody else would."""
        state = self._read()
        state["volumes"][place] = {**state["volumes"].get(place, {"size": EXTENT, "active": True, "tags": ""}), **what}
        self._write(state)

    def forget(self, place: str) -> None:
        """Somebody has removed it."""
        state = self._read()
        del state["volumes"][place]
        self._write(state)
        self.device(place).unlink()

    def put_to_sleep(self, place: str) -> None:
        """As after a start of the host on which nobody activates groups."""
        (self.folder / "asleep" / place).parent.mkdir(exist_ok=True)
        self.device(place).rename(self.folder / "asleep" / place)
        self.change(place, active=False)

    def silence(self) -> None:
        """A disk of a group does not answer."""
        self._write({**self._read(), "silent": True})

    def calls(self, program: str) -> list[str]:
        """The command lines of a program so far."""
        try:
            lines = (self.folder / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line for line in lines if line.split()[0] == program]

    def _read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "lvm.json").read_text())
        return read

    def _write(self, state: dict[str, Any]) -> None:
        (self.folder / "lvm.json").write_text(json.dumps(state))
