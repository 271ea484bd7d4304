# SPDX-License-Identifier: Apache-2.0
"""tritonclient over gRPC, unmodified: predictions."""

import queue
import threading
import time
import uuid

import grpc
import ml_dtypes
import numpy
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

ROWS = numpy.arange(12, dtype=numpy.float32).reshape(4, 3) / 4


def tensor(name, values, datatype="FP32"):
    values = numpy.asarray(values)
    return triton.InferInput(name, list(values.shape), datatype).set_data_from_numpy(values)


def refused(client, model, inputs, **options):
    with pytest.raises(InferenceServerException) as caught:
        client.infer(model, inputs, **options)
    return caught.value


def limits(kind):
    return numpy.array([numpy.iinfo(kind).min, numpy.iinfo(kind).max], kind)


EVERY_TYPE = {
    "bool": ("BOOL", numpy.array([True, False])),
    **{kind: (kind.upper(), limits(kind)) for kind in
       ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]},
    "fp16": ("FP16", numpy.array([0.1, -1.5], numpy.float16)),
    "bf16": ("BF16", numpy.array([0.1, -1.5], ml_dtypes.bfloat16)),
    "fp32": ("FP32", numpy.array([0.1, -1.5], numpy.float32)),
    "fp64": ("FP64", numpy.array([0.1, -1.5])),
    "string": ("BYTES", numpy.array(["zwölf Boxkämpfer".encode(), b""], object)),
}  # fmt: skip


# Predictions


def test_rows_come_back_as_they_went(any_address):
    with triton.InferenceServerClient(any_address) as client:
        result = client.infer("echo", [tensor("values", ROWS)], request_id="order 66")
        numpy.testing.assert_array_equal(result.as_numpy("same"), ROWS, strict=True)
        response = result.get_response()
        assert (response.id, response.model_name, response.model_version) == ("order 66", "echo", "1")
        assert str(uuid.UUID(id := response.parameters["prediction_id"].string_param)) == id


def test_an_answer_may_be_read_as_json(client):
    response = client.infer("echo", [tensor("values", ROWS)]).get_response(as_json=True)
    assert response["outputs"][0] == {"name": "same", "datatype": "FP32", "shape": ["4", "3"]}


def test_every_type_comes_back_as_it_went(client):
    inputs = [tensor(f"in_{kind}", given, datatype) for kind, (datatype, given) in EVERY_TYPE.items()]
    result = client.infer("every-type", inputs)
    for kind, (datatype, given) in EVERY_TYPE.items():
        assert result.get_output(f"out_{kind}").datatype == datatype
        assert result.as_numpy(f"out_{kind}").tolist() == given.tolist(), kind


def test_only_the_outputs_asked_for_come_in_their_order(client):
    inputs = [tensor(f"in_{kind}", given, datatype) for kind, (datatype, given) in EVERY_TYPE.items()]
    outputs = [triton.InferRequestedOutput(name) for name in ["out_uint8", "out_string", "out_bool"]]
    response = client.infer("every-type", inputs, outputs=outputs).get_response()
    assert [output.name for output in response.outputs] == ["out_uint8", "out_string", "out_bool"]
    assert len(response.raw_output_contents) == 3


def test_two_inputs_in_any_order(client):
    left, right = numpy.float32([[1, 2]]), numpy.float32([[10, 20]])
    for inputs in [[tensor("left", left), tensor("right", right)], [tensor("right", right), tensor("left", left)]]:
        assert client.infer("add", inputs).as_numpy("sum").tolist() == [[11, 22]]


def test_bytes_travel_unchanged_whatever_they_hold(client):
    given = numpy.array([[b"", b"\x00", b"plain"], [b"\xff\xfe", b'"\n\\', "雪".encode()]], object)
    assert client.infer("texts", [tensor("values", given, "BYTES")]).as_numpy("same").tolist() == given.tolist()


def test_floats_that_are_no_numbers_survive(client):
    given = numpy.array([[numpy.nan, numpy.inf, -numpy.inf], [-0.0, 1e-45, 3.4028235e38]], numpy.float32)
    same = client.infer("echo", [tensor("values", given)]).as_numpy("same")
    numpy.testing.assert_array_equal(same.view(numpy.uint32), given.view(numpy.uint32))


