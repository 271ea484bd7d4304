# SPDX-License-Identifier: Apache-2.0
"""Messages whose end two readers see in different places, and what hides in them."""

from dataclasses import dataclass

from wire import Connection

# What an attacker wants to have answered. Its answer would name it.
HIDDEN = b"GET /v2/models/hidden-request HTTP/1.1\r\nHost: localhost\r\n\r\n"
# The statuses of an answer behind which nothing more is read.
REFUSED = {400, 413, 431, 501}


def is_hidden(answer):
    # Refusals of bodies quote them too, with 400.
    return answer.status == 404 and b"hidden-request" in answer.body


def assert_refused(server, data, statuses=REFUSED, before=0):
    """`data` gets one answer that refuses it, and nothing else on its connection is ever answered."""
    with Connection(server) as connection:
        connection.send(data)
        # Whatever is behind it: were it read as a request, it would be answered.
        connection.send(HIDDEN * 3)
        answers = []
        while answer := connection.answer():
            answers.append(answer)
        came = [str(answer) for answer in answers]
        assert not any(map(is_hidden, answers)), came
        assert [answer.status for answer in answers[:before]] == [200] * before, came
        refusals = answers[before:]
        assert len(refusals) == 1 and refusals[0].status in statuses, came
        assert refusals[0].closes, refusals[0].headers
        assert connection.has_ended


@dataclass(frozen=True)
class Pieces:
    """A good request, taken apart: the request line and the headers but for those of the framing, and the body."""

    start: bytes
    headers: bytes
    body: bytes

    @classmethod
    def of(cls, request):
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        kept = [line for line in lines[1:] if not line.lower().startswith(b"content-length")]
        return cls(lines[0] + b"\r\n", b"".join(line + b"\r\n" for line in kept), body)

    def framed(self, lines, payload=None, start=None):
        """The request with these lines for its framing."""
        return (start or self.start) + self.headers + lines + b"\r\n" + (self.body if payload is None else payload)

    @property
    def length(self):
        return b"%d" % len(self.body)


def chunked(body, size=7):
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


# Content-Length. `%n` is the true length.
BAD_LENGTHS = {
    "twice, the same": b"Content-Length: %n\r\nContent-Length: %n\r\n",
    "twice, different": b"Content-Length: %n\r\nContent-Length: 0\r\n",
    "twice, different, the other way": b"Content-Length: 0\r\nContent-Length: %n\r\n",
    "twice, in different letters": b"content-length: 0\r\nCONTENT-LENGTH: %n\r\n",
    "as a list": b"Content-Length: %n, %n\r\n",
    "as a list of two": b"Content-Length: 0, %n\r\n",
    "with a comma": b"Content-Length: %n,\r\n",
    "with a plus": b"Content-Length: +%n\r\n",
    "with a minus": b"Content-Length: -%n\r\n",
    "minus one": b"Content-Length: -1\r\n",
    "minus zero": b"Content-Length: -0\r\n",
    "with a space within": b"Content-Length: 1 %n\r\n",
    "with a tab within": b"Content-Length: 1\t%n\r\n",
    "empty": b"Content-Length:\r\n",
    "of spaces": b"Content-Length:   \r\n",
    "a word": b"Content-Length: all\r\n",
    "hex": b"Content-Length: 0x%n\r\n",
    "with letters": b"Content-Length: %na\r\n",
    "a fraction": b"Content-Length: %n.0\r\n",
    "with an exponent": b"Content-Length: %ne0\r\n",
    "with an underscore": b"Content-Length: 0_%n\r\n",
    "in quotes": b'Content-Length: "%n"\r\n',
    "with a parameter": b"Content-Length: %n;x=1\r\n",
    "in wide digits": "Content-Length: ５\r\n".encode(),
    "behind a NUL": b"Content-Length: \x00%n\r\n",
    "with a NUL behind": b"Content-Length: %n\x00\r\n",
    "behind a vertical tab": b"Content-Length: \x0b%n\r\n",
    "with a form feed behind": b"Content-Length: %n\x0c\r\n",
    "with a delete": b"Content-Length: \x7f%n\r\n",
    "with a hard space": b"Content-Length: \xa0%n\r\n",
    "with a bare CR": b"Content-Length: %n\r0\r\n",
    "with a bare LF": b"Content-Length: 0\n%n\r\n",
    "folded": b"Content-Length:\r\n %n\r\n",
    "folded into another": b"X: y\r\n Content-Length: %n\r\n",
    "folded behind itself": b"Content-Length: %n\r\n 0\r\n",
    "with a space before the colon": b"Content-Length : %n\r\n",
    "with a tab before the colon": b"Content-Length\t: %n\r\n",
    "with a NUL in its name": b"Content-Length\x00: %n\r\n",
    "without a colon": b"Content-Length %n\r\n",
}

