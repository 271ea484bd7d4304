# SPDX-License-Identifier: Apache-2.0
"""Mutated streams against a running server, many on a connection, several connections at a time.

What has to hold: the server lives; every good request in between is answered rightly; every stream whose frames and
fields are whole gets an end; nothing is a mistake of ours (500, or SRV-006); no connection hangs.

    .tools/venv-grpc/bin/python -m pytest -q -rP Tests/HTTP2Tests/test_http2_mutations.py      SLIPWAY_SOAK=1: a million
"""

import collections
import random
import socket
import struct

from conversations import Mutator, frames_of, written
from grpc_wire import GRPC_FIELDS, SERVICE, infer_request, message
from http2_wire import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PREFACE,
    RST_STREAM,
    SETTINGS_ACK,
    block,
    request_fields,
    settings,
    window_update,
)

CONNECTIONS = 16
ROUNDS_OF_A_TASK = 8
GREETING = PREFACE + settings((4, 1 << 24)) + window_update(0, 1 << 24) + SETTINGS_ACK
GOOD_FIELDS = block(request_fields("POST", f"{SERVICE}/ModelInfer", *GRPC_FIELDS))
# The first byte of a block that begins with one of HPACK's entries for :status.
STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
TIMEOUT_S = 60

mutator, ports = None, None


class Wrong(AssertionError):
    pass


def begin_worker(seed, server_ports):
    global mutator, ports
    mutator, ports = Mutator(seed), server_ports


def run(task):
    """One task's connections -> (mutated streams that were taken, counts of what came)"""
    count, came = 0, collections.Counter()
    for round_ in range(ROUNDS_OF_A_TASK):
        first = (task * ROUNDS_OF_A_TASK + round_) * CONNECTIONS
        opened = [Conversation(number) for number in range(first, first + CONNECTIONS)]
        for conversation in opened:
            count += conversation.finish(came)
    return count, came


class Conversation:
    """One connection: a good stream, tame ones, a good one, and then wild ones until it ends."""

    def __init__(self, number):
        self.number = number
        self.good, self.tame, self.wild = mutator.connection(number)
        draw = random.Random(~number)
        good = frames_of(GOOD_FIELDS, message(infer_request(self.good)))
        streams = [good, *self.tame, good]
        self.certain = len(streams)
        parts = [GREETING, *(written(frames, 2 * index + 1) for index, frames in enumerate(streams))]
        parts += [written(frames, 2 * (self.certain + index) + 1, draw) for index, frames in enumerate(self.wild)]
        self.socket = socket.create_connection(("127.0.0.1", ports[number % len(ports)]), TIMEOUT_S)
        try:
            self.socket.sendall(b"".join(parts))
            # So that one who waits for the rest of a frame ends.
            self.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        except OSError as error:
            if error.errno != 107:  # not connected any more
                raise

    def finish(self, came):
        with self.socket:
            content = self.read()
        self.ends, self.statuses, self.bodies, self.goaway = {}, {}, collections.defaultdict(bytearray), None
        try:
            self.take(content, came)
            return self.check(came)
        except Wrong as error:
            raise Wrong(f"connection {self.number}: {error}") from None

    def read(self):
        parts = []
        try:
            while part := self.socket.recv(1 << 18):
                parts.append(part)
        except ConnectionResetError:
            pass
        except TimeoutError:
            raise Wrong(f"connection {self.number} does not end; so far {b''.join(parts)[-200:]!r}") from None
        return b"".join(parts)

    def take(self, content, came):
        if b"SRV-006" in content:
            raise Wrong(f"a mistake of ours: {content[content.find(b'SRV-006') - 300 :][:600]!r}")
        start, end = 0, len(content)
        while start + 9 <= end:
            length = content[start] << 16 | content[start + 1] << 8 | content[start + 2]
            kind, flags, stream = struct.unpack_from(">BBI", content, start + 3)
            payload = content[start + 9 : start + 9 + length]
            start += 9 + length
            if kind > CONTINUATION or length > 16384:
                raise Wrong(f"the server sent frame {kind} of {length} bytes")
            if kind in (HEADERS, DATA, RST_STREAM):
                if stream in self.ends and not (kind == RST_STREAM and self.ends[stream] == "answered"):
                    raise Wrong(f"frame {kind} on stream {stream}, which was {self.ends[stream]}")
                if kind == HEADERS and stream not in self.statuses:
                    self.statuses[stream] = status = STATUSES.get(payload[0], "another")
                    came[status] += 1
                    if status == 500:
                        raise Wrong(f"500 on stream {stream}")
                elif kind == DATA:
                    self.bodies[stream] += payload
                elif kind == RST_STREAM:
                    reset = f"reset {struct.unpack('>I', payload)[0]}"
                    came[reset] += 1
                    # What comes behind the end of an answer takes nothing of it away.
                    self.ends.setdefault(stream, reset)
                if flags & END_STREAM and kind != RST_STREAM:
                    self.ends[stream] = "answered"
                if kind == HEADERS and not flags & END_HEADERS:
                    raise Wrong("a long block of headers, which nobody asked for")
            elif kind == GOAWAY:
                last, code = struct.unpack_from(">II", payload)
                self.goaway = (last, code, payload[8:])
                came[f"goaway {code}"] += 1

    def check(self, came):
        for index in range(self.certain):
            # Without its fields a request may be one that is answered later, by others than the connection itself.
            is_whole = not 0 < index <= len(self.tame) or self.tame[index - 1][0][2] in mutator.blocks
            if is_whole and 2 * index + 1 not in self.ends:
                raise Wrong(f"stream {2 * index + 1} has no end; {self.goaway}; tame {self.tame[index - 1 : index]}")
        for stream in (1, 2 * self.certain - 1):
            if struct.pack("<3f", *self.good) not in self.bodies[stream] or self.ends[stream] != "answered":
                raise Wrong(f"a good stream got {self.statuses.get(stream)} {bytes(self.bodies[stream])!r}")
        came["good"] += 2
        ids = range(2 * self.certain + 1, 2 * (self.certain + len(self.wild)) + 1, 2)
        last = self.goaway[0] if self.goaway else ids[-1]
        wild = sum(stream <= last for stream in ids)
        came["wild"] += wild
        return len(self.tame) + wild
