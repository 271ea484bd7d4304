# SPDX-License-Identifier: Apache-2.0
"""gRPC on HTTP/2 frames, for what no client library would send, and to see what it hides of an answer."""

import ssl
import struct
import subprocess
import urllib.parse
from dataclasses import dataclass

from http2_wire import Connection, body, headers, request_fields
from tritonclient.grpc import service_pb2

SERVICE = "/inference.GRPCInferenceService"
GRPC_FIELDS = [("content-type", "application/grpc"), ("te", "trailers")]
VALUES = [1.5, -2.0, 3.25]

# Status codes.
(
    OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
    RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS,
    UNAUTHENTICATED,
) = range(17)  # fmt: skip


def message(content, compressed=0, length=None):
    """A message with its prefix, which may lie about the length."""
    content = content if isinstance(content, bytes) else content.SerializeToString()
    return struct.pack(">BI", compressed, len(content) if length is None else length) + content


def infer_request(values=VALUES, model="echo", **members):
    """One row of three floats, raw."""
    request = service_pb2.ModelInferRequest(model_name=model, **members)
    request.inputs.add(name="values", datatype="FP32", shape=[1, 3])
    request.raw_input_contents.append(struct.pack("<3f", *values))
    return request


def floats_of(response):
    content = response.raw_output_contents[0]
    return list(struct.unpack(f"<{len(content) // 4}f", content))


@dataclass
class Reply:
    http_status: int
    status: int | None
    message: str
    messages: list
    headers: list
    trailers: list

    @property
    def response(self):
        (content,) = self.messages
        return service_pb2.ModelInferResponse.FromString(content)


def reply_of(stream):
    """What came on a stream, in gRPC's form; anything against the form is a failure."""
    assert stream.reset in (None, 0), str(stream)
    if stream.status != 200:
        return Reply(stream.status, None, "", [], stream.headers, [])
    assert stream.header("content-type").startswith("application/grpc"), stream.headers
    is_short = stream.trailers is None
    last = stream.headers if is_short else stream.trailers
    assert not (is_short and stream.body), f"no trailers behind a body: {stream}"
    statuses = [value for name, value in [*stream.headers, *(stream.trailers or [])] if name == "grpc-status"]
    assert len(statuses) == 1 and ("grpc-status", statuses[0]) in last, str(stream)
    texts = [value for name, value in last if name == "grpc-message"]
    text = texts[0] if texts else ""
    # Percent-encoded: of printable ASCII, with no percent sign that is not the start of a byte.
    assert all(" " <= letter <= "~" for letter in text), repr(text)
    messages, start, content = [], 0, bytes(stream.body)
    while start < len(content):
        _, length = struct.unpack_from(">BI", content, start)
        messages.append(content[start + 5 : start + 5 + length])
        assert len(messages[-1]) == length, "half a message"
        start += 5 + length
    return Reply(200, int(statuses[0]), urllib.parse.unquote(text), messages, stream.headers, last)


class Caller:
    """Calls over one connection, one stream after the other."""

    def __init__(self, port, **arguments):
        self.connection, self.stream = Connection(("127.0.0.1", port), **arguments), -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.socket.close()

    def begin(self, method, *metadata, fields=GRPC_FIELDS, end_stream=False):
        """Sends the head of a call, and gives its stream."""
        self.stream += 2
        path = method if method.startswith("/") else f"{SERVICE}/{method}"
        self.connection.send(headers(self.stream, request_fields("POST", path, *fields, *metadata), end_stream))
        return self.stream

    def call(self, method, content, *metadata, fields=GRPC_FIELDS, timeout=None):
        """`content` is a message, or the bytes of a body as they are."""
        stream = self.begin(method, *metadata, fields=fields)
        self.connection.send(body(stream, content if isinstance(content, bytes) else message(content)))
        return reply_of(self.connection.answer(stream, timeout))

    def infer(self, request=None, *metadata):
        return self.call("ModelInfer", request or infer_request(), *metadata)

    def assert_serves(self):
        """A good call on this connection is answered rightly."""
        reply = self.infer(infer_request([float(self.stream), 0.5, -1.0]))
        assert reply.status == OK, reply
        assert floats_of(reply.response) == [float(self.stream - 2), 0.5, -1.0]


# Certificates


def make_certificate(folder):
    """chain.pem and key.pem of a server under the name localhost."""
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out chain.pem"
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return ["--tls-certificate", folder / "chain.pem", "--tls-key", folder / "key.pem"]


def client_context(folder, *protocols):
    """Of a client that trusts that certificate, and speaks these protocols."""
    context = ssl.create_default_context(cafile=folder / "chain.pem")
    context.set_alpn_protocols(list(protocols))
    return context
