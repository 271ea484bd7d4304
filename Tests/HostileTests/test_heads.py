# SPDX-License-Identifier: Apache-2.0
"""Heads that no HTTP/1.1 client sends: refused with 4xx and the end of the connection, never guessed at, never 500."""

import struct

import pytest
from attacks import REFUSED, Pieces, assert_refused, is_hidden
from protocols import PROTOCOLS, V2, alias, assert_served
from wire import LIVE, Connection, ask

TOKEN_BYTES = set(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def client_hello():
    """The first record of a TLS connection, as a client sends it to a port that it takes for an HTTPS port."""
    body = b"\x03\x03" + bytes(range(32)) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + b"\x00\x00"
    handshake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


HOST = b"Host: localhost\r\n"
# Request lines and whole beginnings. Each is followed by a hidden request.
BAD_STARTS = {
    "method of a thousand letters": b"A" * 1000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "endless method": b"A" * 100_000,
    "method in brackets": b"(GET) / HTTP/1.1\r\n" + HOST + b"\r\n",
    "no method": b" /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "space before the method": b" GET /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL before the method": b"\x00GET /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "LF before the method": b"\nGET /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "two spaces": b"GET  /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "two spaces before the version": b"GET /v2/health/live  HTTP/1.1\r\n" + HOST + b"\r\n",
    "tabs": b"GET\t/v2/health/live\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "no target": b"GET HTTP/1.1\r\n" + HOST + b"\r\n",
    "empty target": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "space behind the version": b"GET /v2/health/live HTTP/1.1 \r\n" + HOST + b"\r\n",
    "text behind the version": b"GET /v2/health/live HTTP/1.1 x\r\n" + HOST + b"\r\n",
    "empty lines without end": b"\r\n" * 100_000,
    "HTTP/0.9": b"GET /v2/health/live\r\n",
    "HTTP/0.9 by name": b"GET /v2/health/live HTTP/0.9\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"GET /v2/health/live HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/2": b"GET /v2/health/live HTTP/2\r\n" + HOST + b"\r\n",
    "HTTP/1": b"GET /v2/health/live HTTP/1\r\n" + HOST + b"\r\n",
    "HTTP/1.10": b"GET /v2/health/live HTTP/1.10\r\n" + HOST + b"\r\n",
    "HTTP/01.1": b"GET /v2/health/live HTTP/01.1\r\n" + HOST + b"\r\n",
    "HTTP/1,1": b"GET /v2/health/live HTTP/1,1\r\n" + HOST + b"\r\n",
    "http/1.1": b"GET /v2/health/live http/1.1\r\n" + HOST + b"\r\n",
    "HTTPS/1.1": b"GET /v2/health/live HTTPS/1.1\r\n" + HOST + b"\r\n",
    "ICY": b"GET /v2/health/live ICY/1.1\r\n" + HOST + b"\r\n",
    "RTSP": b"DESCRIBE /v2/health/live RTSP/1.0\r\n" + HOST + b"\r\n",
    "answer for a question": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "hello of TLS": client_hello(),
    "hello of TLS, 2.0": b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(35),
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "zeros": bytes(4096),
    "LF ends the line": b"GET /v2/health/live HTTP/1.1\n" + HOST + b"\r\n",
    "LF ends every line": b"GET /v2/health/live HTTP/1.1\nHost: localhost\n\n",
    "CR ends the line": b"GET /v2/health/live HTTP/1.1\rHost: localhost\r\r",
    "target of 10 000 bytes": b"GET /v2/" + b"a" * 10_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "target of a megabyte": b"GET /v2/" + b"a" * (1 << 20) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "query of a megabyte": b"GET /v1/logs?" + b"a=b&" * (1 << 18) + b" HTTP/1.1\r\n" + HOST + b"\r\n",
}

# Well-formed, and nothing that is here: where the request ends is clear, so the connection may go on.
ODD_LINES = {
    "lowercase method": b"get /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "mixed method": b"Get /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "unknown method": b"BREW /v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "unknown method for the framework": b"BREW /v1/status HTTP/1.1\r\n" + HOST + b"\r\n",
    "authority for a target": b"GET localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "target without a slash": b"GET v2/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk for a target": b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk to predict at": b"POST * HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n",
    "target of another scheme": b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    "tunnel": b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n",
}

# Header lines in place of Host, or beside a good one.
BAD_HEADERS = {
    "no Host": b"",
    "two hosts": HOST + HOST,
    "two hosts, different": HOST + b"Host: example.com\r\n",
    "empty name": HOST + b": x\r\n",
    "only a colon": HOST + b":\r\n",
    "no colon": HOST + b"X\r\n",
    "space before the colon": HOST + b"X : y\r\n",
    "tab before the colon": HOST + b"X\t: y\r\n",
    "space in the name": HOST + b"X Y: z\r\n",
    "space before the name": HOST + b" X: y\r\n",
    "space before the first name": b" " + HOST,
    "tab before the first name": b"\t" + HOST,
    "folded": HOST + b"X: y\r\n z\r\n",
    "folded with a tab": HOST + b"X: y\r\n\tz\r\n",
    "folded and empty": HOST + b"X: y\r\n \r\n",
    "folded host": b"Host:\r\n localhost\r\n",
    "LF between two": HOST + b"X: y\nZ: z\r\n",
    "CR between two": HOST + b"X: y\rZ: z\r\n",
    "LF, CR": HOST + b"X: y\n\rZ: z\r\n",
    "two CR": HOST + b"X: y\r\r\n",
    "CR in a value": HOST + b"X: \rz\r\n",
    "LF ends the head": HOST + b"X: y\r\n\n",
    "a megabyte in one value": HOST + b"X: " + b"a" * (1 << 20) + b"\r\n",
    "a megabyte in one name": HOST + b"X" * (1 << 20) + b": y\r\n",
    "a megabyte of spaces": HOST + b"X:" + b" " * (1 << 20) + b"y\r\n",
    "ten thousand headers": HOST + b"".join(b"X%d: y\r\n" % index for index in range(10_000)),
    "ten thousand empty headers": HOST + b"X:\r\n" * 10_000,
    "ten thousand cookies": HOST + b"Cookie: a=b\r\n" * 10_000,
}


@pytest.mark.parametrize("wrong", BAD_STARTS)
def test_a_request_line_that_is_none_ends_the_connection(server, wrong):
    assert_refused(server, BAD_STARTS[wrong] + b"\r\n\r\n", REFUSED | {414, 505})


@pytest.mark.parametrize("odd", ODD_LINES)
def test_a_method_or_target_that_is_not_here_is_refused(server, odd):
    answer = ask(server, ODD_LINES[odd])
    assert answer.status in {400, 401, 404, 405, 414, 431, 501, 505}, str(answer)


@pytest.fixture(params=[*PROTOCOLS, "framework", "health"], ids=str)
def good_request(request, server):
    if request.param == "framework":
        return Pieces.of(alias(server))
    return Pieces.of(LIVE if request.param == "health" else request.param.request())


@pytest.mark.parametrize("wrong", BAD_HEADERS)
def test_headers_that_are_none_end_the_connection(server, good_request, wrong):
    headers = good_request.headers.replace(HOST, BAD_HEADERS[wrong])
    data = good_request.start + headers + b"Content-Length: %s\r\n\r\n" % good_request.length + good_request.body
    assert_refused(server, data)


# Every byte that there is


def statuses(server, requests):
    """The status of each request's answer; None where there was none. Requests are given by what they are about."""
    return {key: single_status(server, data) for key, data in requests.items()}


def single_status(server, data):
    with Connection(server) as connection:
        connection.send(data)
        connection.end_sending()
        answers = connection.rest(quiet=20)
        assert not any(map(is_hidden, answers))
        return answers[0].status if answers else None


def test_a_name_is_made_of_token_bytes_alone(server):
    found = statuses(
        server, {byte: LIVE[:-2] + b"X" + bytes([byte]) + b"Y: z\r\n\r\n" for byte in range(256) if byte != ord(":")}
    )
    assert {byte for byte, status in found.items() if status == 200} == TOKEN_BYTES - {ord(":")}
    assert {status for status in found.values()} == {200, 400}


def test_a_value_has_no_control_byte_but_the_tab(server):
    found = statuses(server, {byte: LIVE[:-2] + b"X: y" + bytes([byte]) + b"z\r\n\r\n" for byte in range(256)})
    wrong = {*range(32), 127} - {9}
    assert {byte for byte, status in found.items() if status == 400} == wrong
    assert {byte for byte, status in found.items() if status == 200} == set(range(256)) - wrong


@pytest.mark.parametrize("root", ["/v2/models/", "/v1/endpoints/"])
def test_a_target_is_made_of_visible_bytes(server, root):
    found = statuses(
        server,
        {
            byte: b"POST "
            + root.encode()
            + b"a"
            + bytes([byte])
            + b"b/predict HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 0\r\n\r\n"
            for byte in range(256)
        },
    )
    assert all(status in (400, 401, 404, 405) for status in found.values()), found
    assert {found[byte] for byte in [*range(33), 127]} == {400}


# What is unusual and right


GOOD_HEADS = {
    "empty lines before": b"\r\n\r\n" + LIVE,
    "no space behind the colon": LIVE.replace(b"Host: ", b"Host:"),
    "tabs around a value": LIVE.replace(b"Host: localhost", b"Host:\t localhost \t"),
    "small letters": LIVE.replace(b"Host", b"host"),
    "empty value": LIVE[:-2] + b"X:\r\n\r\n",
    "high bytes in a value": LIVE[:-2] + b"X: \xe4\xff\r\n\r\n",
    "a hundred headers": LIVE[:-2] + b"".join(b"X%d: y\r\n" % index for index in range(100)) + b"\r\n",
    "a header of 16 kB": LIVE[:-2] + b"X: " + b"a" * 16_000 + b"\r\n\r\n",
    "absolute target": LIVE.replace(b"GET /", b"GET http://localhost/"),
    "absolute target with a port": LIVE.replace(b"GET /", b"GET http://localhost:8080/"),
    "absolute target in capitals": LIVE.replace(b"GET /", b"GET HTTP://LOCALHOST/"),
}


@pytest.mark.parametrize("kind", GOOD_HEADS)
def test_what_is_unusual_and_right_is_answered(server, kind):
    with Connection(server) as connection:
        connection.send(GOOD_HEADS[kind])
        answer = connection.answer()
        assert answer.status == 200, str(answer)
        assert answer.json() == {"live": True}
        assert_served(connection)


def test_an_absolute_target_names_the_host_that_counts(server):
    """Else a page elsewhere could reach predictions by a header of its own (DNS rebinding)."""
    outside = V2.request().replace(b"POST /", b"POST http://example.com/")
    assert ask(server, outside).status in (400, 401, 403)


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "",
        "localhost.example.com",
        "127.0.0.1.nip.io",
        "a, localhost",
        "localhost@example.com",
        "localhost/",
        "[::1",
        "localhost:80:80",
        "\xff",
        "local host",
    ],
)
def test_a_host_that_is_not_this_machine_needs_a_token(server, protocol, host):
    request = protocol.request().replace(b"Host: localhost", b"Host: " + host.encode("latin-1"))
    answer = ask(server, request)
    assert answer.status in (400, 401, 403), str(answer)


def test_a_version_of_http_1_that_is_not_there_yet_is_answered_or_refused(server):
    answer = ask(server, LIVE.replace(b"HTTP/1.1", b"HTTP/1.2"))
    assert answer.status in (200, 400, 505)


@pytest.mark.parametrize("beginning", [b"", b"G", b"GET /", b"GET / HTTP/1.1\r\n", LIVE[:-2]])
def test_a_head_without_an_end_is_refused_and_takes_no_memory(server, beginning):
    """32 MB of empty lines, of one method, target or name, of headers."""
    part = {b"": b"\r\n", LIVE[:-2]: b"X: y\r\n"}.get(beginning, b"a")
    assert_served(Connection(server))
    before = server.resident_bytes()
    with Connection(server) as connection:
        connection.send(beginning)
        sent = 0
        while sent < 32 and connection.send(part * ((1 << 20) // len(part))):
            sent += 1
        assert 400 <= connection.answer().status < 500
    assert_served(Connection(server))
    assert server.resident_bytes() - before < 16 << 20
