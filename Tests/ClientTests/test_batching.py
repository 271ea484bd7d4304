# SPDX-License-Identifier: Apache-2.0
"""Requests that share calls of a network, priorities, kept answers, and what is told of all that: in the real program."""

import concurrent.futures
import http.client
import json
import random
import re
import struct

import large_model
import pytest
from program import running

LAYERS, WIDTH = 200, 96


def rows(count, seed):
    numbers = random.Random(seed)
    return [[round(numbers.uniform(-1, 1), 3) for _ in range(WIDTH)] for _ in range(count)]


def write_project(folder, name, examples, endpoint="{}"):
    folder.mkdir()
    large_model.write_chain(folder / "model.onnx", LAYERS, WIDTH)
    (folder / "examples.jsonl").write_text(
        "".join(json.dumps({"inputs": {"values": row}}) + "\n" for row in rows(examples, 1)))
    (folder / "slipway.yaml").write_text(
        f"schema: slipway/1\nmodel: {{name: {name}}}\n"
        f"proof: {{examples: {{data: examples.jsonl, origin: self}}}}\nendpoints: {{{name}: {endpoint}}}\n")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batching")
    with running(folder / "server") as server:
        net = write_project(folder / "net", "net", 40, "{run_on: lane, slo: {p99: 1s}}")
        server.slipway("deploy", net)
        server.slipway("deploy", write_project(folder / "lonely", "lonely", 1, "{run_on: lane}"))
        server.slipway("deploy", write_project(folder / "keeper", "keeper", 4, "{run_on: lane, cache: 1MiB}"))
        yield server


