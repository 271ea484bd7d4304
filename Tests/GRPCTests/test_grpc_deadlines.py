# SPDX-License-Identifier: Apache-2.0
"""Deadlines that are wrong, past, or too short, and callers that leave in the middle of the work."""

import time

import grpc
import numpy
import pytest
from grpc_wire import (
    DEADLINE_EXCEEDED,
    INTERNAL,
    INVALID_ARGUMENT,
    OK,
    UNAVAILABLE,
    floats_of,
    infer_request,
    message,
    reply_of,
)
from http2_wire import body, reset
from tritonclient.grpc import service_pb2

# Of the debug build, some seconds.
LONG = 1_000_000


def slow_request(steps):
    request = service_pb2.ModelInferRequest(model_name="slow")
    request.inputs.add(name="steps", datatype="INT64", shape=[1])
    request.raw_input_contents.append(numpy.int64([steps]).tobytes())
    return request


def count_of(response):
    return int(numpy.frombuffer(response.raw_output_contents[0], numpy.int64)[0])


@pytest.mark.parametrize("value", ["1S", "5M", "1H", "5000m", "5000000u", "99999999n", "99999999H", "00000005S"])
def test_a_timeout_that_suffices_changes_nothing(caller, value):
    reply = caller.infer(None, ("grpc-timeout", value))
    assert reply.status == OK, reply


@pytest.mark.parametrize("value", ["1n", "0n", "0S", "00000000u"])
def test_a_deadline_that_is_past_is_exceeded(caller, value):
    reply = caller.infer(None, ("grpc-timeout", value))
    assert reply.status == DEADLINE_EXCEEDED and reply.message, reply
    caller.assert_serves()


@pytest.mark.parametrize(
    "value", ["", "1", "S", "1s", "1x", "-1S", "+1S", "1.5S", "1 S", "123456789S", "0x1S", "1SS", "S1", "1e3S",
        "∞S".encode().decode("latin-1")]
)  # fmt: skip
def test_a_timeout_that_is_none_is_refused(caller, value):
    reply = caller.infer(None, ("grpc-timeout", value))
    assert reply.status in (INVALID_ARGUMENT, INTERNAL) and reply.message, reply
    caller.assert_serves()


def test_two_timeouts_are_no_timeout(caller):
    reply = caller.infer(None, ("grpc-timeout", "1S"), ("grpc-timeout", "1n"))
    assert reply.status in (INVALID_ARGUMENT, INTERNAL, DEADLINE_EXCEEDED), reply


def test_work_that_waits_is_dropped_at_its_deadline(caller):
    """Sixteen slow calls, more than run at once: those that wait are told in time, and not when their turn comes."""
    began = time.monotonic()
    streams = []
    for _ in range(16):
        stream = caller.begin("ModelInfer", ("grpc-timeout", "300m"))
        caller.connection.send(body(stream, message(slow_request(LONG))))
        streams.append(stream)
    statuses = [reply_of(caller.connection.answer(stream, 60)).status for stream in streams]
    # UNAVAILABLE at once, where the server knows from what waits already that they cannot be in time.
    assert DEADLINE_EXCEEDED in statuses and set(statuses) <= {OK, DEADLINE_EXCEEDED, 8, UNAVAILABLE}, statuses
    assert time.monotonic() - began < 30
    caller.assert_serves()


def test_callers_that_leave_take_nothing_from_the_others(caller):
    """Thirty calls at once, every other one given up: the rest get what is theirs."""
    calls = {}
    for index in range(30):
        stream = caller.begin("ModelInfer")
        caller.connection.send(body(stream, message(slow_request(20_000 + index))))
        calls[stream] = 20_000 + index
    given_up = list(calls)[::2]
    caller.connection.send(*(reset(stream) for stream in given_up))
    for stream, steps in calls.items():
        if stream not in given_up:
            reply = reply_of(caller.connection.answer(stream, 60))
            assert reply.status == OK, reply
            assert count_of(reply.response) == steps
    caller.assert_serves()


def test_the_work_of_callers_that_left_is_not_done(server, caller):
    """A hundred long calls given up at once: whoever comes next does not wait for them."""
    for _ in range(100):
        stream = caller.begin("ModelInfer")
        caller.connection.send(body(stream, message(slow_request(LONG))), reset(stream))
    began = time.monotonic()
    reply = caller.call("ModelInfer", message(slow_request(10)), timeout=60)
    assert reply.status in (OK, 8), reply
    assert time.monotonic() - began < 20
    caller.assert_serves()


def test_a_connection_that_ends_takes_its_calls_along(server, caller):
    from grpc_wire import Caller

    for _ in range(20):
        with Caller(server.grpc_port) as leaving:
            for _ in range(20):
                stream = leaving.begin("ModelInfer")
                leaving.connection.send(body(stream, message(slow_request(LONG))))
    caller.connection.timeout = 60
    caller.assert_serves()
    assert floats_of(caller.infer(infer_request()).response) == [1.5, -2.0, 3.25]


def test_grpcs_own_client_sees_its_deadline(stub):
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(slow_request(LONG), timeout=0.2)
    # UNAVAILABLE where the server knows from what waits already that it cannot be in time.
    assert caught.value.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
    assert floats_of(stub.ModelInfer(infer_request(), timeout=120)) == [1.5, -2.0, 3.25]


def test_grpcs_own_client_cancels_a_stream(stub):
    calls = stub.ModelStreamInfer(slow_request(LONG) for _ in range(3))
    time.sleep(0.1)
    calls.cancel()
    with pytest.raises(grpc.RpcError) as caught:
        list(calls)
    assert caught.value.code() == grpc.StatusCode.CANCELLED
    assert floats_of(stub.ModelInfer(infer_request(), timeout=120)) == [1.5, -2.0, 3.25]
