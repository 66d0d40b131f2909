# SPDX-License-Identifier: Apache-2.0
"""`python3 -m cockpit_rhv.agent`: the host's agent as a service."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from ..errors import RhvError
from ..events.files import events_dir
from .notify import notify_systemd
from .service import Agent, Settings

logger = logging.getLogger("cockpit_rhv.agent")


def parse_arguments(arguments: list[str]) -> Settings:
    """Settings from the command line; exits with argparse's message when it cannot be understood."""
    default = Settings()
    parser = argparse.ArgumentParser(prog="cockpit-rhv-agent", description="Serves this host to its Manager.")
    parser.add_argument("--config", type=Path, default=default.config, help="folder with pki/ (default: %(default)s)")
    parser.add_argument("--bind", default=default.bind, help="address to listen on (default: all)")
    parser.add_argument("--port", type=int, default=default.port, help="TCP port (default: %(default)s)")
    parser.add_argument("--libvirt-uri", default=default.libvirt_uri, help="default: %(default)s")
    parser.add_argument("--state", type=Path, default=default.state_file, help="state file (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    # The event log is of this host's guests: one on another libvirt has nothing to say in it.
    events = events_dir() if chosen.libvirt_uri == default.libvirt_uri else None
    return Settings(chosen.config, chosen.bind, chosen.port, chosen.libvirt_uri, chosen.state, default.tick_s, events)


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reads the certificates again."""
    agent = Agent(settings)
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(agent.server.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    main = asyncio.current_task()
    assert main is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, main.cancel)
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        await agent.start()
        notify_systemd("READY=1")
        await agent.wait()
    except asyncio.CancelledError:
        logger.info("stopping")
    finally:
        await agent.stop()


def main() -> int:
    """Exit status 0 after a signal, 1 when it could not start."""
    # The journal adds time and unit.
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    settings = parse_arguments(sys.argv[1:])
    try:
        asyncio.run(serve(settings))
    except RhvError as error:
        logger.error("%s %s", error.message, error.detail or "")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