def ask(connection, endpoint, row, headers=(), **parameters):
    """One row as a binary tensor; the status and the answer's numbers, or its error."""
    head = {
        "inputs": [{
            "name": "values", "datatype": "FP32", "shape": [1, WIDTH], "parameters": {"binary_data_size": 4 * WIDTH}}],
        "parameters": {"binary_data_output": True} | parameters}
    text = json.dumps(head).encode()
    connection.request(
        "POST", f"/v2/models/{endpoint}/infer", text + struct.pack(f"<{WIDTH}f", *row),
        {"Inference-Header-Content-Length": str(len(text))} | dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        return answer.status, json.loads(body)
    length = int(answer.headers["Inference-Header-Content-Length"])
    return 200, list(struct.unpack(f"<{WIDTH}f", body[length:]))


def shown(server, endpoint):
    return json.loads(server.slipway("endpoint", "show", endpoint, "--format", "json").stdout)["endpoint"]


def metrics(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            assert re.fullmatch(r'[a-z_0-9]+(\{([a-z]+="[^"]*",?)+\})?', name), line
            assert name not in samples, line
            samples[name] = float(value)
    return samples


def near(answers, row):
    return all(abs(answer - value) < 1e-3 for answer, value in zip(answers, row, strict=True))


def stream(server, endpoint, seed, count):
    """Asks `count` rows one after the other, and says how many got the answer to another row."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    wrong = 0
    for row in rows(count, seed):
        status, answer = ask(connection, endpoint, row)
        assert status == 200, answer
        # The chain adds a little of the last value: the others come out as they went in.
        wrong += not near(answer[:-1], row[:-1])
    return wrong


def test_requests_share_calls_and_keep_their_answers(server):
    before = shown(server, "net")["batching"]
    assert before["joins"] and before["rowLimit"] == 64
    assert re.fullmatch(r"a further row costs \d+ % of the first one", before["reason"])
    with concurrent.futures.ThreadPoolExecutor(24) as threads:
        wrong = sum(threads.map(lambda seed: stream(server, "net", seed, 60), range(100, 124)))
    assert wrong == 0
    after = shown(server, "net")["batching"]
    assert after["requests"] - before["requests"] == after["rows"] - before["rows"] == 24 * 60
    assert after["calls"] - before["calls"] < 0.8 * 24 * 60
    assert after["rowCap"] > 1
    text = server.slipway("endpoint", "show", "net").stdout
    assert re.search(r"batching +up to \d+ of 64 rows a call: a further row .*; [\d.]+ rows a call so far", text)
    assert re.search(r"times +decode .*, queue .*, batch .*, compute .*, encode ", text)


def test_statistics_and_metrics_tell_of_them(server):
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda seed: stream(server, "net", seed, 20), range(200, 208))) == 0
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", "/v2/models/net/stats")
    found = json.loads(connection.getresponse().read())["model_stats"][0]
    times = found["inference_stats"]
    assert found["inference_count"] == times["success"]["count"] > found["execution_count"] > 0
    for stage in ("queue", "compute_input", "compute_infer", "compute_output"):
        assert times[stage]["count"] == times["success"]["count"] and times[stage]["ns"] > 0, stage
    assert sum(one["batch_size"] * one["compute_infer"]["count"] for one in found["batch_stats"]) == found["inference_count"]
    assert sum(one["compute_infer"]["count"] for one in found["batch_stats"]) == found["execution_count"]
    assert max(one["batch_size"] for one in found["batch_stats"]) > 1

    samples = metrics(server)
    net = '{model="net",version="1"}'
    assert samples[f"nv_inference_count{net}"] == found["inference_count"]
    assert samples[f"nv_inference_exec_count{net}"] == found["execution_count"]
    assert samples[f"nv_inference_request_success{net}"] == times["success"]["count"]
    for stage in ("decode", "queue", "batch", "compute", "encode"):
        assert samples[f'slipway_stage_seconds_total{{endpoint="net",stage="{stage}"}}'] > 0, stage
    count = samples['slipway_request_duration_seconds_count{endpoint="net"}']
    assert count == times["success"]["count"]
    buckets = [value for name, value in samples.items()
               if name.startswith('slipway_request_duration_seconds_bucket{endpoint="net"')]
    assert buckets == sorted(buckets) and buckets[-1] == count
    # Nobody has asked it: what becomes of requests is all there is.
    assert [name for name in samples if "lonely" in name] == [
        'slipway_endpoint_ready{endpoint="lonely"}', 'slipway_endpoint_failing{endpoint="lonely"}']


def test_what_was_not_shown_is_not_joined_and_says_why(server):
    found = shown(server, "lonely")["batching"]
    assert not found["joins"] and "two different examples" in found["reason"]
    assert "none: two different examples" in server.slipway("endpoint", "show", "lonely").stdout
    server.slipway("endpoint", "set", "lonely", "--batching", "16")
    assert not shown(server, "lonely")["batching"]["joins"]


def test_settings_of_batching_are_honoured(server):
    server.slipway("endpoint", "set", "net", "--batching", "4")
    try:
        before = shown(server, "net")["batching"]
        assert before["rowCap"] == before["rowLimit"] == 4
        server.slipway("endpoint", "set", "net", "--batching", "off")
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(lambda seed: stream(server, "net", seed, 10), range(300, 308))) == 0
        after = shown(server, "net")["batching"]
        assert after["calls"] - before["calls"] == after["requests"] - before["requests"] == 80
        assert after["reason"] == "it is switched off"
    finally:
        server.slipway("endpoint", "set", "net", "--reset", "--run-on", "lane", "--p99", "1s")
    refused = server.slipway("endpoint", "set", "net", "--batching", "65", code=2).stderr
    assert "auto, off, or a count of rows from 2 to 64" in refused


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_priorities_of_triton_are_taken(server, level):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    row = rows(1, 9)[0]
    status, answer = ask(connection, "net", row, priority=level)
    assert status == 200 and near(answer[:-1], row[:-1])


@pytest.mark.parametrize("level", [4, -1, "high", 1.5, True])
def test_other_priorities_are_refused(server, level):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    status, answer = ask(connection, "net", rows(1, 9)[0], priority=level)
    assert status == 400 and answer["code"] == "IN-006" and "priority" in answer["error"]


def test_the_header_names_priorities(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    for name in ("interactive", "batch", "shadow"):
        assert ask(connection, "net", rows(1, 9)[0], headers={"slipway-priority": name})[0] == 200
    status, answer = ask(connection, "net", rows(1, 9)[0], headers={"slipway-priority": "urgent"})
    assert status == 400 and answer["code"] == "IN-006" and "interactive, batch or shadow" in answer["error"]


def test_answers_are_kept_for_the_same_inputs(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    first, second = rows(2, 77)
    answers = [ask(connection, "keeper", row)[1] for row in (first, second, first, first)]
    assert answers[0] == answers[2] == answers[3] != answers[1]
    # The same numbers as JSON, and with a chosen output.
    body = json.dumps({
        "inputs": [{"name": "values", "datatype": "FP32", "shape": [1, WIDTH], "data": first}],
        "outputs": [{"name": "same"}]})
    connection.request("POST", "/v2/models/keeper/infer", body)
    said = json.loads(connection.getresponse().read())["outputs"][0]["data"]
    assert near(said, answers[0])
    found = shown(server, "keeper")
    assert found["cache"]["hits"] == 3 and found["cache"]["misses"] == 2 and found["cache"]["entries"] == 2
    assert 0 < found["cache"]["byteCount"] <= found["cache"]["byteLimit"] == 1 << 20
    assert found["requests"]["rows"] == 2
    assert "60 % of 5 requests; 2 answers in" in server.slipway("endpoint", "show", "keeper").stdout
    samples = metrics(server)
    assert samples['nv_cache_num_hits_per_model{model="keeper",version="1"}'] == 3
    assert samples['slipway_cache_requests_total{endpoint="keeper",result="miss"}'] == 2
    connection.request("GET", "/v2/models/keeper/stats")
    times = json.loads(connection.getresponse().read())["model_stats"][0]["inference_stats"]
    assert times["cache_hit"]["count"] == 3 and times["cache_miss"]["count"] == 2
    assert times["success"]["count"] == 5 and times["compute_infer"]["count"] == 2


def test_metrics_need_a_token_from_elsewhere(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def status(**headers):
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    assert status() == 200
    assert status(Via="1.1 proxy") == 401
    assert status(**{"X-Forwarded-For": "192.0.2.1"}) == 401
    assert status(Via="1.1 proxy", Authorization=f"Bearer {server.token}") == 200
    assert status(Via="1.1 proxy", Authorization="Bearer wrong") == 401
