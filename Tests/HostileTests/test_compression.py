# SPDX-License-Identifier: Apache-2.0
"""Compressed bodies are hostile twice: as what they are, and as what they become."""

import gzip
import random
import zlib

import pytest
from protocols import BODY_LIMIT, assert_served
from wire import Connection, ask, message


def compressed_request(protocol, body, coding="gzip", headers=()):
    own = protocol.encode([1.0, 2.0, 3.0])[0]
    return message("POST", protocol.path, [*own, ("Content-Encoding", coding), *headers], body)


def good_body(protocol):
    return protocol.encode([1.0, 2.0, 3.0])[1]


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def stored(data):
    return gzip.compress(data, compresslevel=0)


GOOD = {
    "gzip": ("gzip", gzip.compress),
    "gzip, stored": ("gzip", stored),
    "gzip in capitals": ("GZIP", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate, bare": ("deflate", bare_deflate),
    "identity": ("identity", bytes),
}

BAD = {
    "nothing": lambda data: b"",
    "not compressed": bytes,
    "head alone": lambda data: gzip.compress(data)[:10],
    "cut": lambda data: gzip.compress(data)[: len(gzip.compress(data)) // 2],
    "without its sum": lambda data: gzip.compress(data)[:-8],
    "wrong sum": lambda data: gzip.compress(data)[:-8] + b"\x00" * 8,
    "wrong length": lambda data: gzip.compress(data)[:-4] + b"\xff" * 4,
    "more behind it": lambda data: gzip.compress(data) + b"garbage",
    "compressed twice": lambda data: gzip.compress(gzip.compress(data)),
    "zeros": lambda data: bytes(100),
    "unknown method": lambda data: b"\x1f\x8b\x07" + gzip.compress(data)[3:],
    "name without an end": lambda data: b"\x1f\x8b\x08\x08" + gzip.compress(data)[4:10] + b"a" * 1000,
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_compressed_body_is_read(server, protocol, kind):
    coding, compress = GOOD[kind]
    with Connection(server) as connection:
        connection.send(compressed_request(protocol, compress(good_body(protocol)), coding))
        answer = connection.answer()
        assert answer.status == 200, str(answer)
        assert protocol.decode(answer) == [1.0, 2.0, 3.0]
        assert_served(connection, protocol)


@pytest.mark.parametrize("wrong", BAD)
def test_a_body_that_is_not_what_it_says_is_explained(server, protocol, wrong):
    with Connection(server) as connection:
        connection.send(compressed_request(protocol, BAD[wrong](good_body(protocol))))
        answer = connection.answer()
        assert answer.status == 400, str(answer)
        assert answer.json()["code"].startswith("IN-"), str(answer)
        assert_served(connection, protocol)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_becomes_too_large_is_refused_and_takes_no_memory(server, protocol, coding):
    """100 MB of spaces in 100 kB."""
    assert_served(Connection(server))
    before = server.resident_bytes()
    packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(100)) + packer.flush()
    with Connection(server) as connection:
        for _ in range(5):
            connection.send(compressed_request(protocol, bomb, coding))
            answer = connection.answer()
            assert answer.status == 413, str(answer)
        assert_served(connection, protocol)
    assert server.resident_bytes() - before < 4 * BODY_LIMIT


def test_damaged_bodies_are_never_a_mistake_of_ours(server, protocol):
    draw, good = random.Random(11), gzip.compress(good_body(protocol))
    with Connection(server) as connection:
        for _ in range(300):
            body = bytearray(good)
            for _ in range(draw.choice([1, 2, 8])):
                body[draw.randrange(len(body))] ^= 1 << draw.randrange(8)
            connection.send(compressed_request(protocol, bytes(body)))
            assert connection.answer().status in (200, 400, 413)
        assert_served(connection, protocol)


@pytest.mark.parametrize("second", ["gzip", "identity", "br", ""])
def test_two_encodings_in_two_headers_are_not_one(server, protocol, second):
    request = compressed_request(
        protocol, gzip.compress(good_body(protocol)), "gzip", headers=[("Content-Encoding", second)]
    )
    assert ask(server, request).status in ((400, 415) if second in ("gzip", "br") else (200, 400, 415))


ACCEPTED = [
    "",
    "*",
    "gzip;q=",
    "gzip;q=nan",
    "gzip;q=1e400",
    "gzip;q=-1",
    "gzip;q=0",
    ";",
    ",,,",
    "gzip;;;q=1",
    "\xff",
    "a," * 9000,
]


@pytest.mark.parametrize("accepted", [*ACCEPTED, "gzip", "deflate", "identity;q=0, gzip;q=0.1", "br, gzip"])
def test_an_answer_comes_in_a_form_that_was_asked_for(server, protocol, accepted):
    answer = ask(server, protocol.request(headers=[("Accept-Encoding", accepted)]))
    assert answer.status == 200, str(answer)
    coding = answer.header("content-encoding")
    assert coding is None or coding in accepted or "*" in accepted
    if coding:
        answer.body = gzip.decompress(answer.body) if coding == "gzip" else zlib.decompress(answer.body)
    assert protocol.decode(answer) == [1.0, 2.0, 3.0]
