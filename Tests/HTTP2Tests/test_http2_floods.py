# SPDX-License-Identifier: Apache-2.0
"""Floods: the server says that it is enough, or closes, or stops reading; its memory stays where it is, and those
beside are answered as ever."""

import time

import pytest
from floods import FLOOD_PER_SECOND, MIB, ask_wide, beside, connect, flood, repeated, streams
from grpc_wire import message
from http2_spec import answered
from http2_targets import grpc, rest
from http2_wire import (
    HEADER_TABLE_SIZE,
    INITIAL_WINDOW_SIZE,
    MAX_CONCURRENT_STREAMS,
    PADDED,
    SETTINGS_ACK,
    WINDOW,
    block,
    continuation,
    data,
    frame,
    goaway,
    headers,
    integer,
    literal,
    ping,
    priority,
    reset,
    settings,
    window_update,
)
from program import SOAK

MANY = 1_000_000 if SOAK else 200_000
FEWER = 200_000 if SOAK else 60_000
# As without `serve --body-limit`.
BODY_LIMIT = 64 * MIB
ENDED = {"calm", "refused", "closed"}


@pytest.fixture(params=["rest", "grpc-port"])
def way(request, flooded):
    """-> (server, port of gRPC, the target that is flooded)"""
    server, port = flooded
    target = rest("rest", ("127.0.0.1", server.port)) if request.param == "rest" else grpc("grpc", ("127.0.0.1", port))
    return server, port, target


def hold(way, chunks, outcomes, reads=True, first=b"", count=0):
    """`count` frames or streams: those that were too slow to be a flood may be served to their end."""
    server, port, target = way
    with beside(server, port), target.connect() as connection:
        connection.ready()
        connection.send(first)
        began = time.monotonic()
        outcome = flood(connection, chunks(target), reads)
        is_slow = count / (time.monotonic() - began) < FLOOD_PER_SECOND
    assert outcome in outcomes or outcome == "served" and is_slow, f"{outcome}: {connection}"
    return connection


# Streams that are begun for nothing


def test_rapid_reset(way):
    """CVE-2023-44487. Requests that are answered before their reset is seen are as good as others."""
    count = FEWER // 3
    connection = hold(way, lambda t: streams(lambda s: t.request(s) + reset(s), count), {"calm", "served"})
    if not connection.goaways:
        assert sum(way[2].is_right(came) for came in connection.streams.values()) > count // 5


def test_rapid_reset_before_the_request_is_whole(way):
    hold(way, lambda t: streams(lambda s: t.head(s) + reset(s), FEWER), {"calm"}, count=FEWER)


@pytest.mark.parametrize(
    "fault",
    [
        lambda s: window_update(s, 0),
        lambda s: window_update(s, WINDOW),
        lambda s: frame(2, 0, s, bytes(4)),
        lambda s: headers(s, [(":status", "200")]),
    ],
    ids=["window update of 0", "window overflow", "PRIORITY of four bytes", "wrong trailers"],
)
def test_made_you_reset(way, fault):
    """CVE-2025-8671: the server resets the streams, because of frames that are wrong."""
    hold(way, lambda t: streams(lambda s: t.head(s) + fault(s), FEWER), {"calm"}, count=FEWER)


def test_malformed_requests_without_end(way):
    hold(way, lambda t: streams(lambda s: t.head(s, ("X", "y"), end_stream=True), FEWER), {"calm"}, count=FEWER)


def test_streams_beyond_the_limit_without_end(way):
    """Each of them is refused, and the ones that are open stay so."""
    hold(way, lambda t: streams(lambda s: t.head(s), FEWER), {"calm"}, count=FEWER)


# Frames that have to be answered, or looked at


