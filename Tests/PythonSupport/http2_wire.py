# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 from the client's side, frame by frame: whatever is asked for is sent, right or wrong, and whatever comes is
kept.

Frames are made by functions that give bytes, so that a test can be a list of them. Header blocks are written without
the dynamic table and without Huffman coding, unless a test writes its own.
"""

import socket
import struct
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
FRAME_NAMES = "DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY WINDOW_UPDATE CONTINUATION".split()
# Flags.
ACK = END_STREAM = 0x1
END_HEADERS, PADDED, HAS_PRIORITY = 0x4, 0x8, 0x20
# Settings.
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = (
    range(1, 7)
)
# Error codes.
(
    NO_ERROR,
    PROTOCOL_ERROR,
    INTERNAL_ERROR,
    FLOW_CONTROL_ERROR,
    SETTINGS_TIMEOUT,
    STREAM_CLOSED,
    FRAME_SIZE_ERROR,
    REFUSED_STREAM,
    CANCEL,
    COMPRESSION_ERROR,
    CONNECT_ERROR,
    ENHANCE_YOUR_CALM,
) = range(12)

WINDOW = (1 << 31) - 1
DEFAULT_WINDOW = 65535


# Frames


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, prefix, first=0):
    """HPACK's integer with `prefix` bits in its first byte, whose other bits are those of `first`."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    encoded, value = bytearray([first | limit]), value - limit
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def text(value):
    value = value.encode("latin-1") if isinstance(value, str) else value
    return integer(len(value), 7) + value


def literal(name, value, first=0x00):
    """A field with a name of its own: without indexing, or 0x40 with it, or 0x10 never."""
    return bytes([first]) + text(name) + text(value)


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def headers(stream, fields, end_stream=True, end_headers=True, flags=0, before=b"", after=b""):
    """`fields` are pairs, or a block that is encoded already. `before` and `after` are its padding and priority."""
    payload = before + (fields if isinstance(fields, bytes) else block(fields)) + after
    flags |= (END_STREAM if end_stream else 0) | (END_HEADERS if end_headers else 0)
    return frame(HEADERS, flags, stream, payload)


def continuation(stream, fields, end_headers=True):
    payload = fields if isinstance(fields, bytes) else block(fields)
    return frame(CONTINUATION, END_HEADERS if end_headers else 0, stream, payload)


def data(stream, payload=b"", end_stream=False, flags=0):
    return frame(DATA, flags | (END_STREAM if end_stream else 0), stream, payload)


def body(stream, content, end_stream=True, size=16384):
    """As many DATA frames as the content needs."""
    parts = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
    return b"".join(data(stream, part, end_stream and index == len(parts) - 1) for index, part in enumerate(parts))


def priority(stream, depends_on=0, weight=16, exclusive=False):
    return frame(PRIORITY, 0, stream, priority_fields(depends_on, weight, exclusive))


def priority_fields(depends_on=0, weight=16, exclusive=False):
    return struct.pack(">IB", depends_on | (exclusive << 31), weight - 1)


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", key, value) for key, value in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK)


def ping(payload=b"12345678", ack=False):
    return frame(PING, ACK if ack else 0, 0, payload)


def goaway(code=NO_ERROR, last=0, stream=0, reason=b""):
    return frame(GOAWAY, 0, stream, struct.pack(">II", last, code) + reason)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


# What came


@dataclass
class Stream:
    """What came on one stream, so far."""

    interim: list = field(default_factory=list)
    headers: list | None = None
    body: bytearray = field(default_factory=bytearray)
    trailers: list | None = None
    ended: bool = False
    # The code of the first RST_STREAM, and how many came.
    reset: int | None = None
    resets: int = 0
    # Lengths of DATA frames.
    parts: list = field(default_factory=list)

    @property
    def is_over(self):
        return self.ended or self.reset is not None

    def header(self, name, trailers=False):
        values = [value for key, value in (self.trailers if trailers else self.headers) or [] if key == name]
        assert len(values) <= 1, f"{name} comes {len(values)} times"
        return values[0] if values else None

    @property
    def status(self):
        return None if self.headers is None else int(self.header(":status"))

    def __str__(self):
        over = f"reset with {self.reset}" if self.reset is not None else "ended" if self.ended else "open"
        return f"{over}, {self.headers} {bytes(self.body[:200])!r} {self.trailers}"


class NotHTTP2(AssertionError):
    """The server broke the protocol."""


