# SPDX-License-Identifier: Apache-2.0
"""Predictions that arrive in one read of a connection, and are one call of the engine."""

import csv
import json
import struct
import urllib.request

import pytest
from grpc_wire import GRPC_FIELDS, INVALID_ARGUMENT, OK, SERVICE, Caller, message, reply_of
from http2_wire import body, headers, request_fields, reset
from program import EXAMPLES, running
from tritonclient.grpc import service_pb2


@pytest.fixture(scope="module")
def cancer(tmp_path_factory):
    with running(tmp_path_factory.mktemp("together"), "--grpc-port", 0) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        yield server


@pytest.fixture(scope="module")
def rows():
    with open(EXAMPLES / "breast-cancer" / "examples.csv", newline="") as file:
        return [[float(value) for value in row[:30]] for row in list(csv.reader(file))[1:]]


def floats(content):
    return struct.unpack(f"<{len(content) // 4}f", content)


def show(server):
    asked = urllib.request.Request(
        f"{server.url}/v1/endpoints/breast-cancer", headers={"authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(asked) as reply:
        return json.load(reply)["endpoint"]


def request(caller, row, name, width=30):
    content = service_pb2.ModelInferRequest(model_name="breast-cancer")
    content.inputs.add(name=name, datatype="FP32", shape=[1, width])
    content.raw_input_contents.append(struct.pack(f"<{len(row)}f", *row))
    return content


def parts(caller, content):
    caller.stream += 2
    fields = request_fields("POST", f"{SERVICE}/ModelInfer", *GRPC_FIELDS)
    return headers(caller.stream, fields, end_stream=False) + body(caller.stream, message(content))


@pytest.fixture
def caller(cancer):
    with Caller(cancer.grpc_port) as caller:
        caller.connection.ready()
        yield caller


@pytest.fixture(scope="module")
def name(cancer):
    with Caller(cancer.grpc_port) as caller:
        reply = caller.call("ModelMetadata", service_pb2.ModelMetadataRequest(name="breast-cancer"))
        return service_pb2.ModelMetadataResponse.FromString(reply.messages[0]).inputs[0].name


def answers(caller, streams):
    return [reply_of(caller.connection.answer(stream)) for stream in streams]


def test_each_gets_its_own_answer(cancer, caller, rows, name):
    alone = [caller.infer(request(caller, row, name)).response.raw_output_contents for row in rows[:40]]
    before = show(cancer)["batching"]
    first = caller.stream + 2
    caller.connection.send(b"".join(parts(caller, request(caller, row, name)) for row in rows[:40]))
    came = answers(caller, range(first, first + 80, 2))
    assert all(reply.status == OK for reply in came)
    for reply, (label, probabilities) in zip(came, alone, strict=True):
        assert reply.response.raw_output_contents[0] == label
        # In company the last bits may differ, within the proof's tolerance.
        pairs = zip(floats(reply.response.raw_output_contents[1]), floats(probabilities), strict=True)
        assert all(abs(one - other) <= 1e-6 for one, other in pairs)
    after = show(cancer)["batching"]
    assert after["requests"] - before.get("requests", 0) >= 30
    assert after["calls"] - before.get("calls", 0) < 10
    assert after["joins"] and "arrive together" in after["reason"]
    requests = show(cancer)["requests"]
    assert requests["accepted"] == requests["answered"] and requests["failed"] == 0


def test_a_wrong_one_spoils_no_other(cancer, caller, rows, name):
    """Refused where it is read: it is in no call of the engine."""
    contents = [request(caller, row, name) for row in rows[:9]]
    contents[4] = request(caller, rows[4][:29], name)
    contents[6] = request(caller, rows[6], "another")
    first = caller.stream + 2
    caller.connection.send(b"".join(parts(caller, content) for content in contents))
    statuses = [reply.status for reply in answers(caller, range(first, first + 18, 2))]
    assert statuses == [INVALID_ARGUMENT if index in (4, 6) else OK for index in range(9)]


def test_who_gives_up_at_once_disturbs_nobody(cancer, caller, rows, name):
    first = caller.stream + 2
    pieces = []
    for index, row in enumerate(rows[:30]):
        pieces.append(parts(caller, request(caller, row, name)))
        if index % 3 == 0:
            pieces.append(reset(caller.stream))
    caller.connection.send(b"".join(pieces))
    kept = [first + 2 * index for index in range(30) if index % 3]
    assert all(reply.status == OK for reply in answers(caller, kept))
    requests = show(cancer)["requests"]
    assert requests["accepted"] == requests["answered"]


def test_switched_off_each_is_a_call_of_its_own(cancer, caller, rows, name):
    cancer.slipway("endpoint", "set", "breast-cancer", "--batching", "off")
    try:
        before = show(cancer)["batching"]["calls"]
        first = caller.stream + 2
        caller.connection.send(b"".join(parts(caller, request(caller, row, name)) for row in rows[:20]))
        assert all(reply.status == OK for reply in answers(caller, range(first, first + 40, 2)))
        assert show(cancer)["batching"]["calls"] == before
    finally:
        cancer.slipway("endpoint", "set", "breast-cancer", "--batching", "auto")
