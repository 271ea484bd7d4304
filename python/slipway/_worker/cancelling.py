# SPDX-License-Identifier: Apache-2.0
"""Stops a prediction when the server asks for it, or is gone.

While a prediction runs, a timer looks every 20 ms at what has arrived. It reads nothing but a `cancel`: any other
message stays in the socket. The timer is set by the first prediction and stops by itself when it finds none running, so
that one short prediction after the other costs no call to the system.
"""

from __future__ import annotations

import os
import signal
import socket
import time

from .channel import Channel, FrameBroken, parse_header

INTERVAL = 0.02
# A model that catches everything is interrupted again, and not so soon that our own clearing up could be meant.
AGAIN = 0.2
MOST_PEEKED = 4096


class Cancelled(BaseException):
    """The server asked for this. No Exception, so that a model's `except Exception` lets it pass."""


class Cancellation:
    """`with cancellation.of(id):` around a prediction raises Cancelled inside of it when it is cancelled."""

    def __init__(self, channel: Channel):
        self._socket = channel.socket
        self._running: int | None = None
        self._raised = 0.0
        self._ticking = False
        signal.signal(signal.SIGALRM, self._look)

    def of(self, identifier: int) -> Cancellation:
        self._running, self._raised = identifier, 0.0
        return self

    def __enter__(self) -> None:
        if not self._ticking:
            self._ticking = True
            signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)

    def __exit__(self, *_: object) -> None:
        self._running = None

    def _look(self, *_: object) -> None:
        if self._running is None:
            self._ticking = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            return
        if self._raised or self._asked():
            now = time.monotonic()
            if now - self._raised > AGAIN:
                self._raised = now
                raise Cancelled

    def _asked(self) -> bool:
        """Takes the `cancel`s that have arrived out of the socket, and says whether one is for what runs."""
        while True:
            try:
                peeked = self._socket.recv(MOST_PEEKED, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError:
                peeked = b""
            if not peeked:
                os._exit(0)
            end = 4 + int.from_bytes(peeked[:4], "little")
            if len(peeked) < end or end < 8 or peeked[4:8] != (end - 8).to_bytes(4, "little"):
                return False
            try:
                message = parse_header(peeked[8:end])
            except FrameBroken:
                return False
            if message["kind"] != "cancel":
                return False
            self._socket.recv(end)
            if message.get("id") == self._running:
                return True
