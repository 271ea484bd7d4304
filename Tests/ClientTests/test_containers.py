# SPDX-License-Identifier: Apache-2.0
"""The program as a container of SageMaker and of Vertex: started by their variables, asked by their calls."""

import contextlib
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from program import BINARY, COMMAND_LIMIT_S, EXAMPLES, ROOT, START_LIMIT_S, STOP_LIMIT_S

ROW = json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())[0]


@pytest.fixture(scope="session")
def bundle(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "model"
    server.slipway("pack", EXAMPLES / "breast-cancer", "--output", folder)
    return folder


@contextlib.contextmanager
def container(environment, folder, *arguments, **variables):
    """A server with its own data folder, on loopback; gives its address. Ended by SIGTERM."""
    output = folder / "stdout"
    own = {name: value for name, value in environment.items() if name not in ("SLIPWAY_URL", "SLIPWAY_TOKEN")}
    with output.open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [BINARY, "serve", "--data", folder / "data", "--host", "localhost", *arguments],
            cwd=ROOT,
            env={**own, **variables},
            stdout=out,
            stderr=err,
        )
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not (line := re.search(r"^listening on (\S+)$", output.read_text(), re.MULTILINE)):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "stderr").read_text()
            time.sleep(0.02)
        yield line.group(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_LIMIT_S) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def ask(url, body=None, method=None, **headers):
    """The status and the body of an answer, whatever the status."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_sagemaker_serves_the_model_that_lies_there(server, bundle, tmp_path):
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "model").symlink_to(bundle)
    with container(
        server.environment,
        tmp_path,
        "--sagemaker",
        "--sagemaker-root",
        tmp_path / "ml",
        SAGEMAKER_BIND_TO_PORT="0",
    ) as url:
        assert ask(f"{url}/ping") == (200, "\n")
        # The platform has let the caller through, under whichever name.
        status, answer = ask(f"{url}/invocations", {"dataframe_records": [ROW]}, Host="model.example")
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        names = ",".join(ROW).encode()
        csv = names + b"\n" + ",".join(str(value) for value in ROW.values()).encode() + b"\n"
        status, answer = ask(f"{url}/invocations", csv, **{"Content-Type": "text/csv", "Accept": "text/csv"})
        assert status == 200 and answer.startswith("label,probabilities[0],probabilities[1]\n1,"), answer
        assert ask(f"{url}/v1/status")[0] == 401
        assert ask(f"{url}/models")[0] == 404


def test_sagemaker_loads_and_unloads_several_models(server, bundle, tmp_path):
    root = tmp_path / "ml"
    (root / "models" / "first").mkdir(parents=True)
    copy = root / "models" / "first" / "model"
    subprocess.run(["cp", "-r", bundle, copy], check=True)
    with container(
        server.environment,
        tmp_path,
        "--sagemaker",
        "--sagemaker-root",
        root,
        SAGEMAKER_BIND_TO_PORT="0",
        SAGEMAKER_MULTI_MODEL="true",
    ) as url:
        assert ask(f"{url}/ping")[0] == 200
        assert ask(f"{url}/models") == (200, '{"models":[]}')
        assert ask(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 200
        assert ask(f"{url}/models", {"model_name": "first", "url": str(copy)})[0] == 409
        for outside in (bundle, root / "models" / ".." / ".." / "data", "/etc"):
            status, answer = ask(f"{url}/models", {"model_name": "second", "url": str(outside)})
            assert status == 400 and "PRJ-005" in answer, answer
        assert json.loads(ask(f"{url}/models")[1]) == {"models": [{"modelName": "first"}]}
        status, answer = ask(
            f"{url}/models/first/invoke", {"instances": [ROW]}, **{"X-Amzn-SageMaker-Target-Model": "first.tar.gz"}
        )
        assert status == 200 and json.loads(answer)["predictions"][0]["label"] == 1, answer
        assert ask(f"{url}/models/first", method="DELETE")[0] == 200
        assert ask(f"{url}/models/first")[0] == 404
        assert ask(f"{url}/models/first/invoke", {"instances": [ROW]})[0] == 404


def test_vertex_chooses_port_paths_and_folder(server, bundle, tmp_path):
    predict = "/v1/endpoints/12/deployedModels/34:predict"
    with container(
        server.environment,
        tmp_path,
        AIP_HTTP_PORT="0",
        AIP_MODE="PREDICTION",
        AIP_PREDICT_ROUTE=predict,
        AIP_HEALTH_ROUTE="/v1/endpoints/12/deployedModels/34",
        AIP_STORAGE_URI=str(bundle),
    ) as url:
        assert ask(f"{url}/v1/endpoints/12/deployedModels/34")[0] == 200
        status, answer = ask(url + predict, {"instances": [ROW, ROW]}, Host="model.example")
        assert status == 200 and [row["label"] for row in json.loads(answer)["predictions"]] == [1, 1], answer
        assert ask(url + predict, {"instances": [ROW], "parameters": {"top": 1}})[0] == 400


@pytest.mark.parametrize(
    "variables",
    [
        {"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "gs://bucket/model"},
        {"AIP_HTTP_PORT": "much"},
        {"AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": "predict"},
        {"AIP_HTTP_PORT": "0", "AIP_STORAGE_URI": "/nowhere/at/all"},
    ],
)
def test_what_a_platform_says_and_cannot_be_followed_stops_the_start(server, tmp_path, variables):
    done = subprocess.run(
        [BINARY, "serve", "--data", tmp_path / "data", "--host", "localhost"],
        env={**server.environment, **variables},
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert done.returncode != 0
    assert "error:" in done.stderr and "docs/errors/" in done.stderr, done.stderr


def test_a_server_in_the_background_is_not_the_platforms(server, tmp_path):
    own = {name: value for name, value in server.environment.items() if name not in ("SLIPWAY_URL", "SLIPWAY_TOKEN")}
    # A port that no server can have: one that followed it would not start.
    own |= {"HOME": str(tmp_path), "SLIPWAY_DATA": str(tmp_path / "data"), "AIP_HTTP_PORT": "much"}

    def slipway(*arguments):
        return subprocess.run(
            [BINARY, *arguments], cwd=ROOT, env=own, capture_output=True, text=True, timeout=COMMAND_LIMIT_S
        )

    try:
        deployed = slipway("deploy", EXAMPLES / "breast-cancer")
        assert deployed.returncode == 0, deployed.stderr
        url = json.loads((tmp_path / "data" / "server.json").read_text())["url"]
        assert ask(f"{url}/v2/health/ready")[0] == 200
        assert ask(f"{url}/v2/health/ready", Host="model.example")[0] == 401
    finally:
        assert slipway("stop").returncode == 0
