# SPDX-License-Identifier: Apache-2.0
"""Sends a request until it is answered, where sending it again is safe."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import ServerUnreachable
from .connections import Cancellation, Connections, Reply, Request
from .server import Server

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0


class Sender:
    """Sends again only what was certainly not computed: where no connection came about, and where the server
    refused to take the request and says when to come back (429 and 503 with `Retry-After`). At most `retries`
    times, and never past the deadline.

    `find` names the server anew when none answers: one that was started again may have another address.
    """

    def __init__(self, find: Callable[[], Server], retries: int) -> None:
        self._find = find
        self._retries = retries
        self._connections = Connections(find())

    @property
    def server(self) -> Server:
        return self._connections.server

    def send(self, request: Request, timeout: float, cancellation: Cancellation | None = None) -> Reply:
        until = time.monotonic() + timeout
        wait = (cancellation or Cancellation()).pause
        pause = FIRST_PAUSE_S
        attempts_left = self._retries
        while True:
            try:
                reply = self._connections.exchange(request, until, cancellation)
            except ServerUnreachable:
                if not attempts_left or time.monotonic() + pause > until or not wait(pause):
                    raise
                pause = min(2 * pause, LONGEST_PAUSE_S)
                self._look_again()
            else:
                asked = retry_after(reply)
                if asked is None or not attempts_left or time.monotonic() + asked > until or not wait(asked):
                    return reply
            attempts_left -= 1

    def close(self) -> None:
        self._connections.close()

    def _look_again(self) -> None:
        try:
            server = self._find()
        except ServerUnreachable:
            return
        if server != self._connections.server:
            before, self._connections = self._connections, Connections(server)
            before.close()


def retry_after(reply: Reply) -> float | None:
    """How many seconds the server asks to wait before the same request; `None` where it must not be sent
    again.
    """
    if reply.status not in (429, 503):
        return None
    try:
        return max(float(reply.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return None
