# SPDX-License-Identifier: Apache-2.0
"""A load that accounts for every request: each one that was sent is answered, refused or lost, and read.

One thread, one epoll, keep-alive connections with one request each at a time. At a rate, it keeps to a timetable (open
loop): a request whose turn comes while every connection waits goes out late, and counts from its turn. Without a rate
each connection asks again as soon as it has its answer.
"""
import collections
import contextlib
import math
import select
import socket
import time
import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Answer:
    due: float
    sent: float
    arrived: float
    status: int  # 0: the connection ended without an answer
    content: object  # what `read` made of the body


@dataclass
class Connection:
    peer: socket.socket
    due: float = 0
    sent: float = 0
    index: int = 0
    waiting: bool = False
    bytes: bytearray = field(default_factory=bytearray)


def request(path, body, headers):
    """The bytes of one POST."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def connect(address):
    peer = socket.create_connection(address)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(peer)


def whole(received):
    """Status and body of the answer in the bytes, or None while something is missing."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
    if len(received) < end + 4 + length:
        return None
    return int(head[9:12]), bytes(received[end + 4:end + 4 + length])


def drive(address, requests, connections, due, read):
    """Sends the requests in rotation, the n-th at the time `due(n)`, 0 meaning at once, until that is None; then waits
    for the answers that are out.

    `read(index, status, body)` says what to keep of an answer. Gives the answers in order of arrival; a lost connection
    is replaced, and its request counts as status 0.
    """
    poll, living, idle, answers = select.epoll(), {}, collections.deque(), []

    def add():
        connection = connect(address)
        living[connection.peer.fileno()] = connection
        poll.register(connection.peer.fileno(), select.EPOLLIN)
        idle.append(connection)

    def finish(connection, status, content):
        answers.append(Answer(connection.due, connection.sent, time.perf_counter(), status, content))
        connection.waiting = False

    def receive(connection):
        try:
            found = connection.peer.recv(1 << 18)
        except ConnectionError:
            found = b""
        connection.bytes += found
        complete = whole(connection.bytes) if found else None
        if complete and connection.waiting:
            connection.bytes.clear()
            finish(connection, complete[0], read(connection.index, *complete))
            idle.append(connection)
        elif not found:
            if connection.waiting:
                finish(connection, 0, None)
            else:
                idle.remove(connection)
            poll.unregister(connection.peer.fileno())
            del living[connection.peer.fileno()]
            connection.peer.close()
            add()

    for _ in range(connections):
        add()
    count, turn = 0, due(0)
    while turn is not None or len(idle) < len(living):
        while turn is not None and idle and (now := time.perf_counter()) >= turn:
            connection = idle.popleft()
            connection.due, connection.sent, connection.waiting = turn or now, now, True
            connection.index = count % len(requests)
            with contextlib.suppress(ConnectionError):  # `receive` finds it closed
                connection.peer.sendall(requests[connection.index])
            count += 1
            turn = due(count)
        pause = 1.0 if turn is None or not idle else min(1.0, max(0.0, turn - time.perf_counter()))
        select.select([poll], [], [], pause)  # to the microsecond; epoll's own pause is in milliseconds
        for descriptor, _ in poll.poll(0):
            receive(living[descriptor])
    for connection in living.values():
        connection.peer.close()
    return answers


def at_rate(rate, seconds):
    """A timetable: so many a second, from now on."""
    began, count = time.perf_counter(), int(rate * seconds)
    return lambda index: began + index / rate if index < count else None


def in_stages(*stages):
    """A timetable of several rates: pairs of requests a second and seconds. And when each stage begins."""
    began, turns, starts = time.perf_counter(), [], []
    for rate, seconds in stages:
        starts.append(began)
        turns += [began + index / rate for index in range(int(rate * seconds))]
        began += seconds
    return (lambda index: turns[index] if index < len(turns) else None), starts + [began]


def without_pause(seconds):
    """No timetable: at once, for so long."""
    end = time.perf_counter() + seconds
    return lambda index: 0 if time.perf_counter() < end else None


def percentile(values, share):
    """The smallest value that is at least as large as this share of them; None when there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else None


def all_answered(answers):
    """Ends the benchmark when a request was not answered: for loads that nothing should refuse."""
    failed = [one.status for one in answers if one.status != 200]
    if failed or not answers:
        raise SystemExit(f"{len(failed)} of {len(answers)} requests were not answered; the first has {failed[:1]}")


def address_of(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port
