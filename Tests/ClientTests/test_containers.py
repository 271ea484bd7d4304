# SPDX-License-Identifier: Apache-2.0
"""The program as a container of SageMaker and of Vertex: started by their variables, asked by their calls."""

import json
import shutil

import pytest
from program import EXAMPLES, clean_environment, fetch, running, slipway

ROW = json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())[0]


@pytest.fixture(scope="session")
def bundle(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "model"
    server.slipway("pack", EXAMPLES / "breast-cancer", "--output", folder)
    return folder


def container(folder, *options, **variables):
    """A server whose port the platform's variables choose."""
    return running(folder, "--host", "localhost", *options, port=None, **variables)


def test_sagemaker_serves_the_model_that_lies_there(bundle, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "model").symlink_to(bundle)
    options = ["--sagemaker", "--sagemaker-root", tmp_path / "ml"]
    with container(tmp_path, *options, SAGEMAKER_BIND_TO_PORT="0") as server:
        url = server.url
        assert fetch(f"{url}/ping") == (200, "\n")
        # The platform has let the caller through, under whichever name.
        status, answer = fetch(f"{url}/invocations", {"dataframe_records": [ROW]}, Host="model.example")
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        names = ",".join(ROW).encode()
        csv = names + b"\n" + ",".join(str(value) for value in ROW.values()).encode() + b"\n"
        status, answer = fetch(f"{url}/invocations", csv, **{"Content-Type": "text/csv", "Accept": "text/csv"})
        assert status == 200 and answer.startswith("label,probabilities[0],probabilities[1]\n1,"), answer
        assert fetch(f"{url}/v1/status")[0] == 401
        assert fetch(f"{url}/models")[0] == 404


def test_sagemaker_loads_and_unloads_several_models(bundle, tmp_path):
    root = tmp_path / "ml"
    copy = shutil.copytree(bundle, root / "models" / "first" / "model")
    options = ["--sagemaker", "--sagemaker-root", root]
    with container(tmp_path, *options, SAGEMAKER_BIND_TO_PORT="0", SAGEMAKER_MULTI_MODEL="true") as server:
        url = server.url
        assert fetch(f"{url}/ping")[0] == 200
        assert fetch(f"{url}/models") == (200, '{"models":[]}')
        assert fetch(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 200
        assert fetch(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 409
        for outside in (bundle, root / "models" / ".." / ".." / "data", "/etc"):
            status, answer = fetch(f"{url}/models", {"model_name": "second", "url": str(outside)})
            assert status == 400 and "PRJ-005" in answer, answer
        assert json.loads(fetch(f"{url}/models")[1]) == {"models": [{"modelName": "first"}]}
        status, answer = fetch(
            f"{url}/models/first/invoke", {"instances": [ROW]}, **{"X-Amzn-SageMaker-Target-Model": "first.tar.gz"}
        )
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        assert fetch(f"{url}/models/first", method="DELETE")[0] == 200
        assert fetch(f"{url}/models/first")[0] == 404
        assert fetch(f"{url}/models/first/invoke", {"instances": [ROW]})[0] == 404


def test_vertex_chooses_port_paths_and_folder(bundle, tmp_path):
    predict = "/v1/endpoints/12/deployedModels/34:predict"
    with container(
        tmp_path,
        AIP_HTTP_PORT="0",
        AIP_MODE="PREDICTION",
        AIP_PREDICT_ROUTE=predict,
        AIP_HEALTH_ROUTE="/v1/endpoints/12/deployedModels/34",
        AIP_STORAGE_URI=str(bundle),
    ) as server:
        url = server.url
        assert fetch(f"{url}/v1/endpoints/12/deployedModels/34")[0] == 200
        status, answer = fetch(url + predict, {"instances": [ROW, ROW]}, Host="model.example")
        assert status == 200 and [row["label"] for row in json.loads(answer)["predictions"]] == [1, 1], answer
        assert fetch(url + predict, {"instances": [ROW], "parameters": {"top": 1}})[0] == 400


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "gs://bucket/model"}, 2),
        ({"AIP_HTTP_PORT": "much"}, 2),
        ({"AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": "predict"}, 2),
        ({"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "/nowhere/at/all"}, 3),
    ],
)
def test_what_a_platform_says_and_cannot_be_followed_stops_the_start(tmp_path, variables, code):
    environment = clean_environment(tmp_path) | variables
    done = slipway("serve", "--host", "localhost", environment=environment, code=code)
    assert "error:" in done.stderr and "docs/errors/" in done.stderr, done.stderr


def test_a_server_in_the_background_is_not_the_platforms(tmp_path):
    # A port that no server can have: one that followed it would not start.
    environment = clean_environment(tmp_path) | {"AIP_HTTP_PORT": "much"}
    try:
        slipway("deploy", EXAMPLES / "breast-cancer", environment=environment)
        url = json.loads((tmp_path / "data" / "server.json").read_text())["url"]
        assert fetch(f"{url}/v2/health/ready")[0] == 200
        assert fetch(f"{url}/v2/health/ready", Host="model.example")[0] == 401
    finally:
        slipway("stop", environment=environment)
