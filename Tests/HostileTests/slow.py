# SPDX-License-Identifier: Apache-2.0
"""Clients that send a byte now and then, many of each kind, and somebody who wants an answer meanwhile."""

import threading
import time

from protocols import PROTOCOLS, V2, alias, assert_served
from wire import Connection

# As SECURITY.md says.
LIMIT_S = 30
SLACK_S = 5
GIVE_UP_S = LIMIT_S + SLACK_S + 1
CLIENTS_OF_A_KIND = 20
PAUSE_S = 0.5

HEAD = b"POST /v2/models/echo/infer HTTP/1.1\r\nHost: localhost\r\n"
# What a client sends at once, and what it then repeats, a piece in each pause; None for silence.
KINDS = {
    "head, byte by byte": (b"", HEAD + b"X: " + b"a" * 1000),
    "head, a header at a time": (HEAD, [b"X: y\r\n"]),
    "half a head, then silence": (HEAD, None),
    "half a line, then silence": (b"GE", None),
    "chunks, byte by byte": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 100),
    "chunk extension, byte by byte": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", [b"a"]),
    "trailers, a line at a time": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", [b"X: y\r\n"]),
    "body that was announced, then silence": (HEAD + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", None),
    "framework body, byte by byte": ("framework", [b" "]),
    **{f"body of {protocol}, byte by byte": (protocol, [b" "]) for protocol in PROTOCOLS},
    **{f"body of {protocol}, then silence": (protocol, None) for protocol in PROTOCOLS},
    "behind a good request, byte by byte": (V2.request(), HEAD + b"X: " + b"a" * 1000),
}


class SlowClient:
    def __init__(self, server, kind):
        self.kind = kind
        start, self.pieces = KINDS[kind]
        if start == "framework":
            start = alias(server).partition(b"Content-Length")[0] + b"Content-Length: 5000\r\n\r\n"
        elif not isinstance(start, bytes):
            start = start.with_body(b"").replace(b"Content-Length: 0", b"Content-Length: 5000")
        self.connection = Connection(server)
        self.connection.send(start)
        if start.endswith(V2.request()):
            assert self.connection.answer().status == 200
        self.began, self.ended_after, self.received, self.position = time.monotonic(), None, b"", 0
        self.connection.socket.setblocking(False)

    def step(self):
        try:
            if self.pieces:
                piece = self.pieces[self.position % len(self.pieces)]
                self.connection.socket.send(piece if isinstance(piece, bytes) else bytes([piece]))
                self.position += 1
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass
        try:
            part = self.connection.socket.recv(4096)
        except BlockingIOError:
            return
        except ConnectionResetError:
            part = b""
        if part == b"":
            self.ended_after = time.monotonic() - self.began
            self.connection.socket.close()
        elif not part.startswith(b"HTTP/1.1 100 "):
            self.received += part


class SlowClients(threading.Thread):
    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.latencies, self.error, self.waited = server, [], None, 0
        assert_served(Connection(server))
        before = server.resident_bytes()
        self.clients = [SlowClient(server, kind) for kind in KINDS for _ in range(CLIENTS_OF_A_KIND)]
        self.bytes_each = (server.resident_bytes() - before) / len(self.clients)
        self.began = time.monotonic()

    def run(self):
        try:
            while time.monotonic() - self.began < GIVE_UP_S:
                open_clients = [client for client in self.clients if client.ended_after is None]
                if not open_clients:
                    break
                for client in open_clients:
                    client.step()
                asked_at = time.monotonic()
                with Connection(self.server) as connection:
                    assert_served(connection)
                self.latencies.append(time.monotonic() - asked_at)
                time.sleep(PAUSE_S)
        except Exception as error:  # noqa: BLE001  handed to the test
            self.error = error
        self.waited = time.monotonic() - self.began

    def wait(self):
        """The clients, once every one has ended or was given time enough to."""
        self.join()
        return self.clients