class Connection:
    """One connection. It reads only while a test waits for something."""

    def __init__(self, address, options=(), preface=PREFACE, timeout=60, window=WINDOW, tls=None, receive_buffer=None):
        """`options` are settings, sent at once; `window` is what the connection lets come."""
        self.timeout = timeout
        if receive_buffer:
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer, self.decoder = bytearray(), Decoder(max_header_list_size=1 << 20)
        self.streams, self.frames = defaultdict(Stream), Counter()
        self.settings, self.settings_acks, self.pongs = {}, 0, []
        self.goaways, self.window_updates = [], Counter()
        self.has_ended, self.acknowledges = False, True
        self.fragments = None
        if preface is not None:
            first = preface + settings(*options)
            if window > DEFAULT_WINDOW:
                first += window_update(0, window - DEFAULT_WINDOW)
            self.send(first)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        """Sends what the other side takes: one that has refused already may have closed."""
        try:
            self.socket.settimeout(self.timeout)
            self.socket.sendall(b"".join(parts))
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def end_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    # Waiting

    def wait(self, done, timeout=None):
        """Reads until `done()`, the end of the connection, or the time is over. Whether it is done."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while not done():
            if self.has_ended or not self._receive(deadline - time.monotonic()):
                return done()
        return True

    def answer(self, stream, timeout=None):
        """What came on a stream, once it is over."""
        self.wait(lambda: self.streams[stream].is_over, timeout)
        assert self.streams[stream].is_over, f"no answer on {stream}: {self.streams[stream]}; {self}"
        return self.streams[stream]

    def ready(self):
        """Once the server's settings are here, and ours are acknowledged."""
        assert self.wait(lambda: self.settings_acks and self.frames[SETTINGS] > self.settings_acks), str(self)
        return self

    def quiet(self, seconds=0.2):
        """Reads whatever comes in this time."""
        self.wait(lambda: False, seconds)

    def ends(self, timeout=None):
        """Whether the other side closes in time."""
        return self.wait(lambda: self.has_ended, timeout)

    @property
    def goaway_code(self):
        return self.goaways[-1][1] if self.goaways else None

    def __str__(self):
        names = {FRAME_NAMES[kind] if kind < 10 else kind: count for kind, count in self.frames.items()}
        return f"goaways {self.goaways}, {'ended' if self.has_ended else 'open'}, frames {names}"

    # Reading

    def _receive(self, seconds):
        if seconds <= 0:
            return False
        self.socket.settimeout(seconds)
        try:
            part = self.socket.recv(1 << 18)
        except TimeoutError:
            return False
        except (ConnectionResetError, BrokenPipeError):
            part = b""
        if not part:
            self.has_ended = True
            return False
        self.buffer += part
        start = 0
        while len(self.buffer) >= start + 9:
            length = int.from_bytes(self.buffer[start : start + 3], "big")
            if length > 1 << 14:
                raise NotHTTP2(f"a frame of {length} bytes: {bytes(self.buffer[start : start + 50])!r}")
            if len(self.buffer) < start + 9 + length:
                break
            kind, flags, stream = struct.unpack_from(">BBI", self.buffer, start + 3)
            payload = bytes(self.buffer[start + 9 : start + 9 + length])
            start += 9 + length
            self._take(kind, flags, stream, payload)
        del self.buffer[:start]
        return True

    def _take(self, kind, flags, stream, payload):
        if not self.frames and kind != SETTINGS:
            raise NotHTTP2(f"the first frame is {kind}")
        if self.fragments is not None and (kind != CONTINUATION or stream != self.fragments[0]):
            raise NotHTTP2(f"frame {kind} within a block of headers")
        self.frames[kind] += 1
        if kind in (DATA, HEADERS, RST_STREAM) and stream == 0:
            raise NotHTTP2(f"frame {kind} on stream 0")
        if kind == DATA:
            self._take_data(flags, stream, payload)
        elif kind in (HEADERS, CONTINUATION):
            self._take_headers(kind, flags, stream, payload)
        elif kind == RST_STREAM:
            came = self.streams[stream]
            came.resets += 1
            if came.reset is None:
                came.reset = struct.unpack(">I", payload)[0]
        elif kind == SETTINGS:
            if flags & ACK:
                self.settings_acks += 1
            else:
                self.settings |= dict(struct.iter_unpack(">HI", payload))
                if self.acknowledges:
                    self.send(SETTINGS_ACK)
        elif kind == PING:
            if flags & ACK:
                self.pongs.append(payload)
            elif self.acknowledges:
                self.send(ping(payload, ack=True))
        elif kind == GOAWAY:
            last, code = struct.unpack_from(">II", payload)
            self.goaways.append((last, code, payload[8:]))
        elif kind == WINDOW_UPDATE:
            self.window_updates[stream] += struct.unpack(">I", payload)[0]
        elif kind != PRIORITY:
            raise NotHTTP2(f"the server sent frame {kind}")

    def _take_data(self, flags, stream, payload):
        came = self.streams[stream]
        if came.headers is None or came.is_over:
            raise NotHTTP2(f"DATA on {stream}, which is {came}")
        length = len(payload)
        if flags & PADDED:
            payload = payload[1 : len(payload) - payload[0]]
        came.body += payload
        came.parts.append(length)
        came.ended = bool(flags & END_STREAM)

    def _take_headers(self, kind, flags, stream, payload):
        if kind == HEADERS:
            if flags & PADDED:
                payload = payload[1 : len(payload) - payload[0]]
            if flags & HAS_PRIORITY:
                payload = payload[5:]
            self.fragments = (stream, flags & END_STREAM, bytearray())
        elif self.fragments is None:
            raise NotHTTP2("CONTINUATION without HEADERS")
        self.fragments[2].extend(payload)
        if not flags & END_HEADERS:
            return
        stream, end, encoded = self.fragments
        self.fragments = None
        fields = [(str(name), str(value)) for name, value in self.decoder.decode(bytes(encoded))]
        came = self.streams[stream]
        if came.is_over:
            raise NotHTTP2(f"HEADERS on {stream}, which is {came}: {fields}")
        if came.headers is None:
            if fields[0][0] != ":status":
                raise NotHTTP2(f"an answer without a status first: {fields}")
            if fields[0][1].startswith("1"):
                came.interim.append(fields)
                return
            came.headers = fields
        elif came.trailers is None and end:
            came.trailers = fields
        else:
            raise NotHTTP2(f"HEADERS out of place on {stream}: {fields}")
        came.ended = bool(end)


# Requests


def request_fields(method, path, *more, scheme="http", authority="localhost"):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path), *more]


def get(stream, path, *more):
    return headers(stream, request_fields("GET", path, *more))


def post(stream, path, content, *more):
    return headers(stream, request_fields("POST", path, *more), end_stream=False) + body(stream, content)
