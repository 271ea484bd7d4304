# SPDX-License-Identifier: Apache-2.0
"""Sends requests over connections that are kept open between them."""

from __future__ import annotations

import http.client
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ..errors import ConnectionLost, DeadlineExceeded, ServerUnreachable
from .server import Server

KEPT_CONNECTIONS = 64
SMALL_BODY = 1 << 16


@dataclass(frozen=True)
class Request:
    """`body` is sent in pieces, so that large arrays are not copied into one."""

    method: str
    path: str
    body: tuple[bytes | memoryview, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def saying(self, headers: Mapping[str, str]) -> Request:
        """The same with more headers."""
        return replace(self, headers={**self.headers, **headers}) if headers else self


@dataclass(frozen=True)
class Reply:
    status: int
    # By name in lower case.
    headers: Mapping[str, str]
    body: bytes


class Cancellation:
    """Ends a request from another thread: its connection is shut down, and whoever waits for it is woken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        with self._lock:
            self._cancelled.set()
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def covers(self, connected: socket.socket | None) -> None:
        with self._lock:
            self._socket = connected
        if connected is not None and self._cancelled.is_set():
            self.cancel()

    def pause(self, seconds: float) -> bool:
        """Waits. Returns False when the request was cancelled instead."""
        return not self._cancelled.wait(seconds)


class Connections:
    """Connections to one server; any number of threads may use them at once."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self.server = server
        self._host = parts.hostname or ""
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._tls = server.tls
        # The one used last first: those that are not needed grow old together.
        self._idle: deque[http.client.HTTPConnection] = deque()

    def exchange(self, request: Request, until: float, cancellation: Cancellation | None = None) -> Reply:
        """Sends a request once, and waits for its answer until the monotonic clock shows `until`.

        Raises ServerUnreachable when nothing was sent, DeadlineExceeded, and ConnectionLost when the
        connection ended in between.
        """
        connection = self._kept() or self._connect(until)
        try:
            if cancellation:
                cancellation.covers(connection.sock)
            reply, stays_open = _exchange(connection, request, self._prefix, self.server.token, until)
        except TimeoutError as error:
            connection.close()
            raise DeadlineExceeded(
                f"{self.server.url} did not answer in time.",
                hint="Give it longer with timeout=…, or see with `slipway status` how busy it is.",
                code="SRV-003",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionLost(
                f"The connection to {self.server.url} ended before the answer was there: {error!r}.",
                hint="It may have been computed. Ask again if that does no harm; see `slipway logs`.",
                code="SYS-005",
            ) from error
        finally:
            if cancellation:
                cancellation.covers(None)
        if stays_open and len(self._idle) < KEPT_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()
        return reply

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> http.client.HTTPConnection | None:
        """An open connection. One that the server has ended, as when it restarts, can be read from."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.sock is not None and not _is_readable(connection.sock):
                return connection
            connection.close()

    def _connect(self, until: float) -> http.client.HTTPConnection:
        left = max(until - time.monotonic(), 0.001)
        connection: http.client.HTTPConnection
        if self._tls is not None:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=left, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=left)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise ServerUnreachable(
                f"No server answers at {self.server.url}: {error}.",
                hint="Start it with `slipway serve`, or check the address and SLIPWAY_CA_FILE.",
                code="SYS-005",
            ) from error
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _is_readable(connected: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))


def _exchange(
    connection: http.client.HTTPConnection, request: Request, prefix: str, token: str | None, until: float
) -> tuple[Reply, bool]:
    """The answer, and whether the connection can be used again."""
    byte_count = sum(len(piece) for piece in request.body)
    connection.sock.settimeout(max(until - time.monotonic(), 0.001))
    connection.putrequest(request.method, prefix + request.path, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    if token:
        connection.putheader("Authorization", f"Bearer {token}")
    if request.method != "GET":
        connection.putheader("Content-Length", str(byte_count))
    try:
        # Many small pieces are joined; a large array is sent from where it lies.
        connection.endheaders(b"".join(request.body) if byte_count < SMALL_BODY else request.body)
    except (BrokenPipeError, ConnectionResetError):
        # A server that refuses a large body answers before it has read all of it: that answer is worth
        # reading.
        pass
    response = connection.getresponse()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, body), not response.will_close
