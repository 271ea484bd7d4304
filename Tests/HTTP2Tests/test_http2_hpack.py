# SPDX-License-Identifier: Apache-2.0
"""Compressed fields: RFC 7541, as h2spec has it, and the ways to lie with integers, lengths and tables."""

import random

import pytest
from hpack import Encoder
from http2_spec import Case, connection_error, hold, parameters, right
from http2_wire import COMPRESSION_ERROR, HEADER_TABLE_SIZE, block, data, headers, integer, literal, settings, text
from program import SOAK

X_TEST = bytes.fromhex("85f2b24a84ff")


def appended(representation):
    """A good request's fields, and then this."""
    return lambda t: headers(1, block(t.fields) + representation, end_stream=False) + data(1, t.content, True)


def before(representation):
    return lambda t: headers(1, representation + block(t.fields), end_stream=False) + data(1, t.content, True)


FAILS = connection_error(COMPRESSION_ERROR)

CASES = [
    Case("2.3.3/1", "an index beyond both tables", appended(integer(70, 7, 0x80)), FAILS),
    Case("2.3.3/2", "a literal whose name's index is beyond both tables", appended(integer(70, 6, 0x40) + text("v")),
         FAILS),
    Case("2.3.3/3", "an index just beyond the static table", appended(integer(62, 7, 0x80)), FAILS),
    Case("2.3.3/4", "an index of 2^32", appended(integer(1 << 32, 7, 0x80)), FAILS),
    Case("2.3.3/5", "an index of 2^64 + 2", appended(integer((1 << 64) + 2, 7, 0x80)), FAILS),
    Case("4.2/1", "an update of the table's size behind a field", appended(b"\x20"), FAILS),
    Case("4.2/2", "an update of the table's size between fields",
         lambda t: headers(1, block(t.fields[:2]) + b"\x20" + block(t.fields[2:]), end_stream=False), FAILS),
    Case("5.1/1", "an integer that does not end", appended(b"\xff" + b"\x80" * 100), FAILS),
    Case("5.1/2", "an integer in more bytes than it needs", appended(b"\xff" + b"\x80" * 40 + b"\x00"), FAILS),
    Case("5.1/3", "an integer of 63 bits for a length", appended(b"\x00" + integer(1 << 63, 7) + b"x"), FAILS),
    Case("5.1/4", "an integer of 64 bits and more for a length", appended(b"\x00" + integer(1 << 70, 7) + b"x"), FAILS),
    Case("5.1/5", "an integer that is cut", appended(b"\xff\x80"), FAILS),
    Case("5.2/1", "Huffman coding with more than 7 bits of padding", appended(b"\x00" + X_TEST +
         bytes.fromhex("8449509fff")), FAILS),
    Case("5.2/2", "Huffman coding padded with zeros", appended(b"\x00" + X_TEST + bytes.fromhex("83495090")), FAILS),
    Case("5.2/3", "Huffman coding with the end of the string in it",
         appended(b"\x00" + X_TEST + bytes.fromhex("87fffffffd25427f")), FAILS),
    Case("5.2/4", "a length beyond the block", appended(b"\x00" + integer(100, 7) + b"short"), FAILS),
    Case("5.2/5", "a Huffman length beyond the block", appended(b"\x00" + integer(100, 7, 0x80) + b"\xff"), FAILS),
    Case("5.2/6", "a length and no value", appended(b"\x00" + text("x-test")), FAILS),
    Case("5.2/7", "a byte of padding alone", appended(b"\x00" + X_TEST + b"\x81\xff"), FAILS),
    Case("5.2/8", "an empty value, coded", appended(b"\x00" + X_TEST + b"\x80"), right(1)),
    Case("5.2/9", "the end of the string alone", appended(b"\x00" + X_TEST + b"\x84\xff\xff\xff\xff"), FAILS),
    Case("6.1/1", "an index of 0", appended(b"\x80"), FAILS),
    Case("6.3/1", "an update beyond the server's setting", before(integer(1 << 20, 5, 0x20)), FAILS),
    Case("6.3/2", "an update of 2^64", before(integer(1 << 64, 5, 0x20)), FAILS),
    Case("6.3/3", "an update to nothing and back", before(b"\x20" + integer(4096, 5, 0x20)), right(1)),
    Case("6.3/4", "an entry larger than the table empties it, and is no error",
         appended(literal("x-large", "a" * 5000, 0x40)), right(1)),
]  # fmt: skip


@pytest.mark.parametrize("case", parameters(CASES))
def test_hpack(target, case):
    hold(target, case)


