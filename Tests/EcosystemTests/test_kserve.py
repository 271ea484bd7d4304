# SPDX-License-Identifier: Apache-2.0
"""KServe's own REST client, unmodified, in both of its protocols."""

import asyncio

import numpy
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

MODEL = "breast-cancer"


def ask(protocol, body):
    """Runs `body` with a client of its own, in a loop of its own."""

    async def run():
        client = InferenceRESTClient(RESTConfig(protocol=protocol, timeout=30))
        try:
            return await body(client)
        finally:
            await client.close()

    return asyncio.run(run())


def test_health_is_read(server):
    async def body(client):
        return (
            await client.is_server_live(server.url),
            await client.is_server_ready(server.url),
            await client.is_model_ready(server.url, MODEL),
            await client.is_model_ready(server.url, "nobody"),
        )

    assert ask("v2", body) == (True, True, True, False)


@pytest.mark.parametrize("binary", [False, True])
def test_infer_v2_gets_the_engines_answers(server, table, expected, binary):
    rows = table[1]
    features = InferInput("features", list(rows.shape), "FP32")
    features.set_data_from_numpy(rows, binary_data=binary)
    request = InferRequest(model_name=MODEL, infer_inputs=[features])

    answer = ask("v2", lambda client: client.infer(server.url, request, model_name=MODEL))
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    assert numpy.array_equal(outputs["label"].ravel(), numpy.ravel(expected[0]))
    assert numpy.array_equal(outputs["probabilities"].astype(numpy.float32), expected[1])


def test_predict_v1_gets_the_engines_answers(server, table, expected):
    names, rows = table
    data = {"instances": [dict(zip(names, map(float, row))) for row in rows[:20]]}
    answer = ask("v1", lambda client: client.infer(server.url, data, model_name=MODEL))
    predictions = answer["predictions"]
    assert len(predictions) == 20
    for prediction, label, probabilities in zip(predictions, numpy.ravel(expected[0]), expected[1]):
        assert prediction["label"] == label
        assert numpy.array_equal(numpy.array(prediction["probabilities"], numpy.float32), probabilities)


def test_refusals_are_explained(server):
    with pytest.raises(Exception) as caught:
        ask("v1", lambda client: client.infer(server.url, {"instances": [[1, 2]]}, model_name=MODEL))
    assert "400" in str(caught.value)
    with pytest.raises(Exception) as caught:
        ask("v1", lambda client: client.explain(server.url, MODEL, {"instances": [[1.0] * 30]}))
    assert "explain" in str(caught.value)


@pytest.mark.parametrize("binary", [False, True])
def test_images_get_the_engines_answers(server, images, expected_of_images, binary):
    image = InferInput("image", list(images.shape), "FP32")
    image.set_data_from_numpy(images, binary_data=binary)
    request = InferRequest(model_name="digits", request_id="order 66", infer_inputs=[image])

    answer = ask("v2", lambda client: client.infer(server.url, request, model_name="digits"))
    assert answer.id == "order 66"
    assert answer.model_name == "digits"
    outputs = {output.name: output.as_numpy() for output in answer.outputs}
    numpy.testing.assert_array_equal(outputs["label"], expected_of_images[0], strict=True)
    numpy.testing.assert_array_equal(outputs["probabilities"], expected_of_images[1], strict=True)


def test_predict_v1_takes_rows_without_names(server, table, expected):
    data = {"instances": table[1].tolist()}
    answer = ask("v1", lambda client: client.infer(server.url, data, model_name=MODEL))
    probabilities = numpy.array([row["probabilities"] for row in answer["predictions"]], numpy.float32)
    numpy.testing.assert_array_equal(probabilities, expected[1], strict=True)


def test_readiness_is_read_in_the_first_protocol(server):
    assert ask("v1", lambda client: client.is_model_ready(server.url, MODEL))
    # The client takes any answer but 503 for an error, and says what it was told.
    with pytest.raises(Exception, match="nobody"):
        ask("v1", lambda client: client.is_model_ready(server.url, "nobody"))


@pytest.mark.parametrize(
    ("name", "shape", "status", "says"),
    [
        pytest.param("nobody", [1, 30], "404", "nobody", id="unknown model"),
        pytest.param(MODEL, [1, 29], "400", "29", id="a column short"),
    ],
)
@pytest.mark.parametrize("binary", [False, True])
def test_refusals_in_the_second_protocol_are_explained(server, name, shape, status, says, binary):
    features = InferInput("features", shape, "FP32")
    features.set_data_from_numpy(numpy.zeros(shape, numpy.float32), binary_data=binary)
    request = InferRequest(model_name=name, infer_inputs=[features])
    with pytest.raises(Exception) as caught:
        ask("v2", lambda client: client.infer(server.url, request, model_name=name))
    assert status in str(caught.value)
    assert says in str(caught.value)


def test_many_at_once_each_get_their_own_answer(server, table, expected):
    rows = table[1]

    async def body(client):
        async def one(index):
            features = InferInput("features", [1, 30], "FP32")
            features.set_data_from_numpy(rows[index : index + 1], binary_data=index % 2 == 0)
            request = InferRequest(model_name=MODEL, request_id=str(index), infer_inputs=[features])
            return await client.infer(server.url, request, model_name=MODEL)

        return await asyncio.gather(*[one(index) for index in range(len(rows))])

    answers = ask("v2", body)
    assert [answer.id for answer in answers] == [str(index) for index in range(len(rows))]
    labels = [{output.name: output.as_numpy() for output in answer.outputs}["label"][0] for answer in answers]
    assert labels == numpy.ravel(expected[0]).tolist()
