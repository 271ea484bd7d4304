# SPDX-License-Identifier: Apache-2.0
"""Requests in HTTP/2's form: RFC 9113, 8, with the numbers that h2spec's cases have from RFC 7540."""

import pytest
from http2_spec import Case, connection_error, hold, malformed, parameters, refused, right, stream_error
from http2_wire import COMPRESSION_ERROR, PROTOCOL_ERROR, data, headers


def with_fields(*more, without=()):
    """A good request but for these fields, as far as its HEADERS and its body."""
    return lambda target: target.head(1, *more, without=without) + data(1, target.content, True)


def raw_fields(change):
    """A request whose list of fields was changed as a whole."""
    return lambda target: headers(1, change(list(target.fields)), end_stream=False) + data(1, target.content, True)


def trailers(*fields, end_stream=True):
    return lambda t: t.head(1) + data(1, t.content) + headers(1, list(fields), end_stream=end_stream)


def with_length(text):
    """`%n` is the true length."""
    return lambda t: t.head(1, ("content-length", text.replace("%n", str(len(t.content))))) + data(1, t.content, True)


def parts(length, *contents):
    frames = [data(1, part, index == len(contents) - 1) for index, part in enumerate(contents)]
    return lambda t: t.head(1, ("content-length", str(length))) + b"".join(frames)


def doubled(name):
    return raw_fields(lambda fields: fields[:1] + [pair for pair in fields if pair[0] == name] + fields[1:])


FIELDS = [
    Case("8.1/1", "a second HEADERS that does not end the stream", trailers(("x-test", "ok"), end_stream=False),
         malformed()),
    Case("8.1.2/1", "a name in capital letters", with_fields(("X-TEST", "ok")), malformed()),
    Case("8.1.2/2", "a name with one capital letter", with_fields(("x-tesT", "ok")), malformed()),
    Case("8.1.2.1/1", "an unknown pseudo-header", with_fields((":test", "ok")), malformed()),
    Case("8.1.2.1/2", "a pseudo-header of answers", with_fields((":status", "200")), malformed()),
    Case("8.1.2.1/3", "a pseudo-header as a trailer", trailers((":method", "200")), malformed()),
    Case("8.1.2.1/4", "a pseudo-header after a regular one",
         raw_fields(lambda fields: [*fields[:3], ("x-test", "ok"), *fields[3:]]), malformed()),
    Case("8.1.2.1/5", "a pseudo-header with nothing behind its colon", with_fields((":", "ok")), malformed()),
    *(Case(f"8.1.2.2/1 {name}", "a field that is about the connection", with_fields((name, value)), malformed())
      for name, value in [("connection", "keep-alive"), ("keep-alive", "timeout=5"), ("proxy-connection", "close"),
                          ("transfer-encoding", "chunked"), ("upgrade", "h2c")]),
    Case("8.1.2.2/2", "te with another value", with_fields(("te", "trailers, deflate;q=0.5")), malformed()),
    Case("8.1.2.2/3", "te: trailers", with_fields(("te", "trailers")), right(1)),
    Case("8.1.2.3/1", "an empty :path", with_fields((":path", "")), malformed()),
    *(Case(f"8.1.2.3/{number}", f"no {name}", with_fields(without=[name]), malformed())
      for number, name in enumerate([":method", ":scheme", ":path"], start=2)),
    *(Case(f"8.1.2.3/{number}", f"{name} twice", doubled(name), malformed())
      for number, name in enumerate([":method", ":scheme", ":path", ":authority"], start=5)),
    Case("8.1.2.3/9", "a :path without its slash", with_fields((":path", "v2/models/echo/infer")), refused()),
    Case("8.1.2.3/10", "an empty :method", with_fields((":method", "")), malformed()),
    Case("8.1.2.3/11", "a :method that is no token", with_fields((":method", "PO ST")), refused()),
    Case("8.1.2.3/12", "a :path with a space", with_fields((":path", "/v2/models/echo /infer")), refused()),
]  # fmt: skip

