# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 from the client's side, byte by byte: no library that would mend what is sent, or forgive what comes."""

import json
import socket
import struct
import time
from dataclasses import dataclass, field

JSON = [("Content-Type", "application/json")]


def message(method, target, headers=(), body=b"", version="1.1"):
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost", *(f"{name}: {value}" for name, value in headers)]
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def get(target, headers=()):
    return message("GET", target, headers)


LIVE = get("/v2/health/live")


class NotHTTP(AssertionError):
    """What came is no answer of HTTP/1.1."""


@dataclass
class Answer:
    status: int
    headers: list
    body: bytes = b""
    interim: list = field(default_factory=list)

    def header(self, name):
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name} comes {len(values)} times"
        return values[0] if values else None

    @property
    def closes(self):
        return "close" in (self.header("connection") or "").lower()

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


class Reader:
    """Reads answers out of bytes as they come. Strict: a byte that does not belong there is a failure."""

    def __init__(self):
        self.buffer = bytearray()

    def next(self, is_head=False, at_end=False):
        """The next answer, interim ones before it included; None when it is not there yet."""
        interim, start = [], 0
        while True:
            end = self.buffer.find(b"\r\n\r\n", start)
            if end < 0:
                return None
            answer = self._head(bytes(self.buffer[start:end]))
            start = end + 4
            if answer.status >= 200:
                break
            interim.append(answer.status)
        answer.interim = interim
        length = self._body(answer, start, is_head or answer.status in (204, 304))
        if length is None:
            return None
        del self.buffer[:length]
        return answer

    def _head(self, head):
        lines = head.split(b"\r\n")
        parts = lines[0].split(b" ", 2)
        if len(parts) < 2 or parts[0] not in (b"HTTP/1.1", b"HTTP/1.0") or len(parts[1]) != 3:
            raise NotHTTP(f"no status line: {bytes(self.buffer[:200])!r}")
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or not name or name.strip() != name or b"\n" in line or b"\r" in line:
                raise NotHTTP(f"no header: {line!r}")
            headers.append((name.decode("ascii").lower(), value.strip().decode("latin-1")))
        return Answer(int(parts[1]), headers)

    def _body(self, answer, start, is_empty):
        if is_empty:
            return start
        if "chunked" in (answer.header("transfer-encoding") or ""):
            body = bytearray()
            while True:
                end = self.buffer.find(b"\r\n", start)
                if end < 0:
                    return None
                size = int(self.buffer[start:end], 16)
                start = end + 2
                if len(self.buffer) < start + size + 2:
                    return None
                body += self.buffer[start : start + size]
                if self.buffer[start + size : start + size + 2] != b"\r\n":
                    raise NotHTTP("a chunk does not end where it should")
                start += size + 2
                if size == 0:
                    answer.body = bytes(body)
                    return start
        length = answer.header("content-length")
        if length is None:
            raise NotHTTP(f"an answer without a length: {answer.headers}")
        if len(self.buffer) < start + int(length):
            return None
        answer.body = bytes(self.buffer[start : start + int(length)])
        return start + int(length)


class Connection:
    """One connection to the server under test."""

    def __init__(self, server, timeout=60):
        self.socket = server.connect(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader()
        self.timeout = timeout
        self.has_ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends what the other side takes: one that has refused already may have closed."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def end_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def answer(self, is_head=False, timeout=None):
        """The next answer; None when the connection ends before one begins."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while True:
            answer = self.reader.next(is_head)
            if answer:
                return answer
            if not self._receive(deadline):
                if self.has_ended:
                    if self.reader.buffer:
                        raise NotHTTP(f"the connection ended within an answer: {bytes(self.reader.buffer[:200])!r}")
                    return None
                raise TimeoutError(f"no answer in {timeout or self.timeout} s")

    def rest(self, quiet=0.25, timeout=None):
        """Every further answer, until the connection ends or nothing comes for `quiet` seconds."""
        answers, deadline = [], time.monotonic() + (timeout or self.timeout)
        while True:
            answer = self.reader.next()
            if answer:
                answers.append(answer)
            elif not self._receive(min(deadline, time.monotonic() + quiet)):
                if self.reader.buffer:
                    raise NotHTTP(f"half an answer: {bytes(self.reader.buffer[:200])!r}")
                return answers

    def ends(self, timeout=20):
        """Whether the other side closes in time, without another byte."""
        deadline = time.monotonic() + timeout
        while self._receive(deadline):
            pass
        assert not self.reader.buffer, f"more came: {bytes(self.reader.buffer[:200])!r}"
        return self.has_ended

    def _receive(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or self.has_ended:
            return False
        self.socket.settimeout(left)
        try:
            part = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        except ConnectionResetError:
            part = b""
        finally:
            self.socket.settimeout(self.timeout)
        if not part:
            self.has_ended = True
            return False
        self.reader.buffer += part
        return True


def leave(connection):
    """Ends a socket's connection by a reset, as a client that is killed does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ask(server, data, is_head=False, timeout=60):
    """One answer on a connection of its own."""
    with Connection(server, timeout) as connection:
        connection.send(data)
        answer = connection.answer(is_head)
        assert answer is not None, "the connection ended without an answer"
        return answer
