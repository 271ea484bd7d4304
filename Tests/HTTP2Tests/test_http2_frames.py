# SPDX-License-Identifier: Apache-2.0
"""The preface, the form of frames, and each kind of frame: RFC 7540, 3.5, 4, 6 and 7, as h2spec has it, and more."""


import pytest
from http2_spec import Case, answered, connection_error, hold, ignored, parameters, right, stream_error
from http2_wire import (
    ACK,
    COMPRESSION_ERROR,
    CONTINUATION,
    DATA,
    DEFAULT_WINDOW,
    ENABLE_PUSH,
    END_HEADERS,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HAS_PRIORITY,
    HEADER_TABLE_SIZE,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    MAX_FRAME_SIZE,
    PADDED,
    PING,
    PRIORITY,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW,
    WINDOW_UPDATE,
    Connection,
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


def beyond(kind, stream=0):
    """The header of a frame of 2^24-1 bytes, and the first of them."""
    return b"\xff\xff\xff" + frame(kind, 0, stream)[3:] + bytes(100)


def pongs(target, connection):
    assert connection.wait(lambda: connection.pongs), str(connection)
    assert connection.pongs == [b"12345678"]
    target.assert_serves(connection, 1)


def no_pong(target, connection):
    ignored(target, connection)
    assert connection.frames[PING] == 0


def acknowledged(target, connection):
    assert connection.wait(lambda: connection.settings_acks == 2), str(connection)
    ignored(target, connection)


FORM = [
    Case("4.1/1", "a frame of an unknown type", lambda t: frame(0x16, 0, 0, bytes(8)) + ping(), pongs),
    Case("4.1/2", "undefined flags", lambda t: frame(PING, 0x16, 0, b"12345678"), pongs),
    Case("4.1/3", "the reserved bit of a stream's number", lambda t: frame(PING, 0, 1 << 31, b"12345678"), pongs),
    Case("4.1/4", "unknown types on a stream, idle and open",
         lambda t: frame(0xFF, 0xFF, 1, bytes(100)) + t.head(1) + frame(0x0A, 1, 1) + data(1, t.content, True),
         right(1)),
    Case("4.2/1", "DATA of 16384 bytes", lambda t: t.head(1) + data(1, bytes(16384)), ignored),
    # The header of the frame is enough: nobody has to read 16 MiB for this.
    Case("4.2/2", "DATA beyond the largest frame", lambda t: t.head(1) + beyond(DATA, 1),
         stream_error(1, FRAME_SIZE_ERROR)),
    Case("4.2/3", "HEADERS beyond the largest frame", lambda t: beyond(HEADERS, 1), connection_error(FRAME_SIZE_ERROR)),
    Case("4.2/4", "SETTINGS beyond the largest frame", lambda t: beyond(SETTINGS), connection_error(FRAME_SIZE_ERROR)),
    Case("4.2/5", "CONTINUATION beyond the largest frame",
         lambda t: t.head(1, end_headers=False) + beyond(CONTINUATION, 1), connection_error(FRAME_SIZE_ERROR)),
    Case("4.2/6", "an unknown type beyond the largest frame", lambda t: beyond(0x16),
         connection_error(FRAME_SIZE_ERROR)),
    Case("4.3/1", "an invalid block of headers", lambda t: headers(1, bytes.fromhex("ffffffffffff")),
         connection_error(COMPRESSION_ERROR)),
    Case("4.3/2", "PRIORITY within a block of headers",
         lambda t: t.head(1, end_headers=False) + priority(1) + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("4.3/3", "HEADERS of another stream within a block of headers",
         lambda t: t.head(1, end_headers=False) + t.head(3) + continuation(1, MORE), connection_error(PROTOCOL_ERROR)),
    Case("4.3/4", "a block cut in the middle of a field", lambda t: headers(1, block(t.fields)[:-3], end_stream=False),
         connection_error(COMPRESSION_ERROR)),
    Case("4.3/5", "an empty block", lambda t: headers(1, b""), stream_error(1, PROTOCOL_ERROR)),
]  # fmt: skip

DATA_FRAMES = [
    Case("6.1/1", "DATA on stream 0", lambda t: data(0, b"test", True), connection_error(PROTOCOL_ERROR)),
    Case("6.1/2", "DATA on a stream that is half closed", lambda t: t.head(1, end_stream=True) + data(1, b"test", True),
         stream_error(1, STREAM_CLOSED)),
    Case("6.1/3", "DATA with more padding than payload", lambda t: t.head(1) + data(1, b"\x06Test", True, PADDED),
         connection_error(PROTOCOL_ERROR)),
    Case("6.1/4", "DATA with as much padding as payload", lambda t: t.head(1) + data(1, b"\x05Test", True, PADDED),
         connection_error(PROTOCOL_ERROR)),
    Case("6.1/5", "DATA with padding announced and no payload", lambda t: t.head(1) + data(1, b"", True, PADDED),
         connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    Case("6.1/6", "DATA of padding alone",
         lambda t: t.head(1) + data(1, b"\x06" + bytes(6), flags=PADDED) + data(1, t.content, True), right(1)),
    Case("6.1/7", "DATA without content", lambda t: t.head(1) + data(1) + data(1, t.content, True), right(1)),
]  # fmt: skip

HEADERS_FRAMES = [
    Case("6.2/1", "PRIORITY where CONTINUATION is due",
         lambda t: t.head(1, end_headers=False) + priority(1) + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("6.2/2", "HEADERS of another stream where CONTINUATION is due",
         lambda t: t.head(1, end_headers=False) + t.head(3) + continuation(1, MORE), connection_error(PROTOCOL_ERROR)),
    Case("6.2/3", "HEADERS on stream 0", lambda t: t.head(0), connection_error(PROTOCOL_ERROR)),
    Case("6.2/4", "HEADERS with more padding than payload",
         lambda t: headers(1, block(t.fields[:2]), flags=PADDED, before=b"\xff"), connection_error(PROTOCOL_ERROR)),
    Case("6.2/5", "HEADERS with padding announced and no payload", lambda t: headers(1, b"", flags=PADDED),
         connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    Case("6.2/6", "HEADERS with a priority that is cut", lambda t: headers(1, b"\x00\x00", flags=HAS_PRIORITY),
         connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    Case("6.2/7", "HEADERS with padding that reaches into the priority",
         lambda t: headers(1, b"", flags=PADDED | HAS_PRIORITY, before=b"\x03" + priority_fields()),
         connection_error(PROTOCOL_ERROR, FRAME_SIZE_ERROR)),
    Case("6.2/8", "HEADERS with padding and priority",
         lambda t: t.head(1, flags=PADDED | HAS_PRIORITY, before=b"\x03" + priority_fields(0, 1, True), after=bytes(3))
         + data(1, t.content, True), right(1)),
]  # fmt: skip

PRIORITY_AND_RESET = [
    Case("6.3/1", "PRIORITY on stream 0", lambda t: priority(0), connection_error(PROTOCOL_ERROR)),
    # An error of the stream; but it is idle, and 6.4 forbids to reset it.
    Case("6.3/2", "PRIORITY of four bytes", lambda t: frame(PRIORITY, 0, 1, bytes(4)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.3/3", "PRIORITY of six bytes on an open stream", lambda t: t.head(1) + frame(PRIORITY, 0, 1, bytes(6)),
         stream_error(1, FRAME_SIZE_ERROR)),
    Case("6.4/1", "RST_STREAM on stream 0", lambda t: reset(0), connection_error(PROTOCOL_ERROR)),
    Case("6.4/2", "RST_STREAM on an idle stream", lambda t: reset(1), connection_error(PROTOCOL_ERROR)),
    Case("6.4/3", "RST_STREAM of three bytes", lambda t: t.head(1) + frame(RST_STREAM, 0, 1, bytes(3)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.4/4", "RST_STREAM of five bytes", lambda t: t.head(1) + frame(RST_STREAM, 0, 1, bytes(5)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.4/5", "RST_STREAM twice", lambda t: t.head(1) + reset(1) + reset(1), ignored),
]  # fmt: skip

SETTINGS_FRAMES = [
    Case("6.5/1", "an acknowledgement with a payload", lambda t: frame(SETTINGS, ACK, 0, bytes(6)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.5/2", "SETTINGS on stream 1", lambda t: frame(SETTINGS, 0, 1), connection_error(PROTOCOL_ERROR)),
    Case("6.5/3", "SETTINGS of three bytes", lambda t: frame(SETTINGS, 0, 0, bytes(3)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.5/4", "SETTINGS of seven bytes", lambda t: frame(SETTINGS, 0, 0, bytes(7)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.5.2/1", "ENABLE_PUSH of 2", lambda t: settings((ENABLE_PUSH, 2)), connection_error(PROTOCOL_ERROR)),
    Case("6.5.2/2", "INITIAL_WINDOW_SIZE of 2^31", lambda t: settings((INITIAL_WINDOW_SIZE, 1 << 31)),
         connection_error(FLOW_CONTROL_ERROR)),
    Case("6.5.2/3", "MAX_FRAME_SIZE of 16383", lambda t: settings((MAX_FRAME_SIZE, 16383)),
         connection_error(PROTOCOL_ERROR)),
    Case("6.5.2/4", "MAX_FRAME_SIZE of 2^24", lambda t: settings((MAX_FRAME_SIZE, 1 << 24)),
         connection_error(PROTOCOL_ERROR)),
    Case("6.5.2/5", "an unknown setting", lambda t: settings((0xFF, 1)), acknowledged),
    Case("6.5.2/6", "HEADER_TABLE_SIZE of 2^32-1", lambda t: settings((HEADER_TABLE_SIZE, 0xFFFFFFFF)), acknowledged),
    Case("6.5.2/7", "HEADER_TABLE_SIZE of 0", lambda t: settings((HEADER_TABLE_SIZE, 0)), acknowledged),
    Case("6.5.2/8", "ENABLE_PUSH of 1, and of 0", lambda t: settings((ENABLE_PUSH, 1), (ENABLE_PUSH, 0)), acknowledged),
    Case("6.5.3/2", "SETTINGS are acknowledged", lambda t: settings((ENABLE_PUSH, 0)), acknowledged),
]  # fmt: skip

CONNECTION_FRAMES = [
    Case("6.6/1", "PUSH_PROMISE from a client, with a stream's number",
         lambda t: t.head(1) + frame(5, END_HEADERS, 1, b"\x00\x00\x00\x02" + block(t.fields)),
         connection_error(PROTOCOL_ERROR)),
    Case("6.7/1", "PING", lambda t: ping(), pongs),
    Case("6.7/2", "PING with ACK", lambda t: ping(ack=True), no_pong),
    Case("6.7/3", "PING on stream 1", lambda t: frame(PING, 0, 1, bytes(8)), connection_error(PROTOCOL_ERROR)),
    Case("6.7/4", "PING of six bytes", lambda t: frame(PING, 0, 0, bytes(6)), connection_error(FRAME_SIZE_ERROR)),
    Case("6.7/5", "PING of nine bytes", lambda t: frame(PING, 0, 0, bytes(9)), connection_error(FRAME_SIZE_ERROR)),
    Case("6.8/1", "GOAWAY on stream 1", lambda t: goaway(stream=1), connection_error(PROTOCOL_ERROR)),
    Case("6.8/2", "GOAWAY of seven bytes", lambda t: frame(GOAWAY, 0, 0, bytes(7)), connection_error(FRAME_SIZE_ERROR)),
    Case("6.9/1", "WINDOW_UPDATE of 0", lambda t: window_update(0, 0), connection_error(PROTOCOL_ERROR)),
    Case("6.9/2", "WINDOW_UPDATE of 0 on a stream", lambda t: t.head(1) + window_update(1, 0),
         stream_error(1, PROTOCOL_ERROR)),
    Case("6.9/3", "WINDOW_UPDATE of three bytes", lambda t: frame(WINDOW_UPDATE, 0, 0, bytes(3)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.9/4", "WINDOW_UPDATE of five bytes on a stream", lambda t: t.head(1) + frame(WINDOW_UPDATE, 0, 1, bytes(5)),
         connection_error(FRAME_SIZE_ERROR)),
    Case("6.9/5", "WINDOW_UPDATE with the reserved bit", lambda t: window_update(0, 1 << 31 | 1), ignored),
    Case("6.9.1/2", "a window of the connection above 2^31-1", lambda t: window_update(0, WINDOW) * 2,
         connection_error(FLOW_CONTROL_ERROR)),
    Case("6.9.1/3", "a window of a stream above 2^31-1", lambda t: t.head(1) + window_update(1, WINDOW) * 2,
         stream_error(1, FLOW_CONTROL_ERROR)),
    Case("6.9.2/3", "INITIAL_WINDOW_SIZE above 2^31-1", lambda t: settings((INITIAL_WINDOW_SIZE, 0xFFFFFFFF)),
         connection_error(FLOW_CONTROL_ERROR)),
    Case("6.9.2/4", "INITIAL_WINDOW_SIZE that makes an open stream's window too large",
         lambda t: t.head(1) + window_update(1, WINDOW - DEFAULT_WINDOW) + settings((INITIAL_WINDOW_SIZE, 70_000)),
         connection_error(FLOW_CONTROL_ERROR)),
]  # fmt: skip

CONTINUATION_FRAMES = [
    Case("6.10/1", "two CONTINUATION after HEADERS",
         lambda t: t.head(1, end_headers=False) + continuation(1, MORE, end_headers=False) + continuation(1, MORE)
         + data(1, t.content, True), right(1)),
    Case("6.10/2", "DATA after CONTINUATION that does not end the block",
         lambda t: t.head(1, end_headers=False) + continuation(1, MORE, end_headers=False) + data(1, b"test", True),
         connection_error(PROTOCOL_ERROR)),
    Case("6.10/3", "CONTINUATION on stream 0", lambda t: t.head(1, end_headers=False) + continuation(0, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("6.10/4", "CONTINUATION after HEADERS that end the block", lambda t: t.head(1) + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("6.10/5", "CONTINUATION after CONTINUATION that ends the block",
         lambda t: t.head(1, end_headers=False) + continuation(1, MORE) + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("6.10/6", "CONTINUATION after DATA", lambda t: t.head(1) + data(1, b"test") + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("6.10/7", "CONTINUATION without content",
         lambda t: t.head(1, end_headers=False) + continuation(1, b"", False) + continuation(1, b"")
         + data(1, t.content, True), right(1)),
    Case("6.10/8", "an unknown frame within a block of headers",
         lambda t: t.head(1, end_headers=False) + frame(0x16, 0, 1, bytes(8)) + continuation(1, MORE),
         connection_error(PROTOCOL_ERROR)),
    Case("6.10/9", "CONTINUATION of another stream", lambda t: t.head(1, end_headers=False) + continuation(3, MORE),
         connection_error(PROTOCOL_ERROR)),
]  # fmt: skip

ERROR_CODES = [
    Case("7/1", "GOAWAY with an unknown code", lambda t: goaway(0xFF), lambda t, c: c.quiet()),
    Case("7/2", "RST_STREAM with an unknown code", lambda t: t.head(1) + reset(1, 0xFF), ignored),
]  # fmt: skip

CASES = [
    *FORM, *DATA_FRAMES, *HEADERS_FRAMES, *PRIORITY_AND_RESET, *SETTINGS_FRAMES, *CONNECTION_FRAMES,
    *CONTINUATION_FRAMES, *ERROR_CODES,
]  # fmt: skip


@pytest.mark.parametrize("case", parameters(CASES))
def test_frames(target, case):
    hold(target, case)


# 6.5, 6.9: what the client lets come


def answer_of(target, connection, stream):
    connection.send(target.request(stream))
    came = connection.streams[stream]
    assert connection.wait(lambda: came.headers is not None), str(connection)
    connection.quiet(0.1)
    return came


def test_6_5_3_1_settings_are_taken_in_their_order(target):
    with target.connect((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)) as connection:
        assert answer_of(target, connection.ready(), 1).parts == [1]


def test_6_9_1_1_a_window_of_one_lets_one_byte_come(target):
    with target.connect((INITIAL_WINDOW_SIZE, 1)) as connection:
        came = answer_of(target, connection.ready(), 1)
        assert came.parts == [1] and not came.ended
        for sent in range(2, 6):
            connection.send(window_update(1, 1))
            assert connection.wait(lambda: len(came.parts) == sent)
        connection.send(window_update(1, 1000))
        assert target.is_right(connection.answer(1))


def test_6_9_2_1_a_larger_window_opens_the_streams_there_are(target):
    with target.connect((INITIAL_WINDOW_SIZE, 0)) as connection:
        came = answer_of(target, connection.ready(), 1)
        assert not came.parts
        connection.send(settings((INITIAL_WINDOW_SIZE, 1)))
        assert connection.wait(lambda: came.parts == [1]), str(came)


def test_6_9_2_2_a_window_may_become_negative(target):
    with target.connect((INITIAL_WINDOW_SIZE, 3)) as connection:
        came = answer_of(target, connection.ready(), 1)
        assert came.parts == [3]
        # The window is 2 - 3 then, and one byte more than none opens it.
        connection.send(settings((INITIAL_WINDOW_SIZE, 2)))
        connection.send(window_update(1, 1))
        connection.quiet(0.1)
        assert came.parts == [3], "sent into a window that is not there"
        connection.send(window_update(1, 1))
        assert connection.wait(lambda: came.parts == [3, 1])
        connection.send(settings((INITIAL_WINDOW_SIZE, 10_000)))
        assert target.is_right(connection.answer(1))


def test_6_9_3_the_connections_window_holds_back_all_streams(target):
    """Left of it: as many bytes as an answer has, so that the last of three waits."""
    with target.connect() as wide:
        length = len(answer_of(target, wide, 1).body)
    with Connection(target.address, tls=target.tls, window=DEFAULT_WINDOW) as connection:
        connection.ready()
        streams = range(1, 2 * (DEFAULT_WINDOW // length + 20), 2)
        for stream in streams:
            connection.send(target.request(stream))
        connection.quiet(1)
        got = sum(len(connection.streams[stream].body) for stream in streams)
        assert got == DEFAULT_WINDOW, f"{got} bytes came"
        connection.send(window_update(0, 1 << 20))
        for stream in streams:
            assert target.is_right(connection.answer(stream)), stream


def test_6_9_4_the_server_gives_the_window_back(target):
    """More than it lets come at first, on one stream and in all."""
    with target.connect() as connection:
        connection.ready()
        left = connection.settings.get(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW)
        first = min(left, DEFAULT_WINDOW + connection.window_updates[0])
        connection.send(target.head(1))
        for _ in range(first // 16384):
            connection.send(data(1, bytes(16384)))
        assert connection.wait(lambda: connection.window_updates[0] or connection.streams[1].is_over), str(connection)
        connection.send(reset(1))
        target.assert_serves(connection, 3)


def test_answered_is_checked(target):
    """The table's own check: a request of nonsense is not `answered`."""
    with target.connect() as connection:
        connection.send(target.head(1, (":path", "")))
        with pytest.raises(AssertionError):
            answered(1)(target, connection)