@pytest.mark.parametrize("reads", [True, False], ids=["read", "unread"])
@pytest.mark.parametrize(
    "piece",
    [ping(), settings(), settings((INITIAL_WINDOW_SIZE, 70_000)), settings((HEADER_TABLE_SIZE, 0))],
    ids=["PING", "SETTINGS", "SETTINGS of windows", "SETTINGS of tables"],
)
def test_frames_that_have_to_be_answered(way, piece, reads):
    hold(way, lambda _: repeated(piece, MANY), ENDED | {"blocked"} if not reads else {"calm"}, reads, count=MANY)


def test_settings_that_change_the_windows_of_many_streams(way):
    pair = settings((INITIAL_WINDOW_SIZE, 1)) + settings((INITIAL_WINDOW_SIZE, 70_000))
    first = b"".join(way[2].head(2 * index + 1) for index in range(200))
    hold(way, lambda _: repeated(pair, MANY), {"calm"}, first=first, count=2 * MANY)


def test_settings_full_of_entries(way):
    """16 KiB of them in each frame."""
    hold(way, lambda _: repeated(settings(*[(0xF000, 1)] * 2730), 5000, 50), {"calm", "refused"})


NOTHING = {
    "PRIORITY": lambda: priority(1, 3),
    "WINDOW_UPDATE": lambda: window_update(0, 1),
    "unknown": lambda: frame(0x16, 0, 0, b"x"),
    "PING ACK": lambda: ping(ack=True),
    "SETTINGS ACK": lambda: SETTINGS_ACK,
    "GOAWAY": lambda: goaway(),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_frames_that_mean_nothing(way, kind):
    hold(way, lambda _: repeated(NOTHING[kind](), MANY), ENDED, count=MANY)


ON_A_STREAM = {
    "DATA without content": lambda s: data(s),
    "DATA of padding": lambda s: data(s, b"\x00", flags=PADDED),
    "WINDOW_UPDATE of 1": lambda s: window_update(s, 1),
    "PRIORITY": lambda s: priority(s, 3),
}


@pytest.mark.parametrize("kind", ON_A_STREAM)
def test_frames_on_a_stream_that_mean_nothing(way, kind):
    hold(way, lambda _: repeated(ON_A_STREAM[kind](1), MANY), ENDED, first=way[2].head(1), count=MANY)


def test_frames_for_a_stream_that_is_gone(way):
    """They may have been under way; two hundred thousand were not."""
    first = way[2].request(1) + reset(1)
    hold(way, lambda _: repeated(reset(1) + window_update(1, 1), MANY), ENDED, first=first, count=MANY)


# Headers


def test_continuation_without_end(way):
    """CVE-2024-27316: 160 MB of a block of headers that does not end."""
    first = headers(1, block([("x-start", "1")]), end_headers=False)
    piece = continuation(1, literal("x-more", "a" * 16000), end_headers=False)
    hold(way, lambda _: repeated(piece, 10_000, 1), ENDED, first=first)


@pytest.mark.parametrize("content", [b"", b"\x00", literal("a", "b", 0x40)], ids=["empty", "a byte", "a field"])
def test_small_continuations_without_end(way, content):
    first = headers(1, b"", end_headers=False)
    hold(way, lambda _: repeated(continuation(1, content, end_headers=False), MANY), ENDED, first=first, count=MANY)


def too_large(connection, target, stream=1):
    """431, or what gRPC has for it, or an error; and what was good before goes on, unless the connection ends."""
    came = connection.streams[stream]
    assert connection.wait(lambda: came.is_over or connection.goaway_code), f"{came}; {connection}"
    if connection.goaway_code:
        assert connection.ends()
        return
    if came.headers is not None:
        assert came.status == 431 or came.header("grpc-status") in ("8", "13"), str(came)
    target.assert_serves(connection, stream + 2)


BOMBS = {
    # One entry of the dynamic table, 4 KB, named by one byte each: a frame of 16 KiB would be 64 MB.
    "one entry, often": lambda: literal("x", "a" * 4000, 0x40) + integer(62, 7, 0x80) * 12_000,
    "a name, often": lambda: literal("x" * 4000, "a", 0x40) + (integer(62, 4) + b"\x00") * 6000,
    "one large field": lambda: literal("x", "a" * 20_000),
    "many small fields": lambda: b"".join(literal(f"x{index}", "") for index in range(3000)),
    "many fields of the static table": lambda: integer(16, 7, 0x80) * 16_000,
    "cookies": lambda: literal("cookie", "a=b", 0x40) + integer(62, 7, 0x80) * 5000,
    "entries that drive out each other": lambda: b"".join(literal("x", "a" * 100, 0x40) for _ in range(140)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_lists_of_headers_beyond_the_limit(way, kind):
    server, port, target = way
    with beside(server, port):
        for _ in range(20):
            with target.connect() as connection:
                connection.ready()
                encoded = block(target.fields) + BOMBS[kind]()
                parts = [encoded[start : start + 16384] for start in range(0, len(encoded), 16384)]
                frames = [headers(1, parts[0], True, len(parts) == 1)]
                frames += [continuation(1, part, part is parts[-1]) for part in parts[1:]]
                connection.send(*frames)
                too_large(connection, target)


def test_lists_of_headers_beyond_the_limit_on_one_connection(way):
    """Where the stream alone is refused, the next may try again; not for ever."""
    bomb = literal("x", "a" * 4000, 0x40) + integer(62, 7, 0x80) * 10

    def chunks(target):
        return streams(lambda s: headers(s, block(target.fields) + bomb), FEWER, at_a_time=20)

    server, port, target = way
    with beside(server, port), target.connect() as connection:
        connection.ready()
        outcome = flood(connection, chunks(target))
    assert outcome in ENDED | {"served"}


def test_trailers_beyond_the_limit(way):
    server, port, target = way
    with beside(server, port), target.connect() as connection:
        connection.ready()
        connection.send(target.head(1), data(1, target.content))
        connection.send(headers(1, [("x", "a" * 16_000)], end_headers=False))
        for _ in range(4):
            connection.send(continuation(1, [("x", "a" * 16_000)], end_headers=False))
        connection.send(continuation(1, []))
        came = connection.streams[1]
        assert connection.wait(lambda: came.is_over or connection.goaway_code), f"{came}; {connection}"
        assert not target.is_right(came)


# Windows


@pytest.fixture
def grpc_way(flooded):
    server, port = flooded
    return server, port, grpc("grpc", ("127.0.0.1", port))


def test_answers_that_nobody_lets_come(grpc_way):
    """400 MiB of answers to a client with windows of 0: what is held is bounded, and the rest is refused or waits."""
    server, port, target = grpc_way
    with beside(server, port, growth=100 * MIB), target.connect((INITIAL_WINDOW_SIZE, 0)) as connection:
        connection.ready()
        outcome = flood(connection, streams(lambda s: ask_wide(target, s), 400, at_a_time=1))
        assert outcome in ENDED | {"served"}
        held = server.resident_bytes()
    # The client is gone, and so is what waited for it.
    with beside(server, port) as after:
        pass
    assert after.peak < held or held - after.before < 8 * MIB


def test_answers_that_nobody_reads(grpc_way):
    """The windows are wide, and the socket is full."""
    server, port, target = grpc_way
    with (
        beside(server, port, growth=100 * MIB),
        target.connect((INITIAL_WINDOW_SIZE, WINDOW), receive_buffer=4096) as c,
    ):
        outcome = flood(c, streams(lambda s: ask_wide(target, s), 400, at_a_time=1), reads=False, patience=2)
        assert outcome in ENDED | {"served", "blocked"}


def test_an_answer_byte_by_byte(grpc_way):
    """A window of one byte at a time: the server takes part for a while, or says that it is enough."""
    server, port, target = grpc_way
    with beside(server, port), target.connect((INITIAL_WINDOW_SIZE, 0)) as connection:
        connection.ready()
        connection.send(ask_wide(target, 1))
        outcome = flood(connection, repeated(window_update(1, 1), FEWER, 100))
        assert outcome in {"calm", "served"}
        assert len(connection.streams[1].body) <= FEWER


def test_a_body_beyond_the_limit(way):
    """It is refused when the limit is passed, and not kept beyond it: 64 MiB."""
    server, port, target = way
    with beside(server, port, growth=100 * MIB), target.connect() as connection:
        connection.ready()
        # For gRPC the length of a message, and for REST nothing of interest.
        connection.send(target.head(1), data(1, message(b"", length=BODY_LIMIT + MIB)))
        outcome = flood(connection, (data(1, bytes(16384)) * 16 for _ in range(80 * MIB // 16384 // 16)))
        came = connection.streams[1]
        assert outcome in ENDED or came.is_over, f"{outcome}; {came}; {connection}"
        assert came.status in (None, 413) or came.header("grpc-status") == "8", str(came)


# Clients that do much, and mean it


def test_who_gives_up_often_and_asks_as_often_is_served(way):
    """Short deadlines: 5000 requests, every other of them reset. Not a flood."""
    server, port, target = way
    with beside(server, port), target.connect() as connection:
        connection.ready()
        for start in range(0, 5000, 100):
            numbers = [2 * index + 1 for index in range(start, start + 100)]
            connection.send(*(target.request(number) for number in numbers))
            connection.send(*(reset(number) for number in numbers[::2]))
            for number in numbers[1::2]:
                assert target.is_right(connection.answer(number)), str(connection)
            for number in numbers:
                connection.streams.pop(number, None)
        assert not connection.goaways


def test_who_gives_up_on_all_at_once_is_served(way):
    server, port, target = way
    with target.connect() as connection:
        connection.ready()
        limit = connection.settings[MAX_CONCURRENT_STREAMS]
        for turn in range(5):
            numbers = [2 * index + 1 for index in range(turn * limit, (turn + 1) * limit)]
            connection.send(*(target.head(number) for number in numbers), *(reset(number) for number in numbers))
        target.assert_serves(connection, 2 * 5 * limit + 1)


def test_who_pings_between_requests_is_served(way):
    """As gRPC clients do to measure the bandwidth."""
    server, port, target = way
    with target.connect() as connection:
        connection.ready()
        for index in range(500):
            connection.send(
                ping(), target.request(2 * index + 1), window_update(0, 1) if index % 2 else ping(b"abcdefgh")
            )
            assert target.is_right(connection.answer(2 * index + 1))
        assert not connection.goaways


# Many connections


def test_ten_thousand_streams_that_are_never_finished(way):
    server, port, target = way
    connections = []
    try:
        with beside(server, port, growth=40 * MIB):
            for _ in range(40):
                connection = target.connect()
                connections.append(connection)
                connection.ready()
                connection.send(*(target.head(2 * index + 1) + data(2 * index + 1, b"x") for index in range(250)))
                assert not connection.goaways
            answered_still = connections[0]
            answered_still.send(target.request(501))
            assert target.is_right(answered_still.answer(501))
    finally:
        for connection in connections:
            connection.socket.close()
    with beside(server, port):
        pass


def test_a_thousand_connections_that_come_and_go(way):
    server, port, target = way
    descriptors = server.descriptor_count()
    with beside(server, port):
        for index in range(1000):
            with target.connect() as connection:
                connection.send(target.request(1) if index % 3 else target.head(1))
                if index % 2 and index % 3:
                    assert target.is_right(connection.answer(1))
    deadline = 50
    while server.descriptor_count() > descriptors + 2 and deadline:
        deadline -= 1
        connect(port).socket.close()
    assert server.descriptor_count() <= descriptors + 20


def test_outcomes_are_told_apart(way):
    """The harness's own check: no flood is served, and one wrong frame is refused."""
    _, _, target = way
    with target.connect() as connection:
        connection.ready()
        assert flood(connection, [target.request(1)]) == "served"
        answered(1)(target, connection)
    with target.connect() as connection:
        assert flood(connection, [frame(0, 0, 0)]) == "refused"
