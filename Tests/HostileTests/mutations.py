# SPDX-License-Identifier: Apache-2.0
"""Requests that were right once: bits flipped, cut, doubled, spliced, numbers and headers edited. All from a seed."""

import gzip
import random
import re

from attacks import BAD_CHUNKS, BAD_CODINGS, BAD_LENGTHS, Pieces, chunked
from bad_bodies import BAD_BODIES, binary_texts, texts_bodies
from protocols import PROTOCOLS, administration, alias
from wire import JSON, LIVE, get, message

NUMBERS = [
    b"0",
    b"-0",
    b"-1",
    b"1",
    b"2",
    b"3",
    b"12",
    b"127",
    b"255",
    b"256",
    b"65535",
    b"65536",
    b"2147483647",
    b"2147483648",
    b"4294967295",
    b"4294967296",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1e308",
    b"1e309",
    b"1e-400",
    b"0.1",
    b"00",
    b"01",
    b"1e",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b'"1"',
    b"[]",
    b"{}",
    b"9" * 400,
]
BYTES = [
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b":",
    b",",
    b";",
    b'"',
    b"\\",
    b"/",
    b"%",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\xff",
    b"\x80",
    b"\xed\xa0\x80",
    b"\\u0000",
    b"\\ud800",
    b"?",
    b"#",
    b"+",
    b"-",
    b"=",
    b"&",
    b"\x7f",
    b"\xef\xbb\xbf",
]
LINES = [
    *(line.replace(b"%n", b"7") for line in BAD_LENGTHS.values()),
    *BAD_CODINGS.values(),
    b"Expect: 100-continue\r\n",
    b"Expect: x\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Upgrade: h2c\r\n",
    b"Host: x\r\n",
    b"Host:\r\n",
    b"Content-Type: text/csv\r\n",
    b"Content-Type: application/json\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Accept-Encoding: gzip\r\n",
    b"Inference-Header-Content-Length: 20\r\n",
    b"Inference-Header-Content-Length: -1\r\n",
    b"X-Forwarded-For: 1.2.3.4\r\n",
    b"Authorization: Bearer x\r\n",
    b"Accept: text/csv\r\n",
    b"Slipway-Timeout: 0\r\n",
    b"Slipway-Timeout: -1s\r\n",
    b"Range: bytes=0-\r\n",
    b"If-None-Match: *\r\n",
    b"Transfer-Encoding: chunked\r\n",
]


