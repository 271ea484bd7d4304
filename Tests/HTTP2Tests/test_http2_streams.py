# SPDX-License-Identifier: Apache-2.0
"""States of streams, their numbers, how many there may be, priorities, errors and extensions: RFC 7540, 5."""

import pytest
from http2_spec import LATER_STREAM, Case, answered, connection_error, hold, ignored, parameters, right, stream_error
from http2_wire import (
    ENHANCE_YOUR_CALM,
    FRAME_SIZE_ERROR,
    HAS_PRIORITY,
    MAX_CONCURRENT_STREAMS,
    PING,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    STREAM_CLOSED,
    block,
    continuation,
    data,
    frame,
    goaway,
    headers,
    ping,
    priority,
    priority_fields,
    reset,
    settings,
    window_update,
)

MORE = [("x-more", "1")]

IDLE_AND_HALF_CLOSED = [
    Case("5.1/1", "idle: DATA", lambda t: data(1, b"test", True), connection_error(PROTOCOL_ERROR)),
    Case("5.1/2", "idle: RST_STREAM", lambda t: reset(1), connection_error(PROTOCOL_ERROR)),
    Case("5.1/3", "idle: WINDOW_UPDATE", lambda t: window_update(1, 100), connection_error(PROTOCOL_ERROR)),
    Case("5.1/4", "idle: CONTINUATION", lambda t: continuation(1, t.fields), connection_error(PROTOCOL_ERROR)),
    Case("5.1/5", "half closed: DATA", lambda t: t.head(1, end_stream=True) + data(1, b"test", True),
         stream_error(1, STREAM_CLOSED)),
    # Not trailers: those come before the end.
    Case("5.1/6", "half closed: HEADERS", lambda t: t.head(1, end_stream=True) + t.head(1, end_stream=True),
         stream_error(1, STREAM_CLOSED)),
    Case("5.1/7", "half closed: CONTINUATION", lambda t: t.head(1, end_stream=True) + continuation(1, MORE),
         connection_error(STREAM_CLOSED, PROTOCOL_ERROR)),
    Case("5.1/14", "idle: DATA on a later stream while others are open", lambda t: t.head(1) + data(5, b"test"),
         connection_error(PROTOCOL_ERROR)),
    Case("5.1/15", "a stream that was passed over: DATA", lambda t: t.head(5) + data(3, b"test"),
         stream_error(3, STREAM_CLOSED, PROTOCOL_ERROR)),
]  # fmt: skip

# A client that resets a stream may not send on it; what was under way when the server did is another matter.
AFTER_RESET = [
    Case("5.1/8", "closed by RST_STREAM: DATA", lambda t: t.head(1) + reset(1) + data(1, b"test", True),
         stream_error(1, STREAM_CLOSED)),
    Case("5.1/9", "closed by RST_STREAM: HEADERS", lambda t: t.head(1) + reset(1) + t.head(1, end_stream=True),
         stream_error(1, STREAM_CLOSED)),
    Case("5.1/10", "closed by RST_STREAM: CONTINUATION", lambda t: t.head(1) + reset(1) + continuation(1, MORE),
         connection_error(STREAM_CLOSED, PROTOCOL_ERROR)),
    Case("5.1/16", "closed by RST_STREAM: WINDOW_UPDATE, RST_STREAM, PRIORITY",
         lambda t: t.head(1) + reset(1) + window_update(1, 1) + reset(1) + priority(1), ignored),
]  # fmt: skip

