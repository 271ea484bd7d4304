# SPDX-License-Identifier: Apache-2.0
"""tritonclient, unmodified, against Slipway: whoever has a client of the Open Inference Protocol keeps it."""

import ml_dtypes
import numpy
import pytest
import tritonclient.http as triton
from example_rows import ROWS, from_engine, tensor
from tritonclient.utils import InferenceServerException

FEATURES = ROWS[:4]


def both_outputs(binary):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in ["label", "probabilities"]]


@pytest.fixture(scope="module")
def expected():
    return from_engine("breast-cancer", {"features": FEATURES})


# Health and metadata


def test_server_is_live_and_ready(client, breast_cancer):
    assert client.is_server_live()
    assert client.is_server_ready()


def test_a_deployed_model_is_ready_and_an_unknown_one_is_not(client, breast_cancer):
    assert client.is_model_ready(breast_cancer)
    assert client.is_model_ready(breast_cancer, "1")
    assert not client.is_model_ready(breast_cancer, "99")
    assert not client.is_model_ready("nobody")


def test_server_metadata_names_the_server_and_what_it_can_do(client):
    metadata = client.get_server_metadata()
    assert metadata["name"] == "slipway"
    assert metadata["version"]
    assert "binary_tensor_data" in metadata["extensions"]
    assert "classification" in metadata["extensions"]
    assert "sequence" not in metadata["extensions"]


@pytest.mark.parametrize("version", ["", "1"])
def test_model_metadata_gives_the_signature(client, breast_cancer, version):
    metadata = client.get_model_metadata(breast_cancer, version)
    assert metadata["name"] == breast_cancer
    assert metadata["versions"] == ["1"]
    assert metadata["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, 30]}]
    assert metadata["outputs"] == [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]},
    ]


def test_metadata_of_an_unknown_model_is_an_explained_error(client, breast_cancer):
    with pytest.raises(InferenceServerException) as caught:
        client.get_model_metadata("breast-cancr")
    assert caught.value.status() == "404"
    assert "breast-cancr" in caught.value.message()


# Infer


@pytest.mark.parametrize("binary_output", [True, False])
@pytest.mark.parametrize("binary_input", [True, False])
def test_json_and_binary_mix_as_asked(client, breast_cancer, expected, binary_input, binary_output):
    result = client.infer(
        breast_cancer, [tensor("features", FEATURES, binary=binary_input)], outputs=both_outputs(binary_output)
    )
    for name, values in expected.items():
        output = result.get_output(name)
        assert ("binary_data_size" in output.get("parameters", {})) == binary_output
        assert ("data" in output) == (not binary_output)
        answer = result.as_numpy(name)
        assert answer.dtype == values.dtype
        numpy.testing.assert_array_equal(answer, values, strict=True)


def test_each_output_may_be_asked_for_in_its_own_form(client, breast_cancer, expected):
    outputs = [
        triton.InferRequestedOutput("probabilities", binary_data=True),
        triton.InferRequestedOutput("label", binary_data=False),
    ]
    result = client.infer(breast_cancer, [tensor("features", FEATURES)], outputs=outputs)
    assert [output["name"] for output in result.get_response()["outputs"]] == ["probabilities", "label"]
    assert "data" in result.get_output("label")
    assert result.get_output("probabilities")["parameters"]["binary_data_size"] == len(FEATURES) * 2 * 4
    for name, values in expected.items():
        numpy.testing.assert_array_equal(result.as_numpy(name), values, strict=True)


def test_only_the_outputs_asked_for_come_back(client, breast_cancer):
    result = client.infer(
        breast_cancer, [tensor("features", FEATURES)], outputs=[triton.InferRequestedOutput("label")]
    )
    assert [output["name"] for output in result.get_response()["outputs"]] == ["label"]


def test_all_outputs_come_back_when_none_is_named(client, breast_cancer, expected):
    result = client.infer(breast_cancer, [tensor("features", FEATURES)])
    assert {output["name"] for output in result.get_response()["outputs"]} == set(expected)
    for name, values in expected.items():
        numpy.testing.assert_array_equal(result.as_numpy(name), values, strict=True)


def test_the_request_id_is_echoed_and_the_answer_says_who_gave_it(client, breast_cancer):
    result = client.infer(breast_cancer, [tensor("features", FEATURES)], request_id="order 66")
    response = result.get_response()
    assert response["id"] == "order 66"
    assert response["model_name"] == breast_cancer
    assert response["model_version"] == "1"
    assert response["parameters"]["prediction_id"]


def test_no_id_is_made_up_where_none_was_sent(client, breast_cancer):
    answers = [client.infer(breast_cancer, [tensor("features", FEATURES)]).get_response() for _ in range(2)]
    assert not any(answer.get("id") for answer in answers)
    ids = [answer["parameters"]["prediction_id"] for answer in answers]
    assert ids[0] != ids[1]


