# SPDX-License-Identifier: Apache-2.0
"""tritonclient over gRPC: what it asks beside predictions."""

import numpy
import pytest
import tritonclient.grpc as triton
from test_grpc_triton import tensor
from tritonclient.utils import InferenceServerException

ROW = numpy.float32([[1, 2, 3]])


def error_of(call, *arguments, **options):
    with pytest.raises(InferenceServerException) as caught:
        call(*arguments, **options)
    return caught.value


def test_live_and_ready(any_address):
    with triton.InferenceServerClient(any_address) as client:
        assert client.is_server_live() and client.is_server_ready()
        assert client.is_model_ready("echo") and client.is_model_ready("echo", "1")
        assert not client.is_model_ready("echo", "99")
        assert not client.is_model_ready("nobody")


def test_server_metadata(client):
    metadata = client.get_server_metadata()
    assert metadata.name == "slipway" and metadata.version
    assert {"classification", "statistics"} <= set(metadata.extensions) and "sequence" not in metadata.extensions


@pytest.mark.parametrize("version", ["", "1"])
def test_model_metadata_gives_the_signature(client, version):
    metadata = client.get_model_metadata("add", version, as_json=True)
    assert metadata["name"] == "add" and metadata["versions"] == ["1"] and metadata["platform"]
    assert metadata["inputs"] == [
        {"name": "left", "datatype": "FP32", "shape": ["-1", "2"]},
        {"name": "right", "datatype": "FP32", "shape": ["-1", "2"]},
    ]
    assert metadata["outputs"] == [{"name": "sum", "datatype": "FP32", "shape": ["-1", "2"]}]


@pytest.mark.parametrize("ask", ["get_model_metadata", "get_model_config", "get_inference_statistics"])
@pytest.mark.parametrize(("model", "version"), [("nobody", ""), ("echo", "9"), ("echo", "one")])
def test_what_is_not_there_is_named(client, ask, model, version):
    error = error_of(getattr(client, ask), model, version)
    assert error.status() in ("StatusCode.NOT_FOUND", "StatusCode.INVALID_ARGUMENT"), error
    assert (version if model == "echo" else model) in error.message()


@pytest.mark.parametrize("version", ["", "1"])
def test_the_configuration_in_tritons_words(client, version):
    config = client.get_model_config("add", version).config
    assert config.name == "add" and config.backend == "onnxruntime" and config.max_batch_size == 0
    assert [(tensor.name, tensor.data_type, list(tensor.dims)) for tensor in config.input] == [
        ("left", 11, [-1, 2]),
        ("right", 11, [-1, 2]),
    ]
    assert [(tensor.name, list(tensor.dims)) for tensor in config.output] == [("sum", [-1, 2])]


def test_statistics_count(client):
    def now():
        (model,) = client.get_inference_statistics("counts").model_stats
        return model

    before = now()
    for _ in range(3):
        client.infer("counts", [tensor("values", numpy.ones((5, 3), numpy.int64), "INT64")])
    after = now()
    assert (after.name, after.version) == ("counts", "1")
    assert after.inference_count - before.inference_count == 15
    assert after.execution_count - before.execution_count == 3
    assert after.inference_stats.success.count - before.inference_stats.success.count == 3
    assert after.inference_stats.success.ns > before.inference_stats.success.ns
    assert after.last_inference > 0


def test_statistics_count_failures(client):
    def failures():
        return client.get_inference_statistics("fails").model_stats[0].inference_stats.fail.count

    before = failures()
    error_of(client.infer, "fails", [tensor("values", ROW)])
    assert failures() == before + 1


def test_statistics_without_a_name_are_of_every_model(client):
    assert {"echo", "texts", "add"} <= {model.name for model in client.get_inference_statistics().model_stats}


def test_the_index_follows_unloading_and_loading(client, administrator):
    def state():
        (model,) = [model for model in client.get_model_repository_index().models if model.name == "halves"]
        return model.state, model.version

    assert state() == ("READY", "1")
    client.unload_model("halves", headers=administrator)
    try:
        assert state()[0] == "UNAVAILABLE"
        assert not client.is_model_ready("halves")
        error = error_of(client.infer, "halves", [tensor("values", ROW.astype(numpy.float16), "FP16")])
        assert error.status() in ("StatusCode.NOT_FOUND", "StatusCode.UNAVAILABLE")
    finally:
        client.load_model("halves", headers=administrator)
    assert state()[0] == "READY" and client.is_model_ready("halves")


@pytest.mark.parametrize("headers", [None, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eDp5"}])
def test_loading_needs_the_administrators_token(client, headers):
    assert error_of(client.load_model, "echo", headers=headers).status() == "StatusCode.UNAUTHENTICATED"
    assert error_of(client.unload_model, "echo", headers=headers).status() == "StatusCode.UNAUTHENTICATED"
    assert client.is_model_ready("echo")


def test_loading_what_is_not_there(client, administrator):
    error = error_of(client.load_model, "nobody", headers=administrator)
    assert "failed to load" in error.message()
    assert error.status() in ("StatusCode.NOT_FOUND", "StatusCode.INVALID_ARGUMENT")


def test_a_configuration_sent_with_a_load_is_refused(client, administrator):
    error = error_of(client.load_model, "halves", headers=administrator, config='{"max_batch_size": 8}')
    assert error.status() == "StatusCode.INVALID_ARGUMENT" and "config" in error.message()
    assert client.is_model_ready("halves")


def test_what_triton_has_and_this_server_has_not_says_so(client):
    for call, arguments in [
        (client.get_trace_settings, []),
        (client.update_trace_settings, ["echo", {"trace_level": ["OFF"]}]),
        (client.get_log_settings, []),
        (client.update_log_settings, [{"log_verbose_level": 1}]),
        (client.get_system_shared_memory_status, []),
        (client.get_cuda_shared_memory_status, []),
        (client.register_system_shared_memory, ["region", "/region", 240]),
        (client.unregister_system_shared_memory, []),
    ]:
        error = error_of(call, *arguments)
        assert error.status() == "StatusCode.UNIMPLEMENTED", call
        assert len(error.message()) > 15, error
