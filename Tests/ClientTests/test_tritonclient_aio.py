# SPDX-License-Identifier: Apache-2.0
"""tritonclient's asyncio client, unmodified: the calls of the other one, over another HTTP library."""

import asyncio

import numpy
import pytest
import tritonclient.http.aio as triton
from example_rows import IMAGES, ROWS, from_engine, tensor
from tritonclient.utils import InferenceServerException


@pytest.fixture
def ask(server):
    """Runs what it is given with a client of its own, in a loop of its own."""

    def ask(body):
        async def run():
            async with triton.InferenceServerClient(server.address) as client:
                return await body(client)

        return asyncio.run(run())

    return ask


def assert_same(result, expected):
    for name, values in expected.items():
        numpy.testing.assert_array_equal(result.as_numpy(name), values, strict=True)


# Health and metadata


def test_server_and_models_say_whether_they_are_ready(ask, breast_cancer):
    async def body(client):
        return await asyncio.gather(
            client.is_server_live(),
            client.is_server_ready(),
            client.is_model_ready(breast_cancer),
            client.is_model_ready(breast_cancer, "1"),
            client.is_model_ready(breast_cancer, "99"),
            client.is_model_ready("nobody"),
        )

    assert ask(body) == [True, True, True, True, False, False]


def test_server_and_model_are_described(ask, digits):
    async def body(client):
        return await asyncio.gather(
            client.get_server_metadata(), client.get_model_metadata(digits), client.get_model_config(digits, "1")
        )

    server, metadata, configuration = ask(body)
    assert server["name"] == "slipway"
    assert metadata["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 1, 8, 8]}]
    assert configuration["input"] == [{"name": "image", "data_type": "TYPE_FP32", "dims": [-1, 1, 8, 8]}]


def test_statistics_and_the_index_are_told(ask, breast_cancer):
    async def body(client):
        # Each number of rows has an entry of its own: together they are large enough to be worth compressing, which this
        # client does not undo here, although it says so.
        for count in range(1, 20):
            await client.infer(breast_cancer, [tensor("features", ROWS[:1].repeat(count, axis=0))])
        return await client.get_inference_statistics(breast_cancer, "1"), await client.get_model_repository_index()

    statistics, index = ask(body)
    (model,) = statistics["model_stats"]
    assert model["name"] == breast_cancer and model["version"] == "1"
    assert model["inference_stats"]["success"]["count"] >= 1
    assert {"name": breast_cancer, "version": "1", "state": "READY", "reason": ""} in index


def test_unloading_and_loading_need_the_administrator(ask, administrator, breast_cancer):
    async def body(client):
        with pytest.raises(InferenceServerException) as caught:
            await client.unload_model(breast_cancer)
        assert caught.value.status() == "401"
        assert await client.is_model_ready(breast_cancer)
        await client.unload_model(breast_cancer, headers=administrator)
        try:
            assert not await client.is_model_ready(breast_cancer)
            assert {model["name"]: model["state"] for model in await client.get_model_repository_index()}[
                breast_cancer
            ] == "UNAVAILABLE"
        finally:
            await client.load_model(breast_cancer, headers=administrator)
        assert await client.is_model_ready(breast_cancer)

    ask(body)


# Infer

# aiohttp calls a body of bytes application/octet-stream where nobody says what it is, and the client does not.
BINARY_OR_JSON = [
    True,
    False,
]


@pytest.mark.parametrize("binary_output", [True, False])
@pytest.mark.parametrize("binary_input", BINARY_OR_JSON)
def test_a_table_gets_the_engines_answers(ask, breast_cancer, binary_input, binary_output):
    outputs = [triton.InferRequestedOutput(name, binary_data=binary_output) for name in ["label", "probabilities"]]
    inputs = [tensor("features", ROWS, binary=binary_input)]
    result = ask(lambda client: client.infer(breast_cancer, inputs, outputs=outputs, request_id="order 66"))
    assert_same(result, from_engine(breast_cancer, {"features": ROWS}))
    assert result.get_response()["id"] == "order 66"


@pytest.mark.parametrize("binary", BINARY_OR_JSON)
def test_images_get_the_engines_answers(ask, digits, binary):
    result = ask(lambda client: client.infer(digits, [tensor("image", IMAGES, binary=binary)]))
    assert_same(result, from_engine(digits, {"image": IMAGES}))


def test_outputs_mix_json_and_binary(ask, breast_cancer):
    outputs = [
        triton.InferRequestedOutput("probabilities", binary_data=True),
        triton.InferRequestedOutput("label", binary_data=False),
    ]
    result = ask(lambda client: client.infer(breast_cancer, [tensor("features", ROWS)], outputs=outputs))
    assert "data" in result.get_output("label")
    assert "data" not in result.get_output("probabilities")
    assert_same(result, from_engine(breast_cancer, {"features": ROWS}))


def test_bytes_travel_unchanged(ask, deploy_fixture):
    name = deploy_fixture("identity-string")
    given = numpy.array([[b"", b"\x00", b"plain"], [b"\xff\xfe", b'"\n\\', "雪".encode()]], dtype=object)
    result = ask(lambda client: client.infer(name, [tensor("values", given, "BYTES")]))
    assert result.as_numpy("same").tolist() == given.tolist()


@pytest.mark.parametrize("answer", [None, "gzip", "deflate"])
@pytest.mark.parametrize("request_", [None, "gzip", "deflate"])
def test_requests_and_answers_may_be_compressed(ask, breast_cancer, request_, answer):
    result = ask(
        lambda client: client.infer(
            breast_cancer,
            [tensor("features", ROWS)],
            request_compression_algorithm=request_,
            response_compression_algorithm=answer,
        )
    )
    assert_same(result, from_engine(breast_cancer, {"features": ROWS}))


def test_many_at_once_each_get_their_own_answer(ask, breast_cancer):
    batches = [ROWS[index : index + 1 + index % 3] for index in range(140)]

    async def body(client):
        requests = [
            client.infer(breast_cancer, [tensor("features", batch)], request_id=str(index))
            for index, batch in enumerate(batches)
        ]
        return await asyncio.gather(*requests)

    for index, (batch, result) in enumerate(zip(batches, ask(body), strict=True)):
        assert result.get_response()["id"] == str(index)
        assert_same(result, from_engine(breast_cancer, {"features": batch}))


def test_parameters_of_ones_own_are_taken(ask, breast_cancer):
    parameters = {"tenant": "north", "attempt": 3, "is_trial": True}
    result = ask(
        lambda client: client.infer(breast_cancer, [tensor("features", ROWS[:2])], parameters=parameters)
    )
    assert_same(result, from_engine(breast_cancer, {"features": ROWS[:2]}))


def test_classes_are_the_largest_values_with_their_places(ask, digits):
    classes = [triton.InferRequestedOutput("probabilities", class_count=3)]
    answer = ask(lambda client: client.infer(digits, [tensor("image", IMAGES[:5])], outputs=classes))
    expected = from_engine(digits, {"image": IMAGES[:5]})["probabilities"]
    rows = answer.as_numpy("probabilities")
    assert rows.shape == (5, 3)
    for row, values in zip(rows, expected):
        places = [int(text.split(b":")[1]) for text in row]
        assert places == list(numpy.argsort(-values, kind="stable")[:3])
        assert [numpy.float32(text.split(b":")[0]) for text in row] == list(values[places])


# Errors


@pytest.mark.parametrize(
    ("name", "inputs", "options", "status", "says"),
    [
        pytest.param("nobody", [tensor("features", ROWS)], {}, "404", "nobody", id="unknown model"),
        pytest.param(None, [tensor("features", ROWS)], {"model_version": "9"}, "404", "9", id="unknown version"),
        pytest.param(None, [tensor("features", ROWS[:, :29])], {}, "400", "29", id="a column short"),
        pytest.param(None, [tensor("feature", ROWS)], {}, "400", "feature", id="unknown input"),
        pytest.param(None, [tensor("features", ROWS)], {"priority": 4}, "400", "priority", id="priority"),
        pytest.param(None, [tensor("features", ROWS)], {"sequence_id": 7}, "400", "sequence", id="sequence"),
        pytest.param(None, [tensor("features", ROWS)], {"timeout": 1}, "504", "deadline", id="a microsecond"),
    ],
)
def test_a_refusal_is_explained_and_the_client_serves_on(
    ask, breast_cancer, name, inputs, options, status, says
):
    async def body(client):
        with pytest.raises(InferenceServerException) as caught:
            await client.infer(name or breast_cancer, inputs, **options)
        return caught.value, await client.infer(breast_cancer, [tensor("features", ROWS[:1])])

    error, result = ask(body)
    assert error.status() == status
    assert says in error.message()
    assert_same(result, from_engine(breast_cancer, {"features": ROWS[:1]}))
