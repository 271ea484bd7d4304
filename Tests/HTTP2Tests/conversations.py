# SPDX-License-Identifier: Apache-2.0
"""Conversations that are right, over gRPC and REST, and what mutations make of them. All from a seed.

A stream is a list of frames (kind, flags, payload) without its number, which a connection gives it. Mutations are of
two sorts: *tame* ones change a body or a field, so that the frames stay whole and every stream has to be answered;
*wild* ones change frames, and may end the connection.
"""

import gzip
import json
import random
import struct

from grpc_wire import GRPC_FIELDS, SERVICE, infer_request, message
from http2_wire import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HAS_PRIORITY,
    HEADERS,
    PADDED,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    block,
    frame,
    integer,
    literal,
    priority_fields,
    request_fields,
)
from large_model import field, varint
from tritonclient.grpc import service_pb2

JSON = [("content-type", "application/json")]
CUT = [1, 2, 4, 16, 64]
# Pieces of protobuf, JSON and HPACK that readers trip over.
PIECES = [
    b"\x00", b"\xff", b"\x80", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", b"\xff" * 9 + b"\x01", b"\x0a\x7f",
    b"\x0b", b"\x0c", varint(1 << 31), varint(1 << 63), varint((1 << 64) - 1), b"\x1a" + varint(1 << 32),
    struct.pack("<I", 0xFFFFFFFF), struct.pack("<Q", 1 << 63), b"\x20", b"\x3f\xe1\x1f", b"\x3f" + b"\xff" * 10,
    integer(62, 7, 0x80), integer(70, 7, 0x80),
    b"{", b"[" * 50, b'"', b"\\ud800", b"1e309", b"NaN", b"-1", b"9223372036854775808", b"null", b",", b"\r\n",
    b"\xed\xa0\x80",
]  # fmt: skip
BAD_FIELDS = [
    ("grpc-timeout", "1n"), ("grpc-timeout", "99999999H"), ("grpc-timeout", "x"), ("grpc-encoding", "gzip"),
    ("grpc-encoding", "zz"), ("content-type", "text/plain"), ("content-length", "5"), ("content-encoding", "gzip"),
    ("te", "gzip"), ("connection", "close"), ("X-Big", "1"), (":path", "/"), (":status", "200"), ("host", "evil"),
    ("authorization", "Bearer x"), ("inference-header-content-length", "20"), ("inference-header-content-length", "-1"),
    ("accept", "text/csv"), ("expect", "100-continue"), ("slipway-timeout", "0"), ("x", "a" * 3000),
    ("cookie", "a=b"),
    ("grpc-accept-encoding", "gzip"), ("accept-encoding", "gzip"), ("range", "bytes=0-"), ("x-forwarded-for", "1.2.3.4"),
]  # fmt: skip


def grpc(method, *messages, fields=(), compressed=0):
    path = method if method.startswith("/") else f"{SERVICE}/{method}"
    body = b"".join(message(gzip.compress(content, 1) if compressed else content, compressed) for content in messages)
    return request_fields("POST", path, *GRPC_FIELDS, *fields), body


def rest(method, path, body=b"", fields=JSON):
    return request_fields(method, path, *fields), body


def serialized(kind, **members):
    return getattr(service_pb2, kind)(**members).SerializeToString()


def tensor_request(model, datatype, shape, raw=None, name="values", **contents):
    request = service_pb2.ModelInferRequest(model_name=model, id="x")
    tensor = request.inputs.add(name=name, datatype=datatype, shape=shape)
    if raw is not None:
        request.raw_input_contents.append(raw)
    for kind, values in contents.items():
        getattr(tensor.contents, kind).extend(values)
    return request.SerializeToString()


