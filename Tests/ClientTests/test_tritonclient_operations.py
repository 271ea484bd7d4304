# SPDX-License-Identifier: Apache-2.0
"""tritonclient, unmodified: what it asks beside predictions, and the options that are refused with a reason."""

import gzip
import http.client
import json
import zlib

import numpy
import pytest
import tritonclient.http as triton
from example_rows import ROWS, from_engine, tensor
from large_model import write_chain
from tritonclient.utils import InferenceServerException


def features(rows=ROWS):
    return [tensor("features", rows)]


def error_of(call, *arguments, **options):
    with pytest.raises(InferenceServerException) as caught:
        call(*arguments, **options)
    return caught.value


@pytest.mark.parametrize("version", ["", "1"])
def test_the_configuration_has_the_signature_in_tritons_words(client, breast_cancer, version):
    configuration = client.get_model_config(breast_cancer, version)
    assert configuration["name"] == breast_cancer
    assert configuration["backend"] == "onnxruntime"
    # 0: rows are the first dimension of the tensors themselves.
    assert configuration["max_batch_size"] == 0
    assert configuration["input"] == [{"name": "features", "data_type": "TYPE_FP32", "dims": [-1, 30]}]
    assert configuration["output"] == [
        {"name": "label", "data_type": "TYPE_INT64", "dims": [-1]},
        {"name": "probabilities", "data_type": "TYPE_FP32", "dims": [-1, 2]},
    ]


def test_a_configuration_that_is_not_there_is_an_explained_error(client, breast_cancer):
    assert error_of(client.get_model_config, "nobody").status() == "404"
    error = error_of(client.get_inference_statistics, breast_cancer, "9")
    assert error.status() == "404"
    assert "9" in error.message()


def test_statistics_count_rows_requests_and_failures_apart(client, breast_cancer):
    def now():
        (model,) = client.get_inference_statistics(breast_cancer)["model_stats"]
        return model

    before = now()
    for _ in range(3):
        client.infer(breast_cancer, features(ROWS[:5]))
    after = now()
    assert after["inference_count"] - before["inference_count"] == 15
    assert after["execution_count"] - before["execution_count"] == 3
    success, earlier = after["inference_stats"]["success"], before["inference_stats"]["success"]
    assert success["count"] - earlier["count"] == 3
    assert success["ns"] > earlier["ns"]
    assert after["last_inference"] > 0


def test_statistics_without_a_name_are_of_every_model(client, breast_cancer, digits):
    names = {model["name"] for model in client.get_inference_statistics()["model_stats"]}
    assert {breast_cancer, digits} <= names


def test_the_index_follows_unloading_and_loading(client, administrator, digits):
    def entry():
        (model,) = [model for model in client.get_model_repository_index() if model["name"] == digits]
        return model

    assert entry() == {"name": digits, "version": "1", "state": "READY", "reason": ""}
    client.unload_model(digits, headers=administrator)
    try:
        assert entry()["state"] == "UNAVAILABLE"
        assert error_of(client.infer, digits, features()).status() in {"404", "503"}
    finally:
        client.load_model(digits, headers=administrator)
    assert entry()["state"] == "READY"


def test_unloading_gives_the_memory_back(server, client, administrator, tmp_path):
    """In pieces of 1 MiB, which the C library keeps for itself until it is told to give them back."""
    server.slipway("deploy", write_chain(tmp_path / "large.onnx", layers=96, width=512), "--name", "large")

    def resident_mib():
        return json.loads(server.slipway("status", "--format", "json").stdout)["residentBytes"] >> 20

    def shrinks_by(unload):
        client.load_model("large", headers=administrator)
        values = triton.InferInput("values", [1, 512], "FP32").set_data_from_numpy(numpy.eye(1, 512, dtype="float32"))
        assert client.infer("large", [values]).as_numpy("same")[0][0] == 1
        before = resident_mib()
        unload()
        return before - resident_mib()

    # Loading what is loaded already replaces it, too: it is there once.
    client.load_model("large", headers=administrator)
    once = resident_mib()
    client.load_model("large", headers=administrator)
    assert resident_mib() < once + 48
    assert shrinks_by(lambda: client.unload_model("large", headers=administrator)) > 64
    assert shrinks_by(lambda: server.slipway("endpoint", "delete", "large")) > 64


