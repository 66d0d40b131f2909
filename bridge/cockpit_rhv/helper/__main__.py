# SPDX-License-Identifier: Apache-2.0
"""``python3 -m cockpit_rhv.helper``: serve one page until its channel closes.

``… helper bundle <job>`` and ``… helper logs <archive>`` write an archive to stdout instead, for a browser's download.
``… helper upload <ticket>`` takes a file from stdin.

What is imported here is on the way to the first answer; libvirt, psutil and the rest are imported when first needed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import sys

from ..rpc.lines import READ_LIMIT, LineChannel
from .log import log_to_journal
from .session import Session

logger = logging.getLogger(__name__)


async def serve(input_fd: int, output_fd: int) -> None:
    """Serve the requests of one channel until it closes or a signal says to end."""
    for number in (input_fd, output_fd):
        mode = os.fstat(number).st_mode
        # asyncio takes a character device too and then waits for ever: epoll does not know /dev/null
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(number)):
            raise ValueError("stdin and stdout must be pipes, sockets or terminals")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(input_fd, "rb", 0))
    # as the protocol of the output, a reader's end of file says that nobody reads us any more
    output_closed = asyncio.StreamReader()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(output_closed), os.fdopen(output_fd, "wb", 0)
    )
    session = Session(LineChannel(reader, asyncio.StreamWriter(transport, protocol, None, loop)))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, session.end, number.name)
    watching = loop.create_task(_end_with_output(output_closed, session))
    try:
        await session.serve()
    finally:
        watching.cancel()
        limit_s = session.close_limit_s
        try:
            await asyncio.wait_for(session.close(), limit_s)
        except asyncio.TimeoutError:
            logger.warning("not everything ended within %s s", limit_s)


async def _end_with_output(output_closed: asyncio.StreamReader, session: Session) -> None:
    await output_closed.read()
    session.end("nobody reads the answers")


def download(kind: str, arguments: list[str], output_fd: int) -> int:
    """Write the archive named to ``output_fd``; returns the exit code, which fails the download."""
    from ..deploy.bundle import write_bundle
    from ..errors import RhvError
    from ..logs.archives import copy_archive

    name = arguments[0] if arguments else ""
    try:
        with os.fdopen(output_fd, "wb") as output:
            if kind == "bundle":
                write_bundle(name, output)
            else:
                copy_archive(name, output)
    except (RhvError, OSError) as error:
        logger.error("no %s: %s", kind, error)
        return 1
    return 0


def main() -> None:
    """Take stdout for the answers alone, serve, and leave without waiting for threads that hang in libvirt."""
    output_fd = os.dup(1)
    os.dup2(2, 1)  # a stray print must not end up between two answers
    log_to_journal()
    if sys.argv[1:2] in (["bundle"], ["logs"]):
        sys.exit(download(sys.argv[1], sys.argv[2:], output_fd))
    if sys.argv[1:2] == ["upload"] and len(sys.argv) == 3:
        from .uploading import upload

        sys.exit(upload(sys.argv[2], os.dup(0), output_fd))
    status = 0
    try:
        asyncio.run(serve(os.dup(0), output_fd))
    except Exception:
        logger.exception("the helper failed")
        status = 1
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)


main()
