# SPDX-License-Identifier: Apache-2.0
"""Methods, versions, expectations and the end of connections, as RFC 9110 and 9112 say."""

import pytest
from protocols import V2, administration, alias, assert_served
from wire import LIVE, Connection, ask, get, message


def requests_of_both_roads(server):
    return {
        "fast": V2.request(),
        "health": LIVE,
        "framework": alias(server),
        "refused": V2.with_body(b"{"),
        "not found": get("/v1/nothing"),
    }


ROADS = ["fast", "health", "framework", "refused", "not found"]


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("version", "connection_header", "stays"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "Close", False),
        ("1.1", "keep-alive", True),
        ("1.1", "keep-alive, close", False),
        ("1.1", "x, close ,y", False),
        ("1.1", "closed", True),
        ("1.0", None, False),
        ("1.0", "close", False),
    ],
)
def test_a_connection_stays_as_long_as_was_said(server, road, version, connection_header, stays):
    request = requests_of_both_roads(server)[road].replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    if connection_header:
        request = request.replace(b"\r\n", f"\r\nConnection: {connection_header}\r\n".encode(), 1)
    with Connection(server) as connection:
        connection.send(request + LIVE)
        first = connection.answer()
        assert first.status < 500
        assert first.closes == (not stays)
        if stays:
            assert connection.answer().json() == {"live": True}
        else:
            assert connection.ends()


@pytest.mark.parametrize("road", ROADS)
def test_a_client_of_1_0_that_asks_to_keep_alive_gets_it_or_is_told(server, road):
    request = requests_of_both_roads(server)[road].replace(b"HTTP/1.1\r\n", b"HTTP/1.0\r\nConnection: keep-alive\r\n")
    with Connection(server) as connection:
        connection.send(request)
        answer = connection.answer()
        assert not answer.header("transfer-encoding"), "a client of 1.0 knows no chunks"
        if answer.header("connection") == "keep-alive":
            assert_served(connection)
        else:
            assert connection.ends()


@pytest.mark.parametrize("road", ["fast", "framework"])
def test_a_client_of_1_0_needs_no_host(server, road):
    request = requests_of_both_roads(server)[road].replace(b"HTTP/1.1\r\nHost: localhost\r\n", b"HTTP/1.0\r\n")
    # Without a Host there is no telling that it is this machine's: a token may be asked for, and never a 5xx.
    assert ask(server, request).status in (200, 401)


# Expect


@pytest.mark.parametrize("road", ["fast", "framework"])
def test_whoever_expects_to_continue_is_told_so(server, road):
    request = requests_of_both_roads(server)[road]
    head, _, body = request.partition(b"\r\n\r\n")
    for expectation in [b"100-continue", b"100-Continue"]:
        with Connection(server) as connection:
            connection.send(head + b"\r\nExpect: " + expectation + b"\r\n\r\n")
            while b"\r\n\r\n" not in connection.reader.buffer:
                part = connection.socket.recv(1000)
                assert part, "the connection ended"
                connection.reader.buffer += part
            assert connection.reader.buffer.startswith(b"HTTP/1.1 100 ")
            connection.send(body)
            answer = connection.answer()
            assert (answer.status, answer.interim) == (200, [100])
            assert_served(connection)


def test_whoever_does_not_wait_gets_one_answer_all_the_same(server):
    for road in ["fast", "framework"]:
        request = requests_of_both_roads(server)[road].replace(b"\r\n", b"\r\nExpect: 100-continue\r\n", 1)
        with Connection(server) as connection:
            connection.send(request)
            answer = connection.answer()
            assert answer.status == 200 and answer.interim in ([], [100])
            assert_served(connection)


REFUSED_EXPECTATIONS = {
    "too large": (V2.request(headers=[("Expect", "100-continue")]), {413}),
    "no endpoint": (V2.request(headers=[("Expect", "100-continue")]).replace(b"/echo/", b"/nobody/"), {404}),
    "no method": (V2.request(headers=[("Expect", "100-continue")]).replace(b"POST", b"PUT"), {405}),
    "no encoding": (V2.request(headers=[("Expect", "100-continue"), ("Content-Encoding", "br")]), {415}),
    "no token": (V2.request(headers=[("Expect", "100-continue")]).replace(b"localhost", b"example.com"), {401}),
    "framework without a token": (
        message("PUT", "/v1/registry/models/echo/aliases/x", [("Expect", "100-continue")], b'{"version":1}'),
        {401},
    ),
}


