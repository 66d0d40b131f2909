# SPDX-License-Identifier: Apache-2.0
"""Hears from the kernel that an interface, an address or a route has changed (rtnetlink)."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Callable

logger = logging.getLogger(__name__)

# linux/rtnetlink.h: RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400


class NetlinkNews:
    """Calls ``on_news`` in the event loop after each change; what changed is not looked at."""

    def __init__(self, on_news: Callable[[], None]) -> None:
        self._on_news = on_news
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen. Where the kernel refuses, whoever looks now and then sees changes later; that is logged."""
        try:
            wire = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
            wire.bind((0, _GROUPS))
        except OSError as error:
            logger.warning("no news of the network: %s", error)
            return
        self._socket = wire
        asyncio.get_running_loop().add_reader(wire, self._drain)

    def stop(self) -> None:
        """Listen no more."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _drain(self) -> None:
        assert self._socket is not None
        try:
            while self._socket.recv(65_536):
                pass
        except BlockingIOError:
            pass
        except OSError as error:  # ENOBUFS: news was lost, which is news, too
            logger.debug("netlink: %s", error)
        self._on_news()
