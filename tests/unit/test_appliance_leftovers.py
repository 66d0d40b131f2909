# SPDX-License-Identifier: Apache-2.0
"""A build that was killed is begun anew, and nothing outside of its folder is touched."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from appliance.builder.leftovers import remove_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_still_mounted_in_it_is_let_go_and_survives(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "kept").mkdir(parents=True)
    inside = tmp_path / "root" / "dev" / "pts"
    inside.mkdir(parents=True)
    for place in (inside.parent, inside):
        place.mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", str(outside), str(place)], check=True)
        (outside / "pts").mkdir(exist_ok=True)
    remove_tree(tmp_path / "root")
    assert not (tmp_path / "root").exists()
    assert (outside / "kept").is_dir()
