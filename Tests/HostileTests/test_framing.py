# SPDX-License-Identifier: Apache-2.0
"""No request hides in another: what may end in two places is refused, and the connection ends with it."""

import pytest
from attacks import (
    BAD_CHUNKS,
    BAD_CODINGS,
    BAD_LENGTHS,
    GOOD_CHUNKS,
    HIDDEN,
    HUGE_LENGTHS,
    Pieces,
    assert_refused,
    chunked,
    is_hidden,
    with_chunks,
)
from protocols import CSV, PROTOCOLS, V2, alias, assert_served
from wire import Connection, get

FRAMEWORK = "framework"


@pytest.fixture(params=[*PROTOCOLS, FRAMEWORK], ids=str)
def pieces(request, server):
    """A good request of each protocol, and one that the framework answers: both readers must agree."""
    return Pieces.of(alias(server) if request.param == FRAMEWORK else request.param.request())


def assert_one_request(server, data, statuses=(200,)):
    """`data` is one request, and the next one on its connection is answered rightly."""
    with Connection(server) as connection:
        connection.send(data)
        answer = connection.answer()
        assert answer is not None and answer.status in statuses, str(answer)
        assert not is_hidden(answer)
        assert_served(connection)
        assert connection.rest(quiet=0.02) == []


# Content-Length


@pytest.mark.parametrize("wrong", BAD_LENGTHS)
def test_a_length_that_is_not_digits_said_once_is_refused(server, pieces, wrong):
    lines = BAD_LENGTHS[wrong].replace(b"%n", pieces.length)
    assert_refused(server, pieces.framed(lines))
    assert_refused(server, pieces.framed(lines, HIDDEN))


@pytest.mark.parametrize("length", HUGE_LENGTHS, ids=lambda length: f"{len(length)} digits, {length[:4]}")
def test_a_length_beyond_everything_is_refused_at_once(server, pieces, length):
    assert_refused(server, pieces.framed(f"Content-Length: {length}\r\n".encode()))


def test_a_length_that_lies_short_leaves_no_request_behind(server, pieces):
    lines = b"Content-Length: %d\r\n" % (len(pieces.body) - 4)
    with Connection(server) as connection:
        connection.send(pieces.framed(lines) + b"\r\n\r\n" + HIDDEN)
        answers = connection.rest()
        # What was cut off begins no request, so nothing behind it is one.
        assert [answer.status for answer in answers] in ([400, 400], [400]), [str(answer) for answer in answers]
        assert not any(map(is_hidden, answers))
        assert connection.has_ended


def test_a_length_that_lies_long_takes_what_follows_for_the_body(server, pieces):
    data = pieces.framed(b"Content-Length: %d\r\n" % (len(pieces.body) + len(HIDDEN)))
    with Connection(server) as connection:
        connection.send(data + HIDDEN)
        answer = connection.answer()
        assert answer.status == 400, str(answer)
        assert not is_hidden(answer)
        assert_served(connection)


def test_a_body_that_never_comes_is_missed_when_the_client_ends(server, pieces):
    with Connection(server) as connection:
        connection.send(pieces.framed(b"Content-Length: %s\r\n" % pieces.length, b""))
        assert connection.rest(quiet=0.1) == []
        connection.end_sending()
        answers = connection.rest()
        assert [answer.status for answer in answers] in ([400], []), [str(answer) for answer in answers]
        assert connection.has_ended


def test_a_post_without_a_length_has_no_body(server, pieces):
    with Connection(server) as connection:
        connection.send(pieces.framed(b"", b""))
        answer = connection.answer()
        assert answer.status in (400, 411), str(answer)
        assert_served(connection)


# Transfer-Encoding


@pytest.mark.parametrize("wrong", BAD_CODINGS)
def test_a_coding_that_is_not_chunked_said_once_is_refused(server, pieces, wrong):
    assert_refused(server, pieces.framed(BAD_CODINGS[wrong], chunked(pieces.body)))


@pytest.mark.parametrize("wrong", {"plain": b"Transfer-Encoding: chunked\r\n", **BAD_CODINGS})
def test_a_length_and_a_coding_together_are_refused(server, pieces, wrong):
    lines = {"plain": b"Transfer-Encoding: chunked\r\n", **BAD_CODINGS}[wrong]
    hides_behind_chunks = chunked(pieces.body) + HIDDEN
    length = b"Content-Length: %d\r\n" % len(hides_behind_chunks)
    assert_refused(server, pieces.framed(length + lines, hides_behind_chunks))
    assert_refused(server, pieces.framed(lines + length, hides_behind_chunks))
    # The other way: short by length, long by chunks.
    hides_behind_length = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
    assert_refused(server, pieces.framed(lines + b"Content-Length: 4\r\n", hides_behind_length))


