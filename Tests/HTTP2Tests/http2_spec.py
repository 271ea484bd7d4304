# SPDX-License-Identifier: Apache-2.0
"""A case of the specification: what is sent, and what has to come of it.

The numbers are those of h2spec's cases, whose sections are RFC 7540's and RFC 7541's. RFC 9113 replaced the former and
kept the rules, unless a case says otherwise.

Where nghttpd 1.52 differs (SLIPWAY_HTTP2_REFERENCE, see `http2_targets.py`), and why that is no reason to ask for
less: see REFERENCE_DIFFERS.
"""

from dataclasses import dataclass
from typing import Callable

import pytest
from http2_wire import DEFAULT_WINDOW, PROTOCOL_ERROR

# What a server does with the frames of a case; of RFC 9113, 5.4.
LATER_STREAM = 101


@dataclass(frozen=True)
class Case:
    number: str
    title: str
    # target -> bytes
    frames: Callable
    # (target, connection), fails when something else came
    expected: Callable

    @property
    def id(self):
        return f"{self.number} {self.title}"


def parameters(cases):
    assert len({case.number for case in cases}) == len(cases), "a number is there twice"
    return [pytest.param(case, id=case.id) for case in cases]


def hold(target, case):
    """Sends what a case says, to a server that is ready for it, and looks at what comes."""
    with target.connect(window=DEFAULT_WINDOW) as connection:
        connection.ready()
        connection.send(case.frames(target))
        case.expected(target, connection)


def connection_error(*codes):
    """5.4.1: GOAWAY with one of the codes, and the connection ends."""

    def check(target, connection):
        assert connection.wait(lambda: connection.goaway_code), f"no GOAWAY: {connection}"
        assert connection.goaway_code in codes, f"GOAWAY with {connection.goaway_code}, not {codes}"
        assert connection.ends(), "GOAWAY, and the connection stays open"

    return check


def stream_error(stream, *codes):
    """5.4.2: RST_STREAM with one of the codes, and the connection goes on. An error of the connection with that code
    is allowed too."""

    def check(target, connection):
        came = connection.streams[stream]
        assert connection.wait(lambda: came.reset is not None or connection.goaway_code), f"{came}; {connection}"
        if came.reset is None:
            return connection_error(*codes)(target, connection)
        assert came.reset in codes, f"RST_STREAM with {came.reset}, not {codes}"
        target.assert_serves(connection, LATER_STREAM)

    return check


def malformed(stream=1):
    """8.1.1: an error of the stream, PROTOCOL_ERROR. Part of an answer may have come before, but not the end of one."""

    def check(target, connection):
        stream_error(stream, PROTOCOL_ERROR)(target, connection)
        assert not target.is_right(connection.streams[stream]), connection.streams[stream]

    return check


def refused(stream=1):
    """Malformed, or answered in a way that says whose mistake it is: HTTP's form allows it, its meaning does not."""

    def check(target, connection):
        came = connection.streams[stream]
        assert connection.wait(lambda: came.is_over or connection.goaway_code), f"{came}; {connection}"
        if came.status is None:
            stream_error(stream, PROTOCOL_ERROR)(target, connection)
        else:
            assert 400 <= came.status < 500 or came.header("grpc-status") in ("3", "12", "13", "16"), str(came)

    return check


def answered(*streams):
    """Each is answered with 200, whatever else was sent, and the connection goes on."""

    def check(target, connection):
        for stream in streams:
            came = connection.answer(stream)
            assert came.ended and came.reset is None and came.status == 200, f"{stream}: {came}; {connection}"
        target.assert_serves(connection, LATER_STREAM)

    return check


def right(*streams):
    """Each is answered as a good request is."""

    def check(target, connection):
        for stream in streams:
            came = connection.answer(stream)
            assert target.is_right(came), f"{stream}: {came}; {connection}"

    return check


def ignored(target, connection):
    """Nothing comes of it."""
    target.assert_serves(connection, LATER_STREAM)
    assert not connection.goaways


# number: why nghttpd 1.52 does not do what the case asks for.
REFERENCE_DIFFERS = {
    "4.2/5": "it resets the stream, where 4.2 asks for an error of the connection: what comes cannot be decoded",
    "5.1/15": "it ignores DATA for a stream that was passed over, where 6.1 asks for STREAM_CLOSED",
    "5.1.1/2": "it ignores HEADERS with a smaller number, where 5.1.1 asks for an error of the connection",
    "6.9.2/4": "it resets the stream, where 6.9.2 asks for an error of the connection",
    "host": "it does not compare host and :authority, as 8.3.1 says that a server should",
    "connect": "it waits for what is behind CONNECT",
}
