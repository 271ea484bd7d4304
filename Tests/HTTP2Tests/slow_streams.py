# SPDX-License-Identifier: Apache-2.0
"""Clients of HTTP/2 that send a byte now and then, or nothing any more, and somebody who wants an answer meanwhile."""

import threading
import time

from floods import ask_wide
from http2_wire import (
    INITIAL_WINDOW_SIZE,
    PREFACE,
    continuation,
    data,
    frame,
    headers,
    ping,
    settings,
    window_update,
)
from protocols_beside import Grpc, Rest

# As SECURITY.md says.
LIMIT_S = 30
SLACK_S = 6
GIVE_UP_S = LIMIT_S + SLACK_S + 2
CLIENTS_OF_A_KIND = 10
PAUSE_S = 0.5
# The prefix of a message of a thousand bytes.
ANNOUNCED = b"\x00\x00\x00\x03\xe8"


def repeated(piece):
    return lambda _: piece


def byte_of(whole):
    return lambda step: whole[step : step + 1]


# target -> (what a client sends at once, what it sends at each step; None for silence). The preface goes before,
# unless the kind is about it.
KINDS = {
    "the preface, byte by byte": lambda t: (
        PREFACE[:10],
        lambda step: PREFACE[10 + step // 6 : 11 + step // 6] if step % 6 == 0 else b"",
    ),
    "half the preface": lambda t: (PREFACE[:10], None),
    "the preface without settings": lambda t: (PREFACE, None),
    "half a frame's header": lambda t: (b"\x00\x00", None),
    "half a frame": lambda t: (frame(6, 0, 0, bytes(8))[:12], None),
    "a frame, byte by byte": lambda t: (b"", byte_of(frame(0x16, 0, 0, bytes(10_000)))),
    "headers, byte by byte": lambda t: (b"", byte_of(headers(1, [("x", "a" * 5000)], False))),
    "headers without an end": lambda t: (t.head(1, end_headers=False), None),
    "a continuation at a time": lambda t: (
        t.head(1, end_headers=False),
        repeated(continuation(1, [("x", "y")], False)),
    ),
    "a body, byte by byte": lambda t: (t.head(1) + data(1, ANNOUNCED), repeated(data(1, b" "))),
    "a body of padding": lambda t: (t.head(1), repeated(data(1, b"\x01\x00", flags=8))),
    "a body, then silence": lambda t: (t.head(1) + data(1, t.content[:5]), None),
    "a body that was announced": lambda t: (t.head(1, ("content-length", "1000")), None),
    "a body, and pings": lambda t: (t.head(1) + data(1, t.content[:5]), repeated(ping())),
    "behind a good request": lambda t: (t.request(1) + t.head(3) + data(3, ANNOUNCED), repeated(data(3, b" "))),
}
# Of answers that are waiting: the windows are shut, or a byte wide.
STALLS = {
    "no window": lambda t: (settings((INITIAL_WINDOW_SIZE, 0)) + ask_wide(t, 1), None),
    "no window, and pings": lambda t: (settings((INITIAL_WINDOW_SIZE, 0)) + ask_wide(t, 1), repeated(ping())),
    "no window, and more requests": lambda t: (
        settings((INITIAL_WINDOW_SIZE, 0)) + ask_wide(t, 1),
        lambda step: ask_wide(t, 2 * step + 3, rows=1),
    ),
}
# These may stay: they cost next to nothing, and bring something now and then.
PATIENT = {
    "a good request now and then": lambda t: (
        t.request(1),
        lambda step: t.request(2 * step + 3) if step % 10 == 0 else b"",
    ),
    "pings now and then": lambda t: (t.request(1), lambda step: ping() if step % 10 == 0 else b""),
    "a window that opens slowly": lambda t: (
        settings((INITIAL_WINDOW_SIZE, 0)) + ask_wide(t, 1, rows=1),
        lambda step: window_update(1, 4096),
    ),
}


class Slow:
    def __init__(self, target, kind, make):
        self.kind, (start, self.step_of) = kind, make(target)
        whole = "preface" in kind
        self.connection = target.connect(preface=None if whole else PREFACE)
        # What it sends has to be what the kind says, and nothing in between.
        self.connection.acknowledges = False
        self.connection.send(start)
        self.began, self.ended_after, self.step_number = time.monotonic(), None, 0

    @property
    def stream(self):
        return 3 if self.kind == "behind a good request" else 1

    def step(self):
        """Sends the next piece, and sees whether the connection or the stream has ended."""
        if self.step_of:
            self.connection.send(self.step_of(self.step_number))
            self.step_number += 1
        self.connection.wait(lambda: False, 0.001)
        is_over = self.connection.streams[self.stream].is_over and self.kind not in PATIENT
        if self.connection.has_ended or is_over:
            self.ended_after = time.monotonic() - self.began


class SlowStreams(threading.Thread):
    def __init__(self, server, grpc_port, target):
        super().__init__(daemon=True)
        self.server, self.ports = server, (server.port, grpc_port)
        self.latencies, self.error, self.waited = [], None, 0
        before = server.resident_bytes()
        kinds = {**KINDS, **STALLS, **PATIENT}
        self.clients = [Slow(target, kind, make) for kind, make in kinds.items() for _ in range(CLIENTS_OF_A_KIND)]
        self.bytes_each = (server.resident_bytes() - before) / len(self.clients)
        self.began = time.monotonic()

    def run(self):
        try:
            with Rest(self.ports[0]) as rest, Grpc(self.ports[1]) as grpc:
                while time.monotonic() - self.began < GIVE_UP_S:
                    for client in self.clients:
                        if client.ended_after is None:
                            client.step()
                    for other in (rest, grpc):
                        asked = time.monotonic()
                        other.ask([float(len(self.latencies)), 0.5, 1.0])
                        self.latencies.append(time.monotonic() - asked)
                    time.sleep(PAUSE_S)
        except Exception as error:  # noqa: BLE001  handed to the test
            self.error = error
        self.waited = time.monotonic() - self.began

    def of_kind(self, kind):
        self.join()
        return [client for client in self.clients if client.kind == kind]
