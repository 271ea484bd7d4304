# SPDX-License-Identifier: Apache-2.0
"""What every server of HTTP/2 understands: h2spec's generic cases."""

import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from http2_spec import Case, answered, hold, ignored, parameters, right
from http2_wire import (
    HAS_PRIORITY,
    HEADER_TABLE_SIZE,
    PADDED,
    PING,
    block,
    continuation,
    data,
    goaway,
    headers,
    integer,
    ping,
    priority,
    priority_fields,
    request_fields,
    reset,
    settings,
    text,
    window_update,
)

HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
WITH_INDEXING, WITHOUT_INDEXING, NEVER_INDEXED = 0x40, 0x00, 0x10
# Places in HPACK's static table.
USER_AGENT = 58


def huffman(value):
    coded = HUFFMAN.encode(value.encode())
    return integer(len(coded), 7, 0x80) + coded


def ended(stream=1):
    """A request without a body, whose stream is half closed when it has come."""
    return lambda target: target.short(stream)


def with_field(representation):
    """A good request with one more field, in a representation of the test's choice."""
    return lambda target: split_request(target, lambda encoded: [encoded + representation])


def split_request(target, split, stream=1):
    """A good request whose block of headers is cut into parts: HEADERS, and as many CONTINUATION as there are."""
    encoded = block(target.fields)
    parts = split(encoded)
    frames = [headers(stream, parts[0], end_stream=False, end_headers=len(parts) == 1)]
    frames += [continuation(stream, part, end_headers=index == len(parts) - 2) for index, part in enumerate(parts[1:])]
    return b"".join(frames) + data(stream, target.content, end_stream=True)


def pongs(target, connection):
    assert connection.wait(lambda: connection.pongs == [b"12345678"]), str(connection)
    assert connection.frames[PING] == 1


def acknowledged(target, connection):
    # The first was that of the connection's own settings.
    assert connection.wait(lambda: connection.settings_acks == 2), str(connection)
    ignored(target, connection)


def goes_on_or_ends(target, connection):
    """After GOAWAY from a client a server may still answer, and ends the connection when it likes."""
    connection.quiet()
    assert not connection.goaway_code, str(connection)


def indexed_name(first, bits, value, code):
    return integer(USER_AGENT, bits, first) + code(value)


def new_name(first, value, code):
    return bytes([first]) + code("x-test") + code(value)


HPACK = [
    Case("g5/1", "an indexed field", with_field(b"\x8f"), right(1)),
    *(
        Case(f"g5/{number}", f"a literal {kind}, {name}, {'with' if code is huffman else 'without'} Huffman coding",
             with_field(new_name(first, "h2", code) if name == "new name" else indexed_name(first, bits, "h2", code)),
             right(1))
        for number, (kind, first, bits, name, code) in enumerate(
            [
                (kind, first, bits, name, code)
                for kind, first, bits in [
                    ("with indexing", WITH_INDEXING, 6),
                    ("without indexing", WITHOUT_INDEXING, 4),
                    ("never indexed", NEVER_INDEXED, 4),
                ]
                for name in ["indexed name", "new name"]
                for code in [text, huffman]
            ],
            start=2,
        )
    ),
    Case("g5/14", "an update of the table's size", lambda t: split_request(t, lambda e: [b"\x20" + e]), right(1)),
    Case("g5/15", "two updates of the table's size",
         lambda t: split_request(t, lambda e: [b"\x20" + integer(4096, 5, 0x20) + e]), right(1)),
]  # fmt: skip