class Mutator:
    """The messages of one run. The same seed and number give the same message, on every machine."""

    def __init__(self, server, seed):
        self.seed = seed
        texts = b'{"inputs":[{"name":"values","datatype":"BYTES","shape":[1,3],"data":["a","\\u00e9","\xe9\x9b\xaa"]}]}'
        many = b'{"id":"x","inputs":[{"name":"values","datatype":"FP32","shape":[20,3],"data":[' + b",".join(
            [b"0.5"] * 60
        )
        many += b']}],"outputs":[{"name":"same","parameters":{"binary_data":true}}],"parameters":{"a":[1,{"b":null}]}}'
        nullable = b'[{"first":null,"second":1,"third":2},{"second":1,"third":2.5}]'
        both = b'{"inputs":[{"name":"left","datatype":"FP32","shape":[1,2],"data":[1,2]},'
        both += b'{"name":"right","datatype":"FP32","shape":[1,2],"data":[[3,4]]}]}'
        table = b'values[0],values[1],"values[2]"\r\n1,2,"3"\r\n4,5,6\r\n'
        headers, raw_texts = binary_texts()
        with_body = [
            *(protocol.request() for protocol in PROTOCOLS for _ in range(3)),
            message("POST", "/v2/models/texts/infer", JSON, texts),
            message("POST", "/v2/models/texts/infer", headers, raw_texts),
            message("POST", "/v2/models/echo/versions/1/infer", JSON, many),
            message("POST", "/v1/endpoints/texts/predict", JSON, b'[{"values":["a","b","c"]}]'),
            message("POST", "/v1/endpoints/columns/predict", JSON, nullable),
            message("POST", "/v1/endpoints/counts/predict", [("Content-Type", "text/csv")], table),
            message("POST", "/v2/models/add/infer", JSON, both),
            alias(server),
        ]
        self.with_body = [Pieces.of(request) for request in with_body]
        self.whole = [
            *with_body,
            *(pieces.framed(b"Transfer-Encoding: chunked\r\n", chunked(pieces.body)) for pieces in self.with_body),
            LIVE,
            get("/v2/models/echo"),
            get("/v2/models/echo/versions/1/ready"),
            get("/v2"),
            get("/v1/status"),
            administration(server, "GET", "/v1/logs?lines=5"),
            administration(server, "GET", "/v1/ledger?from=0&limit=2"),
        ]
        self.bad_bodies = [
            body[1] if isinstance(body, tuple) else body
            for bodies in [*BAD_BODIES.values(), texts_bodies()]
            for body in bodies.values()
        ]
        self.bad_bodies = [body for body in self.bad_bodies if len(body) < 5000]
        self.bad_chunks = [body for body in BAD_CHUNKS.values() if len(body) < 5000]

    def burst(self, number):
        """What one connection sends: good requests as (protocol, values), bodies mutated in a good frame, and messages
        mutated anywhere. The last may end the connection; the others get one answer each.
        """
        draw = random.Random(self.seed * 1_000_003 + number)
        good = [
            (protocol, [float(number % 1_000_000), float(index), draw.randrange(1000) / 4])
            for index, protocol in enumerate(draw.choices(PROTOCOLS, k=draw.randrange(3)))
        ]
        framed = [self.framed(draw) for _ in range(draw.choice([0, 1, 2, 4, 8, 16]))]
        free = [self.free(draw) for _ in range(draw.choice([1, 1, 2, 4]))]
        return good, framed, free, draw.choice(["ends", "ends", "ends", "ends", "resets"])

    def framed(self, draw):
        pieces = draw.choice(self.with_body)
        body = pieces.body
        for _ in range(draw.choice([1, 1, 1, 2, 4])):
            body = self.mutated(body, draw)
        if draw.random() < 0.1:
            encoded = gzip.compress(body, draw.choice([0, 1]))
            if draw.random() < 0.5:
                encoded = self.mutated(encoded, draw)
            return pieces.framed(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(encoded), encoded)
        if draw.random() < 0.2:
            return pieces.framed(b"Transfer-Encoding: chunked\r\n", chunked(body, draw.choice([1, 7, 1000])))
        return pieces.framed(b"Content-Length: %d\r\n" % len(body), body)

    def free(self, draw):
        data = draw.choice(self.whole)
        for _ in range(draw.choice([1, 1, 2, 3, 8])):
            data = self.mutated(data, draw)
        return data

    def mutated(self, data, draw):
        kind, position = draw.randrange(12), draw.randrange(len(data) + 1)
        if kind == 0 and position < len(data):
            return data[:position] + bytes([data[position] ^ (1 << draw.randrange(8))]) + data[position + 1 :]
        if kind == 1:
            return data[:position] + draw.choice(BYTES) + data[position + draw.randrange(2) :]
        if kind == 2:
            return data[:position]
        end = min(len(data), position + draw.choice([1, 2, 4, 16, 64]))
        if kind == 3:
            return data[:position] + data[end:]
        if kind == 4:
            return data[:end] + data[position:end] * draw.choice([1, 1, 2, 50]) + data[end:]
        if kind == 5:
            other = draw.choice(self.whole)
            return data[:position] + other[draw.randrange(len(other)) :]
        if kind in (6, 7):
            numbers = list(re.finditer(rb"-?\d+(\.\d+)?", data))
            if numbers:
                number = draw.choice(numbers)
                return data[: number.start()] + draw.choice(NUMBERS) + data[number.end() :]
        if kind in (8, 9):
            ends = [match.end() for match in re.finditer(rb"\r\n", data)]
            if ends:
                end = draw.choice(ends)
                if draw.random() < 0.3:
                    return (
                        data[: end - 2]
                        + draw.choice([b"\n", b"\r", b"\r\r\n", b"", b"\r\n ", b"\r\n\t", b"\n\n"])
                        + data[end:]
                    )
                return data[:end] + draw.choice(LINES) + data[end:]
        if kind == 10:
            return data[:position] + draw.choice(self.bad_bodies)
        if kind == 11:
            return data[:position] + draw.choice(self.bad_chunks) + data[position:]
        return data[:position] + bytes([draw.randrange(256)]) + data[position:]
