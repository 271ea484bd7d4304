# SPDX-License-Identifier: Apache-2.0
"""Endpoints that are loaded when they are asked for, and make room for one another."""

import concurrent.futures
import json
import re
import shutil
import threading
import time
from pathlib import Path

import pytest
import tritonclient.http as triton
from large_model import write_chain
from program import EXAMPLES, MODELS, clean_environment, fetch, running, slipway

ROW = [{"values": [1]}]


def administrator(server):
    return {"Authorization": f"Bearer {server.token}"}


def predict(server, name, body=ROW, **headers):
    return fetch(f"{server.url}/v1/endpoints/{name}/predict", body, **headers)


def endpoint(server, name):
    return json.loads(fetch(f"{server.url}/v1/endpoints/{name}", **administrator(server))[1])["endpoint"]


def status(server):
    return json.loads(fetch(f"{server.url}/v1/status", **administrator(server))[1])


@pytest.fixture
def stopped(tmp_path):
    """The folder of a server that ended, with lazy endpoints of one small model each."""
    names = [f"scale-{number}" for number in range(6)]
    with running(tmp_path / "server") as server:
        for name in names:
            server.slipway("deploy", MODELS / "scale.onnx", "--name", name)
            server.slipway("endpoint", "set", name, "--load", "lazy")
    return tmp_path / "server"


def test_the_first_request_loads_what_it_asks_for(stopped):
    with running(stopped) as server:
        shown = endpoint(server, "scale-0")
        assert shown["cold"] and shown["ready"] and "liveVersion" not in shown
        assert "cold" in server.slipway("status").stdout
        assert "the first request has it loaded" in server.slipway("endpoint", "show", "scale-0").stdout
        with triton.InferenceServerClient(server.address) as client:
            assert client.is_server_ready() and client.is_model_ready("scale-0")
            assert client.is_model_ready("scale-0", "1") and not client.is_model_ready("scale-0", "7")
            index = {entry["name"]: entry for entry in client.get_model_repository_index()}
            assert index["scale-0"]["state"] == "READY" and "not in memory" in index["scale-0"]["reason"]
            client.get_inference_statistics("scale-0")
            assert "cold" in endpoint(server, "scale-0"), "none of this needs the model"
            with pytest.raises(triton.InferenceServerException):
                client.get_model_metadata("scale-0", "7")
            assert "cold" in endpoint(server, "scale-0")
            # Its metadata does.
            assert client.get_model_metadata("scale-0")["inputs"][0]["name"] == "values"
            assert endpoint(server, "scale-0")["liveVersion"] == 1
        before = json.loads(predict(server, "scale-0")[1])["predictions"]
        for path in ("v2/models/scale-1/infer", "v1/models/scale-2:predict", "invocations?endpoint=scale-3"):
            tensor = {"name": "values", "datatype": "FP32", "shape": [1, 1], "data": [1.0]}
            body = {"inputs": [tensor]} if path.startswith("v2") else {"instances": ROW}
            code, text = fetch(f"{server.url}/{path}", body)
            assert code == 200, text
        assert endpoint(server, "scale-4")["cold"]
        assert fetch(f"{server.url}/v2/repository/models/scale-4/load", {}, **administrator(server))[0] == 200
        assert endpoint(server, "scale-4")["liveVersion"] == 1
        code, text = predict(server, "scale-5")
        assert code == 200 and json.loads(text)["predictions"] == before


def test_a_crowd_waits_for_one_load(stopped):
    with running(stopped) as server:
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda number: predict(server, f"scale-{number % 6}"), range(96)))
        assert {code for code, _ in answers} == {200}, answers
        assert len({json.dumps(json.loads(text)["predictions"]) for _, text in answers}) == 1
        for number in range(6):
            requests = endpoint(server, f"scale-{number}")["requests"]
            assert requests["accepted"] == requests["answered"] == 16 and requests["failed"] == 0