def conversations():
    """(fields, body) of each."""
    row = infer_request().SerializeToString()
    texts = b"".join(struct.pack("<I", len(part)) + part for part in [b"a", "雪".encode(), b""])
    asked = service_pb2.ModelInferRequest.FromString(row)
    asked.outputs.add(name="same").parameters["classification"].int64_param = 2
    asked.parameters["note"].string_param = "mine"
    infer_v2 = json.dumps(
        {"id": "x", "inputs": [{"name": "values", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]}
    ).encode()
    head = b'{"inputs":[{"name":"values","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}'
    return [
        grpc("ModelInfer", row),
        grpc("ModelInfer", row, fields=[("grpc-timeout", "20S"), ("x-note", "mine")]),
        grpc("ModelInfer", row, fields=[("grpc-encoding", "gzip")], compressed=1),
        grpc("ModelInfer", asked.SerializeToString()),
        grpc("ModelInfer", tensor_request("echo", "FP32", [2, 3], struct.pack("<6f", *range(6)))),
        grpc("ModelInfer", tensor_request("echo", "FP32", [1, 3], fp32_contents=[1, 2, 3])),
        grpc("ModelInfer", tensor_request("texts", "BYTES", [1, 3], texts)),
        grpc("ModelInfer", tensor_request("texts", "BYTES", [1, 3], bytes_contents=[b"a", b"\xff", b""])),
        grpc("ModelInfer", tensor_request("counts", "INT64", [1, 3], int64_contents=[-1, 0, 1 << 62])),
        grpc("ModelStreamInfer", row, row, row),
        grpc("ModelReady", serialized("ModelReadyRequest", name="echo", version="1")),
        grpc("ModelMetadata", serialized("ModelMetadataRequest", name="echo")),
        grpc("ModelConfig", serialized("ModelConfigRequest", name="echo")),
        grpc("ModelStatistics", serialized("ModelStatisticsRequest", name="echo")),
        grpc("RepositoryIndex", b"\x10\x01"),
        grpc("RepositoryModelLoad", b"\x12\x04echo"),
        grpc("ServerMetadata", b""),
        grpc("ServerReady", b""),
        grpc("/grpc.health.v1.Health/Check", b""),
        grpc("/grpc.health.v1.Health/Check", field(1, "inference.GRPCInferenceService")),
        grpc("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", field(7, ""), field(4,
        "inference.ModelInferRequest")), rest("POST", "/v2/models/echo/infer", infer_v2),
        rest("POST", "/v2/models/echo/infer", head + struct.pack("<3f", 1, 2, 3),
             [("inference-header-content-length", str(len(head)))]),
        rest("POST", "/v2/models/echo/infer", gzip.compress(infer_v2),
            [*JSON, ("content-encoding", "gzip")]),
        rest("POST", "/v1/endpoints/echo/predict", b'[{"values":[1,2,3]},{"values":[4,5,6]}]'),
        rest("POST", "/v1/endpoints/echo/predict", b"values[0],values[1],values[2]\n1,2,3\n", [("content-type", "text/csv")]),
        rest("POST", "/v1/models/echo:predict", b'{"instances":[{"values":[1,2,3]}]}'),
        rest("GET", "/v2/models/echo"),
        rest("GET", "/v2/health/ready"),
    ]  # fmt: skip


def frames_of(encoded, body):
    """One HEADERS, and one DATA where there is a body."""
    if not body:
        return [(HEADERS, END_HEADERS | END_STREAM, encoded)]
    return [(HEADERS, END_HEADERS, encoded), (DATA, END_STREAM, body)]


class Mutator:
    """The streams of one run. The same seed and number give the same connection, on every machine."""

    def __init__(self, seed):
        self.seed = seed
        self.sources = [(fields, block(fields), body) for fields, body in conversations()]
        self.blocks = {encoded for _, encoded, _ in self.sources}
        self.bodies = [body for _, _, body in self.sources if body]
        self.extra = [
            (WINDOW_UPDATE, 0, struct.pack(">I", 1)), (WINDOW_UPDATE, 0, bytes(4)), (WINDOW_UPDATE, 0,
            b"\x7f\xff\xff\xff"), (RST_STREAM, 0, struct.pack(">I", 8)), (PRIORITY, 0, priority_fields(3)), (PRIORITY,
            0, priority_fields(1)), (DATA, 0, b""), (DATA, END_STREAM, b"more"), (DATA, PADDED, b"\x05abc"), (DATA,
            PADDED, b"\x02abcde"),
            (HEADERS, END_HEADERS | END_STREAM, block([("x-trailer", "1")])), (HEADERS, END_HEADERS, b""),
            (CONTINUATION, END_HEADERS, block([("x", "y")])), (CONTINUATION, 0, b""), (0x16, 0xFF, b"extension"),
            (HEADERS, END_HEADERS | HAS_PRIORITY, priority_fields(0) + block([("x", "y")])),
        ]  # fmt: skip
        self.control = [
            frame(SETTINGS, 0, 0, struct.pack(">HI", *pair))
            for pair in [(4, 0), (4, 1), (4, 65535), (4, 1 << 31), (1, 0), (1, 4096), (5, 16384), (5, 1), (2, 1), (3, 0), (6, 1), (9, 9)]
        ]  # fmt: skip
        self.control += [
            frame(SETTINGS, 1), frame(SETTINGS, 0, 0, b"abc"), frame(PING, 0, 0, bytes(8)), frame(PING, 1, 0, bytes(8)),
            frame(PING, 0, 0, b"x"), frame(GOAWAY, 0, 0, bytes(8)), frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1000)),
            frame(WINDOW_UPDATE, 0, 0, bytes(4)), frame(0x20, 0, 0, bytes(20)), frame(5, 4, 1, b"\x00\x00\x00\x02\x88"),
        ]  # fmt: skip

    def connection(self, number):
        """-> (good values, streams that are tame, streams that are wild), each stream a list of frames."""
        draw = random.Random(self.seed * 1_000_003 + number)
        good = [float(number % 1_000_000), float(draw.randrange(1000)), 0.25]
        tame = [self.tame(draw) for _ in range(draw.choice([0, 2, 8, 16, 24]))]
        return good, tame, [self.wild(draw) for _ in range(draw.choice([1, 2, 4, 8]))]

    def tame(self, draw):
        fields, encoded, body = draw.choice(self.sources)
        kind = draw.randrange(8)
        if kind == 0:
            encoded += literal(*draw.choice(BAD_FIELDS), draw.choice([0, 0x40, 0x10]))
        elif kind == 1:
            encoded = block([pair for pair in fields if pair is not draw.choice(fields)])
        if body and kind:
            is_grpc = body[0] < 2 and kind != 2
            content = body[5:] if is_grpc else body
            for _ in range(draw.choice([1, 1, 1, 2, 4])):
                content = self.mutated(content, draw)
            # A message whose prefix tells its new length: the change gets to the reader of messages.
            body = body[:1] + struct.pack(">I", len(content)) + content if is_grpc else content
        if kind == 3 and len(body) > 1:
            middle = draw.randrange(1, len(body))
            return [(HEADERS, END_HEADERS, encoded), (DATA, 0, body[:middle]), (DATA, END_STREAM, body[middle:])]
        return frames_of(encoded, body)

    def wild(self, draw):
        fields, encoded, body = draw.choice(self.sources)
        frames = frames_of(encoded, body)
        for _ in range(draw.choice([1, 1, 2, 3])):
            position = draw.randrange(len(frames))
            if isinstance(frames[position], bytes):
                frames[position] = self.mutated(frames[position], draw)
                continue
            kind, flags, payload = frames[position]
            change = draw.randrange(12)
            if change == 0:
                frames[position] = (kind, flags ^ 1 << draw.randrange(8), payload)
            elif change == 1:
                frames[position] = (draw.randrange(12), flags, payload)
            elif change in (2, 3, 4):
                frames[position] = (kind, flags, self.mutated(payload, draw))
            elif change == 5:
                frames.insert(position, draw.choice(self.extra))
            elif change == 6:
                frames.append(draw.choice(self.extra))
            elif change == 7:
                frames.insert(position, frames[position])
            elif change == 8:
                draw.shuffle(frames)
            elif change == 9 and len(frames) > 1:
                del frames[position]
            elif change == 10 and kind == HEADERS and len(payload) > 3:
                cut = sorted(draw.sample(range(len(payload)), 2))
                frames[position : position + 1] = [
                    (HEADERS, flags & ~END_HEADERS, payload[: cut[0]]),
                    (CONTINUATION, 0, payload[cut[0] : cut[1]]),
                    (CONTINUATION, END_HEADERS, payload[cut[1] :]),
                ]
            else:
                frames.insert(position, draw.choice(self.control))
        return frames

    def mutated(self, data, draw):
        kind, position = draw.randrange(8), draw.randrange(len(data) + 1)
        if kind < 2 and position < len(data):
            return data[:position] + bytes([data[position] ^ (1 << draw.randrange(8))]) + data[position + 1 :]
        end = position + draw.choice(CUT)
        if kind == 2:
            return data[:position] + data[end:]
        if kind == 3:
            return data[:position]
        if kind == 4:
            return data[:end] + data[position:]
        if kind == 5:
            other = draw.choice(self.bodies)
            return data[:position] + other[draw.randrange(len(other)) :]
        return data[:position] + draw.choice(PIECES) + data[position + draw.randrange(2) :]


def written(frames, stream, draw=None):
    """The bytes of a stream; a piece of `frames` that is bytes already belongs to the connection. With `draw`, now and
    then a length or a number that is wrong."""
    parts = []
    for each in frames:
        if isinstance(each, bytes):
            parts.append(each)
            continue
        kind, flags, payload = each
        whole = frame(kind, flags, stream, payload)
        if draw is not None and draw.random() < 0.1:
            place = draw.randrange(9)
            whole = whole[:place] + bytes([whole[place] ^ (1 << draw.randrange(8))]) + whole[place + 1 :]
        parts.append(whole)
    return b"".join(parts)