HUGE_LENGTHS = [
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "1" + "0" * 100,
    "9" * 5000,
    "4611686018427387904",
]

# Transfer-Encoding, whatever stands beside it.
BAD_CODINGS = {
    "twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "chunked and another": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "another and chunked": b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
    "chunked twice in one": b"Transfer-Encoding: chunked, chunked\r\n",
    "identity": b"Transfer-Encoding: identity\r\n",
    "identity behind chunked": b"Transfer-Encoding: chunked, identity\r\n",
    "identity before chunked": b"Transfer-Encoding: identity, chunked\r\n",
    "compressed and chunked": b"Transfer-Encoding: gzip, chunked\r\n",
    "compressed": b"Transfer-Encoding: gzip\r\n",
    "a word that ends so": b"Transfer-Encoding: xchunked\r\n",
    "a word that begins so": b"Transfer-Encoding: chunkedx\r\n",
    "cut short": b"Transfer-Encoding: chunke\r\n",
    "with a comma before": b"Transfer-Encoding: ,chunked\r\n",
    "with a comma behind": b"Transfer-Encoding: chunked,\r\n",
    "with a parameter": b"Transfer-Encoding: chunked;q=1\r\n",
    "in quotes": b'Transfer-Encoding: "chunked"\r\n',
    "in two words": b"Transfer-Encoding: chunked chunked\r\n",
    "with a space within": b"Transfer-Encoding: chun ked\r\n",
    "with a tab within": b"Transfer-Encoding: chun\tked\r\n",
    "empty": b"Transfer-Encoding:\r\n",
    "behind a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n",
    "with a NUL behind": b"Transfer-Encoding: chunked\x00\r\n",
    "with a hard space": b"Transfer-Encoding: \xa0chunked\r\n",
    "with a bare CR": b"Transfer-Encoding: chunked\r\rX: y\r\n",
    "with a bare LF": b"X: y\nTransfer-Encoding: chunked\r\n",
    "behind a bare CR": b"X: y\rTransfer-Encoding: chunked\r\n",
    "folded": b"Transfer-Encoding:\r\n chunked\r\n",
    "folded into another": b"X: y\r\n\tTransfer-Encoding: chunked\r\n",
    "folded behind itself": b"Transfer-Encoding: chunked\r\n , identity\r\n",
    "with a space before the colon": b"Transfer-Encoding : chunked\r\n",
    "with a tab before the colon": b"Transfer-Encoding\t: chunked\r\n",
    "with a space before the name": b" Transfer-Encoding: chunked\r\n",
    "with a NUL in its name": b"Transfer-Encoding\x00: chunked\r\n",
}