def path_of(target):
    return dict(target.fields)[":path"]


def with_path(target, representation):
    """A request whose path is written in this way, all else as literals."""
    rest = [pair for pair in target.fields if pair[0] != ":path"]
    pseudo, regular = rest[:3], rest[3:]
    return block(pseudo) + representation + block(regular)


def ask(target, connection, stream, encoded):
    connection.send(headers(stream, encoded, end_stream=False), data(stream, target.content, True))
    return connection.answer(stream)


def is_elsewhere(came):
    """The answer of a path that is not there."""
    return came.status == 404 or came.header("grpc-status") == "12"


def test_entries_are_found_at_their_places_and_leave_in_their_order(target):
    """The path itself is what the dynamic table holds: a wrong entry is another answer."""
    with target.connect() as connection:
        connection.ready()
        good, bad = literal(":path", path_of(target), 0x40), literal(":path", "/nowhere/ever", 0x40)
        assert target.is_right(ask(target, connection, 1, with_path(target, good)))
        assert is_elsewhere(ask(target, connection, 3, with_path(target, bad)))
        # 62 is the newest.
        assert target.is_right(ask(target, connection, 5, with_path(target, integer(63, 7, 0x80))))
        assert is_elsewhere(ask(target, connection, 7, with_path(target, integer(62, 7, 0x80))))
        # As many bytes as leave room for the newest of the two, and its 32 bytes of overhead.
        filling = 4096 - 2 * 32 - len(":path/nowhere/ever") - len("x-fill")
        filled = with_path(target, good.replace(b"\x40", b"\x00", 1)) + literal("x-fill", "a" * filling, 0x40)
        assert target.is_right(ask(target, connection, 9, filled))
        assert is_elsewhere(ask(target, connection, 11, with_path(target, integer(63, 7, 0x80))))
        connection.send(headers(13, with_path(target, integer(64, 7, 0x80)), end_stream=False))
        FAILS(target, connection)


def test_an_update_of_the_size_takes_entries_away(target):
    with target.connect() as connection:
        connection.ready()
        good = literal(":path", path_of(target), 0x40)
        assert target.is_right(ask(target, connection, 1, with_path(target, good)))
        shrunk = integer(0, 5, 0x20) + integer(4096, 5, 0x20) + with_path(target, good)
        assert target.is_right(ask(target, connection, 3, shrunk))
        assert target.is_right(ask(target, connection, 5, with_path(target, integer(62, 7, 0x80))))
        connection.send(headers(7, with_path(target, integer(63, 7, 0x80)), end_stream=False))
        FAILS(target, connection)


@pytest.mark.parametrize("table", [None, 0, 100, 65536])
def test_an_encoder_of_another_make_is_understood(target, table):
    """Random fields, sizes and representations; the path tells whether the tables agree. `table` is what this client
    grants the server, whose answers our decoder checks."""
    draw = random.Random(f"{target}{table}")
    options = [] if table is None else [(HEADER_TABLE_SIZE, table)]
    with target.connect(*options) as connection:
        connection.ready()
        if table is not None:
            connection.decoder.max_allowed_table_size = table
        encoder = Encoder()
        encoder.header_table_size = 4096
        for index in range(2000 if SOAK else 200):
            stream = 2 * index + 1
            if draw.random() < 0.05:
                encoder.header_table_size = draw.choice([0, 64, 1000, 4096])
            is_good = draw.random() < 0.7
            fields = [
                (name, value if is_good or name != ":path" else f"/nowhere/{draw.randrange(20)}")
                for name, value in target.fields
            ]
            for _ in range(draw.randrange(6)):
                fields.append((f"x-{draw.randrange(30)}", "v" * draw.choice([0, 1, 10, 300]) + str(draw.randrange(5))))
            encoded = encoder.encode(fields, huffman=draw.random() < 0.5)
            came = ask(target, connection, stream, encoded)
            assert target.is_right(came) if is_good else is_elsewhere(came), f"{index}: {fields}: {came}"


def test_a_client_that_grants_no_table_gets_no_entries(target):
    """RFC 7541, 4.2: with a size of 0 the server may not refer to anything but the static table, and says so first."""
    with target.connect((HEADER_TABLE_SIZE, 0)) as connection:
        connection.ready()
        connection.decoder.max_allowed_table_size = 0
        for stream in (1, 3, 5):
            target.assert_serves(connection, stream)
        connection.send(settings((HEADER_TABLE_SIZE, 4096)))
        connection.decoder.max_allowed_table_size = 4096
        target.assert_serves(connection, 7)
