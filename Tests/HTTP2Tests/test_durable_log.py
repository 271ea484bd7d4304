# SPDX-License-Identifier: Apache-2.0
"""`log_durable`: whoever has an answer finds it in the log, whichever way they asked."""

import json
import threading
import time
import uuid

import grpc
import httpx
import pytest
from grpc_wire import infer_request
from program import MODELS, running
from tritonclient.grpc import service_pb2_grpc

# One answers where requests arrive, the other on a lane.
ENDPOINTS = ["light", "heavy"]


class Rest:
    def __init__(self, server, http2):
        self._client = httpx.Client(http1=not http2, http2=http2, base_url=server.url, timeout=60)

    def ask(self, endpoint, id):
        """-> whether it was answered, and what was said else"""
        headers = {"slipway-prediction-id": id}
        answer = self._client.post(f"/v1/endpoints/{endpoint}/predict", json={"values": [1, 2, 3]}, headers=headers)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200, answer.text


class GRPC:
    def __init__(self, server):
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}"))

    def ask(self, endpoint, id):
        try:
            self._stub.ModelInfer(infer_request(model=endpoint), metadata=[("slipway-prediction-id", id)], timeout=60)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            return False, error.details()
        return True, ""


WAYS = {"HTTP/1.1": lambda server: Rest(server, False), "HTTP/2": lambda server: Rest(server, True), "gRPC": GRPC}


def logged(server, endpoint):
    lines = server.slipway("prediction", "export", "--endpoint", endpoint).stdout.splitlines()
    return {prediction["id"]: prediction["status"] for prediction in map(json.loads, lines)}


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """-> the server after a kill under load, and what had been answered before, by endpoint and way"""
    folder = tmp_path_factory.mktemp("durable")
    answered = []
    with running(folder, "--grpc-port", 0, ends_with=-9) as server:
        for endpoint in ENDPOINTS:
            server.slipway("deploy", MODELS / "scale.onnx", "--name", endpoint)
            lane = ("--run-on", "lane") if endpoint == "heavy" else ()
            server.slipway("endpoint", "set", endpoint, "--log-durable", "true", *lane)

        def ask(endpoint, way):
            client = WAYS[way](server)
            while True:
                id = str(uuid.uuid4())
                try:
                    is_answered, _ = client.ask(endpoint, id)
                except (httpx.HTTPError, OSError):
                    return
                if not is_answered:
                    return
                answered.append((endpoint, way, id))

        threads = [
            threading.Thread(target=ask, args=(endpoint, way)) for endpoint in ENDPOINTS for way in WAYS for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len({one[:2] for one in answered}) < 6 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)
        server.process.kill()
        for thread in threads:
            thread.join()
    with running(folder, "--grpc-port", 0) as server:
        yield server, answered


def test_whatever_was_answered_before_a_kill_is_in_the_log(killed):
    server, answered = killed
    for endpoint in ENDPOINTS:
        kept = logged(server, endpoint)
        for way in WAYS:
            ids = [id for place, asked, id in answered if (place, asked) == (endpoint, way)]
            assert ids and [id for id in ids if kept.get(id) != "answered"] == [], (endpoint, way)


def test_what_cannot_be_kept_is_not_answered(killed):
    server, _ = killed
    clients = [make(server) for make in WAYS.values()]
    name = "unkept"
    folder = server.data / "predictions" / "default" / name
    server.slipway("deploy", MODELS / "scale.onnx", "--name", name)
    server.slipway("endpoint", "set", name, "--log-durable", "true")
    # A disk that takes nothing of this endpoint.
    folder.write_text("")
    is_answered, said = clients[0].ask(name, str(uuid.uuid4()))
    assert not is_answered and "LOG-001" in said and "was computed, but" in said
    for client in clients:
        is_answered, said = client.ask(name, str(uuid.uuid4()))
        assert not is_answered and "could not be kept" in said and "computed" not in said
    # Where it is known beforehand, and other endpoints do not mind.
    assert clients[0].ask("light", str(uuid.uuid4()))[0]
    folder.unlink()
    deadline = time.monotonic() + 60
    while not clients[0].ask(name, str(uuid.uuid4()))[0]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ids = [str(uuid.uuid4()) for _ in clients]
    assert all(client.ask(name, id)[0] for client, id in zip(clients, ids))
    kept = logged(server, name)
    assert [kept.get(id) for id in ids] == ["answered"] * len(ids)