def test_no_rows_are_no_error(client):
    assert client.infer("echo", [tensor("values", numpy.zeros((0, 3), numpy.float32))]).as_numpy("same").shape == (0, 3)


def test_a_version_may_be_named(client):
    assert client.infer("echo", [tensor("values", ROWS)], model_version="1").as_numpy("same").shape == (4, 3)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_messages_may_be_compressed(client, algorithm):
    rows = numpy.repeat(ROWS, 500, axis=0)
    result = client.infer("echo", [tensor("values", rows)], compression_algorithm=algorithm)
    numpy.testing.assert_array_equal(result.as_numpy("same"), rows, strict=True)


@pytest.mark.parametrize("mib", [5, 40])
def test_messages_may_be_larger_than_4_mib(client, mib):
    rows = numpy.arange(mib << 18, dtype=numpy.float32).reshape(1, -1)
    result = client.infer("scale", [tensor("values", rows)])
    numpy.testing.assert_array_equal(result.as_numpy("doubled"), rows * 2, strict=True)


def test_classes_are_the_largest_values_with_their_places(client):
    outputs = [triton.InferRequestedOutput("same", class_count=2)]
    answer = client.infer("echo", [tensor("values", numpy.float32([[0.25, 4, -1]]))], outputs=outputs).as_numpy("same")
    assert [(float(text.split(b":")[0]), int(text.split(b":")[1])) for text in answer[0]] == [(4, 1), (0.25, 0)]


def test_what_is_asked_asynchronously_comes_back_to_its_caller(client):
    answers = queue.Queue()
    for index in range(64):
        client.async_infer(
            "echo",
            [tensor("values", ROWS + index)],
            lambda result, error, index=index: answers.put((index, result, error)),
            request_id=str(index),
        )
    for _ in range(64):
        index, result, error = answers.get(timeout=120)
        assert error is None and result.get_response().id == str(index)
        numpy.testing.assert_array_equal(result.as_numpy("same"), ROWS + index)


def test_parameters_of_the_callers_own_are_taken(client):
    result = client.infer("echo", [tensor("values", ROWS)], parameters={"note": "mine", "count": 3, "on": True})
    numpy.testing.assert_array_equal(result.as_numpy("same"), ROWS)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_priority_is_honoured(client, level):
    result = client.infer("echo", [tensor("values", ROWS)], priority=level)
    numpy.testing.assert_array_equal(result.as_numpy("same"), ROWS)


def test_a_priority_that_there_is_not_is_refused_by_its_name(client):
    with pytest.raises(InferenceServerException) as caught:
        client.infer("echo", [tensor("values", ROWS)], priority=4)
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT" and "priority" in caught.value.message()
    with pytest.raises(InferenceServerException) as caught:
        client.infer("echo", [tensor("values", ROWS)], headers={"slipway-priority": "urgent"})
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT" and "slipway-priority" in caught.value.message()


def test_many_threads_each_get_their_own_answers(address):
    errors = []

    def work(number):
        try:
            with triton.InferenceServerClient(address) as client:
                for index in range(50):
                    rows = numpy.float32([[number, index, 0.5]])
                    assert client.infer("echo", [tensor("values", rows)]).as_numpy("same").tolist() == rows.tolist()
                    if index % 10 == 0:
                        assert refused(client, "nobody", [tensor("values", rows)]).status() == "StatusCode.NOT_FOUND"
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors, errors[0]


# Errors


def test_an_unknown_model_is_named(client):
    error = refused(client, "ecko", [tensor("values", ROWS)])
    assert error.status() == "StatusCode.NOT_FOUND" and "ecko" in error.message()


def test_an_unknown_version_is_named(client):
    error = refused(client, "echo", [tensor("values", ROWS)], model_version="99")
    assert error.status() == "StatusCode.NOT_FOUND" and "99" in error.message()