def test_a_version_may_be_named(client, breast_cancer, expected):
    result = client.infer(breast_cancer, [tensor("features", FEATURES)], model_version="1")
    numpy.testing.assert_array_equal(result.as_numpy("label"), expected["label"], strict=True)


def test_requests_at_the_same_time_get_their_own_answers(client, breast_cancer):
    batches = [FEATURES[index % 4 : index % 4 + 1] + numpy.float32(index) for index in range(64)]
    pending = [
        client.async_infer(breast_cancer, [tensor("features", batch)], request_id=str(index))
        for index, batch in enumerate(batches)
    ]
    for index, (batch, request) in enumerate(zip(batches, pending)):
        result = request.get_result()
        assert result.get_response()["id"] == str(index)
        expected = from_engine(breast_cancer, {"features": batch})["probabilities"]
        numpy.testing.assert_array_equal(result.as_numpy("probabilities"), expected, strict=True)


# Datatypes


def values_of_every_type():
    def limits(dtype):
        info = numpy.iinfo(dtype)
        return numpy.array([info.min, info.max], dtype=dtype)

    def floats(dtype):
        return numpy.array([0.1, -1.5], dtype=dtype)

    return {
        "bool": ("BOOL", numpy.array([True, False])),
        "uint8": ("UINT8", limits(numpy.uint8)),
        "uint16": ("UINT16", limits(numpy.uint16)),
        "uint32": ("UINT32", limits(numpy.uint32)),
        "uint64": ("UINT64", limits(numpy.uint64)),
        "int8": ("INT8", limits(numpy.int8)),
        "int16": ("INT16", limits(numpy.int16)),
        "int32": ("INT32", limits(numpy.int32)),
        "int64": ("INT64", limits(numpy.int64)),
        "fp16": ("FP16", floats(numpy.float16)),
        "bf16": ("BF16", floats(ml_dtypes.bfloat16)),
        "fp32": ("FP32", floats(numpy.float32)),
        "fp64": ("FP64", floats(numpy.float64)),
        "string": ("BYTES", numpy.array(["zwölf Boxkämpfer".encode(), b""], dtype=object)),
    }


@pytest.mark.parametrize("binary", [True, False])
def test_every_type_comes_back_as_it_went(client, deploy_fixture, binary):
    name = deploy_fixture("every-type")
    values = values_of_every_type()
    inputs = [
        # The client itself refuses bfloat16 in JSON.
        tensor(f"in_{kind}", given, datatype, binary=binary or kind == "bf16")
        for kind, (datatype, given) in values.items()
    ]
    outputs = [triton.InferRequestedOutput(f"out_{kind}", binary_data=binary) for kind in values]
    result = client.infer(name, inputs, outputs=outputs)
    for kind, (datatype, given) in values.items():
        assert result.get_output(f"out_{kind}")["datatype"] == datatype
        answer = result.as_numpy(f"out_{kind}")
        if kind == "string" and not binary:
            given = numpy.array([text.decode() for text in given], dtype=object)
        assert answer.tolist() == given.tolist(), kind


def test_bytes_travel_unchanged_whatever_they_hold(client, deploy_fixture):
    name = deploy_fixture("identity-string")
    given = numpy.array([[b"", b"\x00", b"plain"], [b"\xff\xfe", b'"\n\\', "雪".encode()]], dtype=object)
    result = client.infer(name, [tensor("values", given, "BYTES")])
    assert result.as_numpy("same").tolist() == given.tolist()


def test_bytes_in_json_are_text(client, deploy_fixture):
    name = deploy_fixture("identity-string")
    given = numpy.array([["", "a\x00b", 'quote " and \\'], ["\n\t", "雪", "\U0001f600"]], dtype=object)
    result = client.infer(
        name,
        [tensor("values", given, "BYTES", binary=False)],
        outputs=[triton.InferRequestedOutput("same", binary_data=False)],
    )
    assert result.as_numpy("same").tolist() == given.tolist()


def test_bytes_that_are_no_text_are_refused_in_a_json_answer(client, deploy_fixture):
    name = deploy_fixture("identity-string")
    given = numpy.array([[b"\xff", b"", b""]], dtype=object)
    with pytest.raises(InferenceServerException) as caught:
        client.infer(
            name,
            [tensor("values", given, "BYTES")],
            outputs=[triton.InferRequestedOutput("same", binary_data=False)],
        )
    assert "binary" in caught.value.message()


def test_floats_that_are_no_numbers_survive(client, deploy_fixture):
    name = deploy_fixture("identity-fp32")
    given = numpy.array([[numpy.nan, numpy.inf, -numpy.inf], [-0.0, 1e-45, 3.4028235e38]], dtype=numpy.float32)
    result = client.infer(name, [tensor("values", given)])
    numpy.testing.assert_array_equal(result.as_numpy("same").view(numpy.uint32), given.view(numpy.uint32))