# Chunks of the five bytes `%d`, where the body should be, and what does not fit.
BAD_CHUNKS = {
    "no size": b"\r\n%b\r\n0\r\n\r\n",
    "a word for a size": b"zz\r\n%b\r\n0\r\n\r\n",
    "hex with a prefix": b"0x%x\r\n%b\r\n0\r\n\r\n",
    "negative": b"-%x\r\n%b\r\n0\r\n\r\n",
    "with a plus": b"+%x\r\n%b\r\n0\r\n\r\n",
    "behind a space": b" %x\r\n%b\r\n0\r\n\r\n",
    "behind a tab": b"\t%x\r\n%b\r\n0\r\n\r\n",
    "with an underscore": b"0_%x\r\n%b\r\n0\r\n\r\n",
    "beyond 64 bits": b"1000000000000000%x\r\n%b\r\n0\r\n\r\n",
    "all of 64 bits": b"ffffffffffffffff\r\n%b\r\n0\r\n\r\n",
    "63 bits": b"7fffffffffffffff\r\n%b\r\n0\r\n\r\n",
    "a thousand digits": b"f" * 1000 + b"\r\n%b\r\n0\r\n\r\n",
    "too small": b"1\r\n%b\r\n0\r\n\r\n",
    "no line end behind the data": b"%x\r\n%b0\r\n\r\n",
    "LF behind the size": b"%x\n%b\r\n0\r\n\r\n",
    "CR behind the size": b"%x\r%b\r\n0\r\n\r\n",
    "LF behind the data": b"%x\r\n%b\n0\r\n\r\n",
    "CR behind the data": b"%x\r\n%b\r0\r\n\r\n",
    "two letters behind the data": b"%x\r\n%bXX0\r\n\r\n",
    "LF behind the last size": b"%x\r\n%b\r\n0\n\r\n",
    "LF at the end": b"%x\r\n%b\r\n0\r\n\n",
    "LF behind an extension": b"%x;a=b\n%b\r\n0\r\n\r\n",
    "LF in an extension": b"%x;a\nb\r\n%b\r\n0\r\n\r\n",
    "CR in an extension": b"%x;a\rb\r\n%b\r\n0\r\n\r\n",
    "NUL in an extension": b"%x;\x00\r\n%b\r\n0\r\n\r\n",
    "NUL behind the size": b"%x\x00\r\n%b\r\n0\r\n\r\n",
    "LF behind a trailer": b"%x\r\n%b\r\n0\r\nX: y\n\r\n",
    "CR in a trailer": b"%x\r\n%b\r\n0\r\nX: y\rz\r\n\r\n",
    "NUL in a trailer": b"%x\r\n%b\r\n0\r\nX: \x00\r\n\r\n",
    "folded trailer": b"%x\r\n%b\r\n0\r\n X: y\r\n\r\n",
    "endless extension": b"%x;" + b"a" * (1 << 20) + b"\r\n%b\r\n0\r\n\r\n",
    "endless trailer": b"%x\r\n%b\r\n0\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "endless trailers": b"%x\r\n%b\r\n0\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
    "endless zeros": b"0" * (1 << 20) + b"%x\r\n%b\r\n0\r\n\r\n",
}

GOOD_CHUNKS = {
    "one chunk": b"%x\r\n%b\r\n0\r\n\r\n",
    "capital hex": b"%X\r\n%b\r\n0\r\n\r\n",
    "leading zeros": b"000%x\r\n%b\r\n000\r\n\r\n",
    "an extension": b"%x;name=value\r\n%b\r\n0;last\r\n\r\n",
    "an extension in quotes": b'%x;name="va;lue"\r\n%b\r\n0\r\n\r\n',
    "a trailer": b"%x\r\n%b\r\n0\r\nX: y\r\n\r\n",
    "trailers that mean something elsewhere": (
        b"%x\r\n%b\r\n0\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\nHost: evil\r\nConnection: close\r\n\r\n"
    ),
    "a request in an extension": b"%x;GET /v2/models/hidden-request HTTP/1.1\r\n%b\r\n0\r\n\r\n",
    "a request in a trailer": b"%x\r\n%b\r\n0\r\nX: GET /v2/models/hidden-request HTTP/1.1\r\n\r\n",
}


def with_chunks(template, body):
    return template.replace(b"%x", b"%x" % len(body)).replace(b"%X", b"%X" % len(body)).replace(b"%b", body)
