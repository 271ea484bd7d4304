# SPDX-License-Identifier: Apache-2.0
"""Endpoints that are not in memory, asked over gRPC: each call waits for its model and no other."""

import queue

import numpy
import pytest
import tritonclient.grpc as triton
from program import MODELS, running
from tritonclient.utils import InferenceServerException


def tensor(values):
    made = triton.InferInput("values", list(values.shape), "FP32")
    made.set_data_from_numpy(values)
    return made


@pytest.fixture(scope="module")
def cold(tmp_path_factory):
    """A server that was started on lazy endpoints; a test takes those that nobody has asked for yet."""
    folder = tmp_path_factory.mktemp("cold")
    names = iter([f"scale-{number}" for number in range(8)])
    with running(folder) as server:
        for number in range(8):
            server.slipway("deploy", MODELS / "scale.onnx", "--name", f"scale-{number}")
            server.slipway("endpoint", "set", f"scale-{number}", "--load", "lazy")
    with running(folder, "--grpc-port", 0) as server:
        with triton.InferenceServerClient(f"127.0.0.1:{server.grpc_port}") as client:
            yield client, names


def test_a_prediction_loads_what_it_asks_for(cold):
    client, names = cold
    name = next(names)
    assert client.is_server_ready() and client.is_model_ready(name)
    assert client.is_model_ready(name, "1") and not client.is_model_ready(name, "7")
    (entry,) = [entry for entry in client.get_model_repository_index().models if entry.name == name]
    assert entry.state == "READY" and "not in memory" in entry.reason
    client.get_inference_statistics(name)
    with pytest.raises(InferenceServerException) as caught:
        client.infer(name, [tensor(numpy.float32([[1, 2]]))], model_version="7")
    assert "NOT_FOUND" in caught.value.status()
    (entry,) = [entry for entry in client.get_model_repository_index().models if entry.name == name]
    assert "not in memory" in entry.reason, "none of this needs the model"
    answer = client.infer(name, [tensor(numpy.float32([[1, 2]]))])
    assert answer.get_response().model_version == "1"
    (entry,) = [entry for entry in client.get_model_repository_index().models if entry.name == name]
    assert entry.reason == ""


@pytest.mark.parametrize("call", ["get_model_metadata", "get_model_config"])
def test_descriptions_load_it(cold, call):
    client, names = cold
    name = next(names)
    assert name in str(getattr(client, call)(name))
    (entry,) = [entry for entry in client.get_model_repository_index().models if entry.name == name]
    assert entry.reason == ""


def test_messages_of_a_stream_wait_in_their_order(cold):
    client, names = cold
    asked = [next(names), next(names)]
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    try:
        for number in range(20):
            client.async_stream_infer(
                asked[number % 2], [tensor(numpy.float32([[number, 1]]))], request_id=str(number))
        for number in range(20):
            result, error = answers.get(timeout=120)
            assert error is None and result.get_response().id == str(number)
            assert result.get_response().model_name == asked[number % 2]
    finally:
        client.stop_stream()


def test_a_deadline_holds_while_the_model_is_loaded(cold):
    client, names = cold
    name = next(names)
    with pytest.raises(InferenceServerException) as caught:
        client.infer(name, [tensor(numpy.float32([[1, 2]]))], client_timeout=0.000001)
    assert "DEADLINE_EXCEEDED" in caught.value.status()
    assert client.infer(name, [tensor(numpy.float32([[1, 2]]))]).get_response().model_name == name