CASES = [
    Case("g1/1", "the preface", ended(), answered(1)),
    # 2: states of streams
    Case("g2/1", "PRIORITY on an idle stream", lambda t: priority(1) + t.short(1), answered(1)),
    Case("g2/2", "WINDOW_UPDATE on a half-closed stream", lambda t: t.short(1) + window_update(1, 100), answered(1)),
    Case("g2/3", "PRIORITY on a half-closed stream", lambda t: t.short(1) + priority(1, weight=256), answered(1)),
    # It may have been answered by then.
    Case("g2/4", "RST_STREAM on a half-closed stream", lambda t: t.short(1) + reset(1), ignored),
    Case("g2/5", "PRIORITY on a closed stream", lambda t: t.request(1) + reset(1) + priority(1), ignored),
    # 3: frames
    Case("g3.1/1", "DATA", lambda t: t.request(1), right(1)),
    Case("g3.1/2", "DATA in two", lambda t: t.head(1) + data(1, t.content[:3]) + data(1, t.content[3:], True),
        right(1)),
    Case("g3.1/3", "DATA with padding",
         lambda t: t.head(1) + data(1, b"\x06" + t.content + bytes(6), True, PADDED), right(1)),
    Case("g3.2/1", "HEADERS", ended(), answered(1)),
    Case("g3.2/2", "HEADERS with padding",
         lambda t: t.head(1, flags=PADDED, before=b"\x05", after=bytes(5)) + data(1, t.content, True), right(1)),
    Case("g3.2/3", "HEADERS with priority",
         lambda t: t.head(1, flags=HAS_PRIORITY, before=priority_fields(0, 256)) + data(1, t.content, True), right(1)),
    Case("g3.3/1", "PRIORITY 1", lambda t: priority(1, weight=1) + t.short(1), answered(1)),
    Case("g3.3/2", "PRIORITY 256", lambda t: priority(1, weight=256) + t.short(1), answered(1)),
    Case("g3.3/3", "PRIORITY with a dependency", lambda t: priority(1, depends_on=3) + t.short(1), answered(1)),
    Case("g3.3/4", "PRIORITY, exclusive", lambda t: priority(1, 3, exclusive=True) + t.short(1), answered(1)),
    Case("g3.3/5", "PRIORITY for an idle stream, then HEADERS for a lower one",
         lambda t: priority(5, depends_on=3) + t.short(3), answered(3)),
    Case("g3.4/1", "RST_STREAM", lambda t: t.head(1) + reset(1), ignored),
    Case("g3.5/1", "SETTINGS", lambda t: settings((HEADER_TABLE_SIZE, 4096)), acknowledged),
    Case("g3.7/1", "PING", lambda t: ping(), pongs),
    Case("g3.8/1", "GOAWAY", lambda t: goaway(), goes_on_or_ends),
    Case("g3.9/1", "WINDOW_UPDATE of the connection", lambda t: window_update(0, 1) + t.short(1), answered(1)),
    Case("g3.9/2", "WINDOW_UPDATE of a stream", lambda t: t.head(1) + window_update(1, 1) + data(1, t.content, True),
         right(1)),
    Case("g3.10/1", "one CONTINUATION", lambda t: split_request(t, lambda e: [e[:9], e[9:]]), right(1)),
    Case("g3.10/2", "three CONTINUATION",
         lambda t: split_request(t, lambda e: [e[:3], e[3:9], e[9:20], e[20:]]), right(1)),
    *HPACK,
]  # fmt: skip


@pytest.mark.parametrize("case", parameters(CASES))
def test_what_every_server_understands(target, case):
    hold(target, case)


# g4: whole exchanges, on the ways that have them


def rest_only(target):
    if target.path is None:
        pytest.skip("gRPC has one kind of request, which the other cases send")


def test_g4_1_get(target):
    rest_only(target)
    with target.connect() as connection:
        connection.send(target.short(1))
        came = connection.answer(1)
        assert came.status == 200 and came.body


def test_g4_2_head_has_no_body(target):
    rest_only(target)
    with target.connect() as connection:
        connection.send(headers(1, request_fields("HEAD", target.path)))
        came = connection.answer(1)
        assert came.status in (200, 405) and not came.body, str(came)


def test_g4_3_post(target):
    with target.connect() as connection:
        target.assert_serves(connection, 1)


def test_g4_4_post_with_trailers(target):
    with target.connect() as connection:
        connection.send(target.head(1), data(1, target.content), headers(1, [("x-trailer", "yes")]))
        assert target.is_right(connection.answer(1)), str(connection.streams[1])