@pytest.mark.parametrize(
    ("inputs", "word"),
    [
        ([tensor("values", ROWS[:, :2])], "values"),
        ([tensor("values", ROWS[0])], "values"),
        ([tensor("values", ROWS.astype(numpy.float64), "FP64")], "values"),
        ([tensor("value", ROWS)], "value"),
        ([tensor("values", ROWS), tensor("values", ROWS)], "values"),
        ([tensor("values", ROWS), tensor("more", ROWS)], "more"),
        ([], "values"),
    ],
    ids=["a column short", "a dimension short", "another float", "another name", "twice", "one too many", "none"],
)
def test_inputs_that_do_not_fit_are_named(client, inputs, word):
    error = refused(client, "echo", inputs)
    assert error.status() == "StatusCode.INVALID_ARGUMENT" and word in error.message()


def test_an_unknown_output_is_named(client):
    error = refused(client, "echo", [tensor("values", ROWS)], outputs=[triton.InferRequestedOutput("other")])
    assert error.status() == "StatusCode.INVALID_ARGUMENT" and "other" in error.message()


def test_what_cannot_be_honoured_is_refused(client):
    error = refused(client, "echo", [tensor("values", ROWS)], sequence_id=7, sequence_start=True)
    assert (
        error.status() in ("StatusCode.INVALID_ARGUMENT", "StatusCode.UNIMPLEMENTED") and "sequence" in error.message()
    )


def test_shared_memory_is_refused_by_that_name(client):
    shared = triton.InferInput("values", [1, 3], "FP32")
    shared.set_shared_memory("region", 12)
    error = refused(client, "echo", [shared])
    assert error.status() in ("StatusCode.INVALID_ARGUMENT", "StatusCode.UNIMPLEMENTED")
    assert "shared memory" in error.message() and "values" in error.message()


def test_a_model_that_fails_is_a_failure_of_this_call_alone(client):
    error = refused(client, "fails", [tensor("values", ROWS[:1])])
    assert error.status() in ("StatusCode.INVALID_ARGUMENT", "StatusCode.INTERNAL", "StatusCode.FAILED_PRECONDITION")
    client.infer("echo", [tensor("values", ROWS)])


def test_a_message_beyond_the_limit_is_refused_with_its_reason(address):
    with triton.InferenceServerClient(address) as client:
        rows = numpy.zeros((1, 17 << 20), numpy.float32)
        error = refused(client, "scale", [tensor("values", rows)])
        assert error.status() == "StatusCode.RESOURCE_EXHAUSTED", error
        assert client.infer("scale", [tensor("values", rows[:, :5])]).as_numpy("doubled").shape == (1, 5)


# Time


def test_a_timeout_of_the_client_ends_the_call(client):
    steps = tensor("steps", numpy.array([2_000_000], numpy.int64), "INT64")
    began = time.monotonic()
    error = refused(client, "slow", [steps], client_timeout=0.3)
    assert error.status() == "StatusCode.DEADLINE_EXCEEDED" and time.monotonic() - began < 2


def test_a_timeout_in_the_request_ends_it_at_the_server(client):
    assert refused(client, "echo", [tensor("values", ROWS)], timeout=1).status() == "StatusCode.DEADLINE_EXCEEDED"
    client.infer("echo", [tensor("values", ROWS)], timeout=30_000_000)


def test_a_call_may_be_cancelled(client):
    done = queue.Queue()
    steps = tensor("steps", numpy.array([2_000_000], numpy.int64), "INT64")
    call = client.async_infer("slow", [steps], lambda result, error: done.put(error))
    time.sleep(0.1)
    call.cancel()
    error = done.get(timeout=120)
    assert error is not None and error.status() == "StatusCode.CANCELLED", error
    client.infer("echo", [tensor("values", ROWS)])


def test_a_channel_that_is_closed_in_mid_call_takes_nothing_along(address, client):
    for _ in range(20):
        channel = grpc.insecure_channel(address)
        channel.unary_unary("/inference.GRPCInferenceService/ModelInfer").future(b"\x0a\x04slow")
        channel.close()
    client.infer("echo", [tensor("values", ROWS)])