@pytest.mark.parametrize("why", REFUSED_EXPECTATIONS)
def test_what_is_refused_by_its_head_is_never_asked_to_continue(server, why):
    request, expected = REFUSED_EXPECTATIONS[why]
    head = request.partition(b"\r\n\r\n")[0]
    if why == "too large":
        head = head.replace(b"Content-Length: ", b"Content-Length: 99999")
    with Connection(server) as connection:
        connection.send(head + b"\r\n\r\n")
        answer = connection.answer()
        assert answer.status in expected, str(answer)
        assert answer.interim == []
        # The body may come or not: where it would begin is not known, so the connection ends.
        assert answer.closes and connection.ends()


@pytest.mark.parametrize("expectation", ["200-ok", "100-continue, x", "", "100", "100-continue;q=1"])
def test_an_unknown_expectation_is_417(server, expectation):
    for request in [
        V2.request(headers=[("Expect", expectation)]),
        alias(server).replace(b"\r\n", f"\r\nExpect: {expectation}\r\n".encode(), 1),
    ]:
        assert ask(server, request).status == 417


def test_an_expectation_of_1_0_is_not_met_by_an_interim_answer(server):
    answer = ask(server, V2.request(headers=[("Expect", "100-continue")], version="1.0"))
    assert (answer.status, answer.interim) == (200, [])


# Methods


@pytest.mark.parametrize(
    "path", ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/echo", "/v2/models/nobody", "/v1/nothing"]
)
def test_head_is_get_without_a_body(server, path):
    with Connection(server) as connection:
        connection.send(get(path))
        full = connection.answer()
        connection.send(message("HEAD", path))
        empty = connection.answer(is_head=True)
        assert empty.status == full.status
        assert empty.header("content-length") in (full.header("content-length"), None)
        assert_served(connection)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "GET", "HEAD", "PROPFIND"])
@pytest.mark.parametrize("path", ["/v2/models/echo/infer", "/v1/endpoints/echo/predict"])
def test_a_prediction_is_a_post(server, method, path):
    with Connection(server) as connection:
        connection.send(message(method, path, [("X-Secret", "do not echo")]))
        answer = connection.answer(is_head=method == "HEAD")
        assert answer.status == 405, str(answer)
        assert answer.header("allow") == "POST"
        # A trace that gave the request back would show a page what its browser sends along.
        assert b"do not echo" not in answer.body
        assert_served(connection)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "POST"])
@pytest.mark.parametrize("path", ["/v2", "/v2/health/live", "/v2/models/echo", "/v1/status"])
def test_what_is_asked_with_get_takes_no_other_method(server, method, path):
    answer = ask(server, administration(server, method, path))
    assert answer.status == 405, str(answer)
    assert "GET" in answer.header("allow")


def test_an_options_of_everything_is_answered_or_refused(server):
    answer = ask(server, message("OPTIONS", "*"))
    assert answer.status in (200, 204, 400, 404, 405), str(answer)


def test_a_tunnel_is_refused_and_nothing_goes_through_it(server):
    for target in ["localhost:80", "127.0.0.1:22", "/v2/health/live", "/v1/status"]:
        with Connection(server) as connection:
            connection.send(message("CONNECT", target))
            connection.send(LIVE)
            answer = connection.answer()
            assert 400 <= answer.status < 500, str(answer)
            for later in connection.rest(quiet=0.3):
                assert later.status != 200 or not answer.closes


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "TLS/1.0", "x"])
@pytest.mark.parametrize("road", ["fast", "health", "framework"])
def test_an_upgrade_is_declined_by_answering(server, road, upgrade):
    offer = f"Connection: upgrade, http2-settings\r\nUpgrade: {upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"
    request = requests_of_both_roads(server)[road].replace(b"\r\n", f"\r\n{offer}\r\n".encode(), 1)
    with Connection(server) as connection:
        connection.send(request)
        answer = connection.answer()
        assert answer.status == 200, str(answer)
        if answer.closes:
            assert connection.ends()
        else:
            assert_served(connection)