def test_a_coding_in_http_1_0_is_refused(server, pieces):
    start = pieces.start.replace(b"HTTP/1.1", b"HTTP/1.0")
    for more in [b"", b"Connection: keep-alive\r\n", b"Content-Length: 5\r\n"]:
        assert_refused(server, pieces.framed(b"Transfer-Encoding: chunked\r\n" + more, chunked(pieces.body), start))


@pytest.mark.parametrize(
    "line",
    [
        b"Transfer-Encoding: chunked",
        b"transfer-encoding: CHUNKED",
        b"TRANSFER-ENCODING:chunked",
        b"Transfer-Encoding: Chunked  ",
        b"Transfer-Encoding:\t chunked\t",
    ],
)
def test_chunked_is_read_in_any_letters(server, pieces, line):
    assert_one_request(server, pieces.framed(line + b"\r\n", chunked(pieces.body)))


# Chunks


@pytest.mark.parametrize("wrong", BAD_CHUNKS)
def test_chunks_that_are_not_framed_as_they_must_be_end_the_connection(server, pieces, wrong):
    data = pieces.framed(b"Transfer-Encoding: chunked\r\n", with_chunks(BAD_CHUNKS[wrong], pieces.body))
    with Connection(server) as connection:
        connection.send(data)
        connection.send(HIDDEN * 3)
        answers = connection.rest(quiet=0.5)
        # A framework that began to answer may have nothing left to say; nothing hidden is answered, ever.
        assert not any(map(is_hidden, answers)), [str(answer) for answer in answers]
        assert len(answers) <= 1, [str(answer) for answer in answers]
        assert all(400 <= answer.status < 500 for answer in answers), [str(answer) for answer in answers]
        connection.end_sending()
        assert connection.rest() == [] or not answers
        assert connection.has_ended


@pytest.mark.parametrize("kind", GOOD_CHUNKS)
def test_chunks_that_are_framed_well_are_one_body(server, pieces, kind):
    assert_one_request(
        server, pieces.framed(b"Transfer-Encoding: chunked\r\n", with_chunks(GOOD_CHUNKS[kind], pieces.body))
    )


def test_chunks_of_one_byte_are_one_body(server, pieces):
    assert_one_request(server, pieces.framed(b"Transfer-Encoding: chunked\r\n", chunked(pieces.body, size=1)))


# What a body may hold


def test_a_request_within_a_body_is_a_body(server, protocol):
    with Connection(server) as connection:
        connection.send(protocol.with_body(HIDDEN * 10))
        answer = connection.answer()
        assert answer.status == 400
        assert not is_hidden(answer)
        assert_served(connection, protocol)


def test_a_request_within_a_refused_body_is_a_body(server, protocol):
    """Refused by its head alone: no such method, no such endpoint, an encoding; the body is still a body."""
    good = protocol.with_body(HIDDEN * 10)
    for bad in [
        good.replace(b"/echo/", b"/nobody/"),
        good.replace(b"\r\n", b"\r\nContent-Encoding: br\r\n", 1),
        good.replace(b"POST", b"DELETE", 1),
        good.replace(b"Host: localhost", b"Host: example.com", 1),
    ]:
        with Connection(server) as connection:
            connection.send(bad)
            answer = connection.answer()
            assert 400 <= answer.status < 500
            assert not is_hidden(answer)
            assert_served(connection, protocol)


def test_a_body_of_a_get_is_a_body(server):
    for target in ["/v2/health/live", "/v2", "/v1/nothing"]:
        with Connection(server) as connection:
            request = get(target).replace(b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN)) + HIDDEN
            connection.send(request)
            assert not is_hidden(connection.answer())
            assert_served(connection, CSV)


def test_garbage_behind_a_request_is_refused_behind_its_answer(server, pieces):
    good = pieces.framed(b"Content-Length: %s\r\n" % pieces.length)
    for garbage in [b"garbage\r\n\r\n", b"\x00" * 50, b"\xff" * 50, b"{}", V2.request()[5:]]:
        assert_refused(server, good + garbage + b"\r\n\r\n", before=1)