# 8.2.1 of RFC 9113: what a name or a value must not hold.
CHARACTERS = [
    *(Case(f"9113-8.2.1/name {code:02x}", "a character that no name has", with_fields((f"x{chr(code)}y", "ok")),
           malformed())
      for code in [0x00, 0x09, 0x0A, 0x0D, 0x20, 0x3A, 0x41, 0x5A, 0x7F, 0x80, 0xFF]),
    # A decoder that has no place for such a name may fail as a whole.
    Case("9113-8.2.1/name empty", "a name without a character", with_fields(("", "ok")),
         stream_error(1, PROTOCOL_ERROR, COMPRESSION_ERROR)),
    *(Case(f"9113-8.2.1/value {title}", "a value that no field has", with_fields(("x-test", value)), malformed())
      for title, value in [("NUL", "a\x00b"), ("LF", "a\nb"), ("CR", "a\rb"), ("CRLF", "a\r\nx-evil: 1"),
                           ("space before", " a"), ("space behind", "a "), ("tab before", "\ta"),
                           ("tab behind", "a\t")]),
    *(Case(f"9113-8.2.1/{name} {title}", "a request line of HTTP/1.1 that says two things", with_fields((name, value)),
           malformed())
      for name, title, value in [(":path", "CRLF", "/v2\r\nx: y"), (":path", "LF", "/v2\n"), (":path", "NUL", "/v2\x00"),
                                 (":method", "CRLF", "GET\r\n"), (":authority", "CRLF", "localhost\r\nx: y"),
                                 (":scheme", "CRLF", "http\r\n")]),
    Case("9113-8.2.1/value good", "what is unusual and allowed", with_fields(("x-test", "a \t\xe9\xff!")), right(1)),
    Case("9113-8.2.3/cookies", "a cookie in crumbs", with_fields(("cookie", "a=b"), ("cookie", "c=d")), right(1)),
]  # fmt: skip

LENGTHS = [
    Case("8.1.2.6/1", "a length that is not that of the DATA", parts(1, b"test"), malformed()),
    Case("8.1.2.6/2", "a length that is not the sum of two DATA", parts(1, b"te", b"st"), malformed()),
    Case("8.1.2.6/3", "a length beyond the sum", parts(100, b"te", b"st"), malformed()),
    Case("8.1.2.6/4", "a length, and no body", lambda t: t.head(1, ("content-length", "5"), end_stream=True),
         malformed()),
    Case("8.1.2.6/5", "the right length", with_length("%n"), right(1)),
    Case("8.1.2.6/6", "the right length, and trailers",
         lambda t: t.head(1, ("content-length", str(len(t.content)))) + data(1, t.content) + headers(1, [("x", "y")]),
         right(1)),
    Case("8.1.2.6/7", "two lengths",
         raw_fields(lambda fields: [*fields, ("content-length", "1"), ("content-length", "2")]), malformed()),
    *(Case(f"8.1.2.6/length {text[:25]!r}", "no number", with_length(text), malformed())
      for text in ["-1", "+%n", "0x10", "%n, %n", "1 %n", "%na", "%n.0", "", "9" * 30, "18446744073709551617", "%n;x"]),
    Case("8.1.2.6/8", "trailers in the middle of the body",
         lambda t: t.head(1, ("content-length", "100")) + data(1, b"test") + headers(1, [("x", "y")]), malformed()),
    Case("8.1.2.6/9", "trailers with a name in capital letters", trailers(("X-Test", "y")), malformed()),
    Case("8.1.2.6/10", "trailers that are about the connection", trailers(("connection", "close")), malformed()),
]  # fmt: skip

CASES = [*FIELDS, *CHARACTERS, *LENGTHS]


@pytest.mark.parametrize("case", parameters(CASES))
def test_messages(target, case):
    hold(target, case)


def test_a_block_that_is_both_malformed_and_undecodable_ends_the_connection(target):
    hold(target, Case("", "", lambda t: headers(1, b"\x00\x01X\x01y\xff"), connection_error(COMPRESSION_ERROR)))


@pytest.mark.parametrize(
    ("name", "value"), [("host", "localhost"), ("x-empty", ""), ("x-long", "a" * 8000), ("te", "trailers")]
)
def test_unusual_fields_are_no_harm(target, name, value):
    hold(target, Case("", "", with_fields((name, value)), right(1)))


def test_a_host_for_an_authority(target):
    """8.3.1: who was translated from HTTP/1.1 has the former, and not the latter."""
    hold(target, Case("", "", with_fields(("host", "localhost"), without=[":authority"]), right(1)))


@pytest.mark.differs("host")
def test_a_host_that_is_not_the_authority_is_malformed(target):
    hold(target, Case("", "", with_fields(("host", "elsewhere")), malformed()))


@pytest.mark.differs("connect")
def test_connect_is_not_for_us(target):
    """It has no path; whoever takes none says so on the stream."""
    with target.connect() as connection:
        connection.send(headers(1, [(":method", "CONNECT"), (":authority", "localhost:1")], end_stream=False))
        came = connection.streams[1]
        assert connection.wait(lambda: came.is_over or came.headers), str(connection)
        assert came.status is None or came.status >= 400 or int(came.header("grpc-status")) > 0
        assert came.reset in (None, PROTOCOL_ERROR, 7, 10, 8, 0)
        target.assert_serves(connection, 3)


def test_many_small_fields_within_the_limit(target):
    hold(target, Case("", "", with_fields(*((f"x-{index}", "y") for index in range(90))), right(1)))