def test_no_rows_are_no_error(client, deploy_fixture):
    name = deploy_fixture("identity-fp32")
    given = numpy.zeros((0, 3), dtype=numpy.float32)
    result = client.infer(name, [tensor("values", given)])
    assert result.as_numpy("same").shape == (0, 3)


# Bad input


def refused(client, name, inputs, **options):
    with pytest.raises(InferenceServerException) as caught:
        client.infer(name, inputs, **options)
    return caught.value


def test_an_unknown_model_is_named_in_the_error(client, breast_cancer):
    error = refused(client, "breast-cancr", [tensor("features", FEATURES)])
    assert error.status() == "404"
    assert "breast-cancr" in error.message()


def test_an_unknown_version_is_named_in_the_error(client, breast_cancer):
    error = refused(client, breast_cancer, [tensor("features", FEATURES)], model_version="99")
    assert error.status() == "404"
    assert "99" in error.message()


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    ("values", "datatype"),
    [
        pytest.param(FEATURES[:, :29], "FP32", id="a column short"),
        pytest.param(FEATURES[0], "FP32", id="a dimension short"),
        pytest.param(FEATURES.astype(numpy.float64), "FP64", id="another float"),
        pytest.param(FEATURES.astype(numpy.int32), "INT32", id="integers"),
    ],
)
def test_an_input_that_does_not_fit_is_named_in_the_error(client, breast_cancer, values, datatype, binary):
    error = refused(client, breast_cancer, [tensor("features", values, datatype, binary=binary)])
    assert error.status() in {"400", "422"}
    assert "features" in error.message()


def test_unknown_names_of_inputs_and_outputs_are_refused(client, breast_cancer):
    error = refused(client, breast_cancer, [tensor("feature", FEATURES)])
    assert error.status() in {"400", "422"}
    assert "feature" in error.message()
    unknown = [triton.InferRequestedOutput("probability")]
    error = refused(client, breast_cancer, [tensor("features", FEATURES)], outputs=unknown)
    assert error.status() in {"400", "422"}
    assert "probability" in error.message()


def test_options_that_cannot_be_honoured_are_refused_not_ignored(client, breast_cancer):
    error = refused(client, breast_cancer, [tensor("features", FEATURES)], sequence_id=7, sequence_start=True)
    assert "sequence" in error.message()


def test_the_connection_serves_on_after_errors(client, breast_cancer, expected):
    for _ in range(3):
        refused(client, "nobody", [tensor("features", FEATURES)])
        result = client.infer(breast_cancer, [tensor("features", FEATURES)])
        numpy.testing.assert_array_equal(result.as_numpy("label"), expected["label"], strict=True)


def test_classes_are_the_largest_values_with_their_places(client, breast_cancer, expected):
    classes = [triton.InferRequestedOutput("probabilities", class_count=2)]
    answer = client.infer(breast_cancer, [tensor("features", FEATURES)], outputs=classes).as_numpy("probabilities")
    for row in answer:
        values = [(float(text.split(b":")[0]), int(text.split(b":")[1])) for text in row]
        assert values == sorted(values, reverse=True) and {index for _, index in values} == {0, 1}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_requests_and_answers_may_be_compressed(client, breast_cancer, coding):
    inputs = [tensor("features", numpy.repeat(FEATURES[:1], 500, axis=0))]
    plain = client.infer(breast_cancer, inputs).as_numpy("probabilities")
    small = client.infer(
        breast_cancer, inputs, request_compression_algorithm=coding, response_compression_algorithm=coding)
    assert numpy.array_equal(small.as_numpy("probabilities"), plain)


def test_many_at_once_each_get_their_own_answer(client, breast_cancer):
    waiting = [client.async_infer(breast_cancer, [tensor("features", FEATURES)], request_id=str(i)) for i in range(50)]
    assert [request.get_result().get_response()["id"] for request in waiting] == [str(i) for i in range(50)]


def test_statistics_and_the_index_are_told(client, breast_cancer):
    client.infer(breast_cancer, [tensor("features", FEATURES)])
    (statistics,) = client.get_inference_statistics(breast_cancer)["model_stats"]
    assert statistics["inference_stats"]["success"]["count"] >= 1
    assert statistics["inference_stats"]["compute_infer"]["ns"] > 0
    index = {model["name"]: model["state"] for model in client.get_model_repository_index()}
    assert index[breast_cancer] == "READY"


def test_unloading_and_loading_need_the_administrator(client, administrator, breast_cancer):
    with pytest.raises(InferenceServerException):
        client.unload_model(breast_cancer)
    client.unload_model(breast_cancer, headers=administrator)
    assert not client.is_model_ready(breast_cancer)
    client.load_model(breast_cancer, headers=administrator)
    assert client.is_model_ready(breast_cancer)
    with pytest.raises(InferenceServerException, match="failed to load"):
        client.load_model("nobody", headers=administrator)