def test_a_configuration_sent_with_a_load_is_refused_not_ignored(client, administrator, digits):
    error = error_of(client.load_model, digits, headers=administrator, config='{"max_batch_size": 8}')
    assert error.status() == "400"
    assert "config" in error.message()
    assert client.is_model_ready(digits)


@pytest.mark.parametrize("headers", [None, {"Authorization": "Bearer nonsense"}])
def test_loading_without_the_administrators_token_is_refused(client, breast_cancer, headers):
    assert error_of(client.load_model, breast_cancer, headers=headers).status() == "401"
    assert error_of(client.unload_model, breast_cancer, headers=headers).status() == "401"
    assert client.is_model_ready(breast_cancer)


def test_what_triton_has_and_this_server_has_not_says_so(client, breast_cancer):
    for call, arguments in [
        (client.get_trace_settings, []),
        (client.update_trace_settings, [breast_cancer, {"trace_level": ["OFF"]}]),
        (client.get_log_settings, []),
        (client.update_log_settings, [{"log_verbose_level": 1}]),
        (client.get_system_shared_memory_status, []),
        (client.get_cuda_shared_memory_status, []),
        (client.register_system_shared_memory, ["region", "/region", 240]),
    ]:
        error = error_of(call, *arguments)
        assert error.status() == "501", call
        assert "not" in error.message()


def test_an_input_in_shared_memory_is_refused_by_that_name(client, breast_cancer):
    shared = triton.InferInput("features", [2, 30], "FP32")
    shared.set_shared_memory("region", 240)
    error = error_of(client.infer, breast_cancer, [shared])
    assert error.status() == "400"
    assert "features" in error.message() and "shared_memory" in error.message()


def test_an_output_in_shared_memory_is_refused(client, breast_cancer):
    shared = triton.InferRequestedOutput("label")
    shared.set_shared_memory("region", 240)
    error = error_of(client.infer, breast_cancer, features(), outputs=[shared])
    assert error.status() == "400"
    assert "shared_memory" in error.message()


def test_a_timeout_that_suffices_changes_nothing_and_one_that_does_not_ends_the_request(client, breast_cancer):
    answer = client.infer(breast_cancer, features(), timeout=30_000_000)
    expected = from_engine(breast_cancer, {"features": ROWS})
    numpy.testing.assert_array_equal(answer.as_numpy("label"), expected["label"], strict=True)
    assert error_of(client.infer, breast_cancer, features(), timeout=1).status() == "504"


@pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
def test_answers_are_really_compressed_on_the_wire(server, breast_cancer, coding, decode):
    """The body that the client makes itself, over a connection that shows what comes back."""
    rows = numpy.repeat(ROWS[:1], 1000, axis=0)
    body, json_size = triton.InferenceServerClient.generate_request_body(
        features(rows),
        outputs=[triton.InferRequestedOutput("probabilities")],
    )
    connection = http.client.HTTPConnection(server.address, timeout=30)
    try:
        connection.request(
            "POST",
            f"/v2/models/{breast_cancer}/infer",
            body,
            {"Inference-Header-Content-Length": str(json_size), "Accept-Encoding": coding},
        )
        response = connection.getresponse()
        wire = response.read()
    finally:
        connection.close()
    assert response.status == 200
    assert response.headers["Content-Encoding"] == coding
    plain = decode(wire)
    assert len(wire) < len(plain) / 4
    # The length of the JSON part is said of what was compressed, as the client reads it.
    header = int(response.headers["Inference-Header-Content-Length"])
    assert json.loads(plain[:header])["outputs"][0]["parameters"]["binary_data_size"] == len(plain) - header == 8000
