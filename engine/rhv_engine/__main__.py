# SPDX-License-Identifier: Apache-2.0
"""``python3 -m rhv_engine``: run the Manager."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .settings import SettingsError, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

EX_CONFIG = 78
"""Of sysexits.h; the unit does not restart after it."""

logger = logging.getLogger("rhv_engine")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = _parser().parse_args(arguments)
    # The journal adds time and unit by itself.
    logging.basicConfig(level=logging.DEBUG if options.debug else logging.INFO, format="%(name)s: %(message)s")
    os.umask(0o027)
    try:
        settings = load_settings(options.config)
    except SettingsError as error:
        logger.error("%s", error)
        return EX_CONFIG
    # Late, so that a wrong setting is told at once: this import is most of the start.
    from .server import Paths, serve

    paths = Paths(options.state, options.portal, options.first_contact, options.console)
    asyncio.run(serve(settings, paths, options.bind, options.port))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rhv-engine", description="The Manager of cockpit-rhv.")
    parser.add_argument("--config", type=Path, default=Path("/etc/rhv-engine/engine.json"), help="settings (JSON)")
    parser.add_argument("--state", type=Path, default=Path("/var/lib/rhv-engine"), help="database and certificates")
    parser.add_argument("--portal", type=Path, default=Path("/usr/share/rhv-engine/portal"), help="static files")
    parser.add_argument("--bind", default="::", help="address to listen on (default: all)")
    parser.add_argument("--port", type=int, default=443, help="port to listen on (default: 443)")
    parser.add_argument(
        "--first-contact", type=Path, default=Path("/dev/virtio-ports/org.cockpit-rhv.first-contact"),
        help="where to write the announcement for the host",
    )  # fmt: skip
    parser.add_argument("--console", type=Path, default=Path("/dev/ttyS0"), help="where to write it for people")
    parser.add_argument("--debug", action="store_true", help="log more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
