# SPDX-License-Identifier: Apache-2.0
"""Where the files that belong to the program are."""

from __future__ import annotations

import os
from pathlib import Path

INSTALLED = Path("/usr/share/cockpit-rhv")


def data_dir() -> Path:
    """The folder that holds ``ansible/``, ``schemas/`` and ``locale/``.

    ``COCKPIT_RHV_DATA`` names another one; a source tree uses its own even where a package is installed beside it.
    """
    named = os.environ.get("COCKPIT_RHV_DATA")
    if named:
        return Path(named)
    tree = Path(__file__).resolve().parents[2]
    if (tree / "schemas" / "rpc.json").is_file():
        return tree
    return INSTALLED
