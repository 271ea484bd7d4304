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
