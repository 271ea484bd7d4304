# SPDX-License-Identifier: Apache-2.0
"""Who is asked over HTTP/2, and what a good request to each is: REST and gRPC on the port of HTTP, in the clear and
over TLS, and gRPC on a port of its own.

SLIPWAY_HTTP2_REFERENCE names nghttpd, another server of HTTP/2: the cases then run against it as well, which shows that
it is the specification they hold a server to, and not this one. Where it differs is said in `http2_spec.py`.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from grpc_wire import GRPC_FIELDS, SERVICE, VALUES, floats_of, infer_request, message, reply_of
from http2_wire import Connection, body, headers, request_fields

REFERENCE = os.environ.get("SLIPWAY_HTTP2_REFERENCE")


def infer_json(values=VALUES):
    return json.dumps({"inputs": [{"name": "values", "datatype": "FP32", "shape": [1, 3], "data": values}]}).encode()


def is_rest_answer(stream, values=VALUES):
    return stream.status == 200 and stream.ended and json.loads(stream.body)["outputs"][0]["data"] == list(values)


def is_grpc_answer(stream, values=VALUES):
    if stream.status != 200 or not stream.ended or stream.header("grpc-status", trailers=True) != "0":
        return False
    return floats_of(reply_of(stream).response) == list(values)


@dataclass(frozen=True)
class Target:
    name: str
    address: tuple
    # The fields of a request with a body, and the body.
    fields: list
    content: bytes
    is_right: Callable
    # A path that is answered when it is asked for without a body, with 200 and some bytes.
    path: str | None = None
    tls: object = None

    def connect(self, *options, **arguments):
        return Connection(self.address, options, tls=self.tls, **arguments)

    def head(self, stream, *more, without=(), end_stream=False, **arguments):
        """The HEADERS of a request with a body. `more` replaces fields of the same name or comes behind them."""
        replaced = {name for name, _ in more} | set(without)
        kept = [(name, value) for name, value in self.fields if name not in replaced]
        pseudo = [pair for pair in more if pair[0].startswith(":")]
        regular = [pair for pair in more if not pair[0].startswith(":")]
        split = sum(name.startswith(":") for name, _ in kept)
        return headers(stream, kept[:split] + pseudo + kept[split:] + regular, end_stream=end_stream, **arguments)

    def request(self, stream, *more):
        return self.head(stream, *more) + body(stream, self.content)

    def short(self, stream, *more):
        """The shortest good request."""
        if self.path:
            return headers(stream, request_fields("GET", self.path, *more))
        return self.request(stream, *more)

    def assert_serves(self, connection, stream):
        """A good request on this connection is answered rightly."""
        assert connection.send(self.request(stream)), f"closed: {connection}"
        came = connection.answer(stream)
        assert self.is_right(came), str(came)

    def __str__(self):
        return self.name


def rest(name, address, tls=None):
    scheme = "https" if tls else "http"
    fields = request_fields("POST", "/v2/models/echo/infer", ("content-type", "application/json"), scheme=scheme)
    return Target(name, address, fields, infer_json(), is_rest_answer, "/v2/models/echo", tls)


def grpc(name, address, tls=None):
    fields = request_fields("POST", f"{SERVICE}/ModelInfer", *GRPC_FIELDS, scheme="https" if tls else "http")
    return Target(name, address, fields, message(infer_request()), is_grpc_answer, tls=tls)


@contextlib.contextmanager
def reference(folder):
    """nghttpd, on a port that was free a moment ago, with files to give."""
    (folder / "file").write_bytes(b"twenty bytes of text")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [REFERENCE, "--no-tls", "--address=127.0.0.1", f"--htdocs={folder}", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        fields = request_fields("POST", "/file")
        is_right = lambda stream: stream.status == 200 and stream.ended  # noqa: E731
        yield Target("nghttpd", ("127.0.0.1", port), fields, b"content", is_right, "/file")
    finally:
        process.kill()
        process.wait()