IDENTIFIERS_AND_ERRORS = [
    Case("5.1.1/1", "an even number", lambda t: t.head(2), connection_error(PROTOCOL_ERROR)),
    Case("5.1.1/2", "a smaller number than before", lambda t: t.head(5) + t.head(3),
         connection_error(PROTOCOL_ERROR, STREAM_CLOSED)),
    Case("5.1.1/3", "the largest number", lambda t: t.short(2**31 - 1),
         lambda t, c: answer_on(c, 2**31 - 1)),
    Case("5.3.1/1", "HEADERS that depend on themselves",
         lambda t: t.head(1, flags=HAS_PRIORITY, before=priority_fields(1)), None),
    Case("5.3.1/2", "PRIORITY that depends on itself", lambda t: t.head(1) + priority(1, depends_on=1), None),
    Case("5.4.1/1", "after an error the connection ends", lambda t: frame(PING, 0, 0, bytes(6)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("5.4.1/2", "GOAWAY names the last stream that was taken",
         lambda t: t.head(1) + t.head(7) + frame(PING, 0, 0, bytes(6)), lambda t, c: names_last(c, 7)),
    Case("5.5/1", "a frame of an extension", lambda t: frame(0x16, 0, 0, b"test") + ping(),
         lambda t, c: answers_ping(c)),
    Case("5.5/2", "a frame of an extension within a block of headers",
         lambda t: t.head(1, end_headers=False) + frame(0x16, 0, 0, b"test") + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("8.2/1", "PUSH_PROMISE", lambda t: t.head(1) + frame(5, 4, 1, b"\x00\x00\x00\x02" + block(t.fields)),
         connection_error(PROTOCOL_ERROR)),
]  # fmt: skip


def answer_on(connection, stream):
    assert connection.answer(stream).status == 200


def names_last(connection, last):
    assert connection.ends(), str(connection)
    assert connection.goaways[-1][0] == last


def answers_ping(connection):
    assert connection.wait(lambda: connection.pongs), str(connection)


def depends_on_itself(target, connection):
    """RFC 7540: an error of the stream. RFC 9113, 5.3.2, takes priorities away: to ignore it is right as well."""
    came = connection.streams[1]
    connection.send(data(1, target.content, True))
    assert connection.wait(lambda: came.is_over or connection.goaway_code), str(connection)
    if came.reset is not None or connection.goaway_code:
        stream_error(1, PROTOCOL_ERROR)(target, connection)
    else:
        assert target.is_right(came)


CASES = [*IDLE_AND_HALF_CLOSED, *AFTER_RESET, *IDENTIFIERS_AND_ERRORS]
CASES = [case if case.expected else Case(case.number, case.title, case.frames, depends_on_itself) for case in CASES]


@pytest.mark.parametrize("case", parameters(CASES))
def test_streams(target, case):
    hold(target, case)


AFTER_THE_END = {
    "5.1/11 DATA": (lambda t: data(1, b"test", True), [STREAM_CLOSED]),
    "5.1/12 HEADERS": (lambda t: t.head(1, end_stream=True), [STREAM_CLOSED, PROTOCOL_ERROR]),
    "5.1/13 CONTINUATION": (lambda t: continuation(1, MORE), [STREAM_CLOSED, PROTOCOL_ERROR]),
}


@pytest.mark.parametrize("kind", AFTER_THE_END)
def test_a_stream_that_was_answered_is_closed(target, kind):
    """RFC 9113 lets an endpoint that has forgotten a stream take this for an error of either kind."""
    frames, codes = AFTER_THE_END[kind]
    with target.connect() as connection:
        connection.send(target.short(1))
        came = connection.answer(1)
        assert came.status == 200
        connection.send(frames(target))
        assert connection.wait(lambda: connection.goaway_code or came.reset is not None), str(connection)
        if connection.goaway_code:
            connection_error(*codes)(target, connection)
        else:
            assert came.reset in codes
            target.assert_serves(connection, 3)


@pytest.mark.parametrize(
    "frames", [priority(1), window_update(1, 1), reset(1)], ids=["PRIORITY", "WINDOW_UPDATE", "RST"]
)
def test_what_crosses_an_answer_is_no_error(target, frames):
    """5.1 of RFC 9113: these may have been sent before the client saw the end."""
    with target.connect() as connection:
        connection.send(target.short(1))
        connection.answer(1)
        connection.send(frames)
        ignored(target, connection)


def test_5_1_2_1_streams_beyond_the_limit_are_refused(target):
    with target.connect() as connection:
        connection.ready()
        limit = connection.settings[MAX_CONCURRENT_STREAMS]
        connection.send(*(target.head(2 * index + 1) for index in range(limit + 1)))
        beyond = connection.streams[2 * limit + 1]
        assert connection.wait(lambda: beyond.reset is not None or connection.goaway_code), str(connection)
        if connection.goaway_code:
            assert connection.goaway_code in (PROTOCOL_ERROR, ENHANCE_YOUR_CALM)
            return
        assert beyond.reset in (REFUSED_STREAM, PROTOCOL_ERROR)
        # The others are answered all the same, and give their places back.
        for index in range(limit):
            connection.send(data(2 * index + 1, target.content, True))
        for index in range(limit):
            assert target.is_right(connection.answer(2 * index + 1)), index
        target.assert_serves(connection, 2 * limit + 3)


def test_streams_that_are_reset_give_their_places_back(target):
    """A client that gives up on all it asked for, at once, and asks again."""
    with target.connect() as connection:
        connection.ready()
        limit = connection.settings[MAX_CONCURRENT_STREAMS]
        connection.send(*(target.head(2 * index + 1) for index in range(limit)))
        connection.send(*(reset(2 * index + 1) for index in range(limit)))
        for index in range(limit, limit + 20):
            target.assert_serves(connection, 2 * index + 1)


def test_what_was_under_way_to_a_stream_that_was_reset_is_ignored(target):
    """5.1 of RFC 9113: the client could not know yet. Only the connection's window counts it, and gets it back."""
    with target.connect() as connection:
        connection.ready()
        for stream in range(1, 201, 2):
            connection.send(target.head(stream, ("X", "y")), *[data(stream, bytes(16384))] * 4, data(stream, b"", True))
            came = connection.streams[stream]
            assert connection.wait(lambda: came.is_over), str(connection)
            assert came.reset == PROTOCOL_ERROR
        target.assert_serves(connection, 201)
        assert max(came.resets for came in connection.streams.values()) == 1, "a stream was reset twice"


def test_streams_are_answered_whatever_order_they_end_in(target):
    with target.connect() as connection:
        streams = list(range(1, 101, 2))
        connection.send(*(target.head(stream) for stream in streams))
        connection.send(*(data(stream, target.content[:7]) for stream in streams[::2]))
        connection.send(*(data(stream, target.content[:1]) for stream in streams[1::2]))
        connection.send(*(data(stream, target.content[1:], True) for stream in reversed(streams[1::2])))
        connection.send(*(data(stream, target.content[7:], True) for stream in reversed(streams[::2])))
        for stream in streams:
            assert target.is_right(connection.answer(stream)), stream


def test_frames_may_be_cut_anywhere(target):
    with target.connect() as connection:
        connection.ready()
        whole = target.request(1) + target.request(3) + ping() + target.request(5)
        for position in range(0, len(whole), 11):
            connection.send(whole[position : position + 11])
        for stream in (1, 3, 5):
            assert target.is_right(connection.answer(stream))


def test_a_client_that_says_goaway_gets_what_it_asked_for(target):
    with target.connect() as connection:
        connection.ready()
        connection.send(target.request(1), target.request(3), goaway())
        assert target.is_right(connection.answer(1)) and target.is_right(connection.answer(3))


def test_a_client_that_stops_sending_gets_what_it_asked_for(target):
    """Half-open: the end of what it sends is no end of what it reads."""
    if target.tls:
        pytest.skip("TLS has no half of a connection")
    with target.connect() as connection:
        connection.ready()
        connection.send(target.request(1), target.request(3))
        connection.end_sending()
        assert target.is_right(connection.answer(1)) and target.is_right(connection.answer(3))
        assert connection.ends(), "and then it ends"


def test_settings_in_mid_stream_change_nothing_for_it(target):
    with target.connect() as connection:
        connection.send(target.head(1), settings((3, 0)), data(1, target.content[:5]), settings((4, 100_000)))
        connection.send(data(1, target.content[5:], True))
        assert target.is_right(connection.answer(1))


def test_the_table_is_held(target):
    """The cases' own check: what is right here is not right for a stream that nobody asked on."""
    with target.connect() as connection:
        connection.send(target.request(1))
        right(1)(target, connection)
        answered(1)(target, connection)
        connection.timeout = 0.2
        with pytest.raises(AssertionError):
            right(LATER_STREAM + 2)(target, connection)
        assert headers(1, []) and connection.goaway_code is None