def test_a_client_that_leaves_is_nobody_to_wait_for(stopped):
    with running(stopped) as server:
        for _ in range(20):
            with server.connect() as connection:
                body = json.dumps(ROW).encode()
                connection.sendall(
                    b"POST /v1/endpoints/scale-0/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert predict(server, "scale-0")[0] == 200
        assert predict(server, "scale-0", **{"slipway-timeout": "30s"})[0] == 200


def test_what_cannot_be_loaded_says_why_and_is_not_tried_at_every_request(stopped):
    contents = stopped / "data" / "contents"
    shutil.rmtree(contents / "bundles")
    file = (MODELS / "scale.onnx").read_bytes()
    (blob,) = [path for path in contents.glob("blobs/*/*") if path.read_bytes() == file]
    kept = blob.read_bytes()
    blob.unlink()
    with running(stopped) as server:
        code, text = predict(server, "scale-0")
        assert code == 503, text
        problem = json.loads(text)
        assert problem["code"] == "SRV-001" and "is not here" in problem["title"], text
        begun = time.monotonic()
        for _ in range(50):
            assert predict(server, "scale-0")[0] == 503
        assert time.monotonic() - begun < 5
        assert fetch(f"{server.url}/v2/models/scale-0/ready")[0] == 503
        shown = server.slipway("status").stdout
        assert "scale-0: version 1 is not ready; nothing answers" in shown
        # It heals by itself.
        blob.write_bytes(kept)
        deadline = time.monotonic() + 120
        while predict(server, "scale-0")[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert fetch(f"{server.url}/v2/models/scale-0/ready")[0] == 200


def test_the_budget_holds_and_every_request_is_answered(tmp_path):
    """More models than fit, asked by many at once: they come and go, and nobody notices but by the time it takes."""
    row = [{"values": [1.0] * 512}]
    with running(tmp_path / "server") as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        names = [f"chain-{layers}" for layers in (4, 5, 6)]
        for name in names:
            server.slipway("deploy", write_chain(tmp_path / f"{name}.onnx", int(name[-1]), width=512))
            server.slipway("endpoint", "set", name, "--load", "lazy")
        shown = status(server)
        assert "memoryBudgetBytes" not in shown
        sizes = {entry["name"]: entry["ownBytes"] + entry["engineBytes"] for entry in shown["endpoints"]}
        assert all(size >= int(name[-1]) << 20 for name, size in sizes.items() if name in names), sizes
        assert shown["modelBytes"] == sum(sizes.values())
        wanted = {name: json.loads(predict(server, name, row)[1])["predictions"] for name in names}
    budget = sizes["chain-5"] + sizes["chain-6"] + sizes["scale"] + (1 << 20)
    with running(tmp_path / "server", "--memory-budget", budget) as server:
        stop, wrong = threading.Event(), []

        def ask(name):
            while not stop.is_set():
                code, text = predict(server, name, row)
                if code != 200 or json.loads(text)["predictions"] != wanted[name]:
                    wrong.append((name, code, text))

        askers = [threading.Thread(target=ask, args=(name,)) for name in names for _ in range(2)]
        for asker in askers:
            asker.start()
        seen = []
        for _ in range(20):
            time.sleep(0.1)
            shown = status(server)
            seen.append(shown["modelBytes"])
            assert endpoint(server, "scale")["liveVersion"] == 1, "what is eager stays"
        stop.set()
        for asker in askers:
            asker.join()
        assert not wrong, wrong[:3]
        assert max(seen) <= budget == shown["memoryBudgetBytes"]
        for name in names:
            requests = endpoint(server, name)["requests"]
            assert requests["accepted"] == requests["answered"] > 0 and requests["failed"] == 0
    with running(tmp_path / "server", SLIPWAY_MEMORY_BUDGET="4MiB") as server:
        code, text = predict(server, "chain-5", row)
        assert code == 503 and "memory budget" in text, text
        assert json.loads(text)["code"] == "SRV-001"
        refused = server.slipway("endpoint", "set", "chain-5", "--load", "eager", code=7)
        assert "ENG-006" in refused.stderr


def test_a_budget_that_is_no_size_is_refused(tmp_path):
    environment = clean_environment(tmp_path) | {"SLIPWAY_MEMORY_BUDGET": "lots"}
    refused = slipway("serve", "--port", 0, environment=environment, code=2)
    assert "SLIPWAY_MEMORY_BUDGET is “lots”" in refused.stderr
    assert slipway("serve", "--memory-budget", "0", environment=clean_environment(tmp_path), code=64)


def test_models_have_no_threads_of_their_own(tmp_path):
    def threads(server):
        return sum(1 for _ in Path(f"/proc/{server.pid}/task").iterdir())

    with running(tmp_path / "server") as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "first")
        assert predict(server, "first")[0] == 200
        before = threads(server)
        for number in range(8):
            server.slipway("deploy", MODELS / "scale.onnx", "--name", f"m{number}")
            assert predict(server, f"m{number}")[0] == 200
        # Tasks may have started one more of theirs meanwhile.
        assert threads(server) <= before + 1


@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_card_that_is_not_there_is_refused(server, breast_cancer, device):
    before = endpoint(server, breast_cancer)
    refused = server.slipway("endpoint", "set", breast_cancer, "--device", device, code=7)
    assert "ENG-011" in refused.stderr and "processor only" in refused.stderr
    after = endpoint(server, breast_cancer)
    assert after["settings"]["device"] == "cpu" and after["liveVersion"] == before["liveVersion"]
    assert re.search(r"^computed by +cpu$", server.slipway("endpoint", "show", breast_cancer).stdout, re.MULTILINE)
    code, text = fetch(f"{server.url}/v1/endpoints/{breast_cancer}", {"settings": {"device": device}}, method="PATCH",
                       **administrator(server))
    assert code == 503 and json.loads(text)["code"] == "ENG-011"
    wrong = server.slipway("endpoint", "set", breast_cancer, "--device", "gpu", code=2)
    assert "cpu, cuda, or cuda:0 to cuda:63" in wrong.stderr


def test_a_project_that_asks_for_a_card_deploys_nothing_without_one(server, tmp_path):
    shutil.copy(MODELS / "scale.onnx", tmp_path / "model.onnx")
    (tmp_path / "slipway.yaml").write_text("model: {name: carded}\nendpoints: {carded: {device: cuda, load: lazy}}\n")
    refused = server.slipway("deploy", tmp_path, code=7)
    assert "ENG-011" in refused.stderr
    assert fetch(f"{server.url}/v1/endpoints/carded", **administrator(server))[0] == 404
    (tmp_path / "slipway.yaml").write_text("model: {name: carded}\nendpoints: {carded: {load: lazy}}\n")
    server.slipway("deploy", tmp_path)
    assert endpoint(server, "carded")["settings"]["load"] == "lazy"


def test_two_endpoints_of_one_model_share_its_engine(tmp_path):
    with running(tmp_path / "server") as server:
        server.slipway("deploy", EXAMPLES / "digits")
        alone = status(server)["modelBytes"]
        server.slipway("deploy", EXAMPLES / "digits", "--endpoint", "other")
        both = status(server)["modelBytes"]
        shown = endpoint(server, "other")
        assert shown["engineBytes"] == endpoint(server, "digits")["engineBytes"]
        assert both - alone == shown["ownBytes"] < alone
