# SPDX-License-Identifier: Apache-2.0
"""Traces of predictions, as a receiver of OpenTelemetry's protocol reads them."""

import concurrent.futures
import http.client
import json
import re
import secrets
import time

import pytest
import tritonclient.grpc as triton
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from otlp import facts, receiving, resource
from program import EXAMPLES, MODELS, STOP_LIMIT_S, clean_environment, fetch, running, slipway
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from telemetry import FAILING, OPENMETRICS, metrics, predict, wait_for


def context(sampled=True):
    """A caller's trace: its id, the caller's span, and the header."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, span, {"traceparent": f"00-{trace}-{span}-0{int(sampled)}", "tracestate": "vendor=1,other=2"}


def tree(receiver, trace):
    """The spans of a trace by name, once its root is there."""
    spans = wait_for(lambda: receiver.trees().get(trace), 60)
    named = {span.name: span for span in spans}
    assert len(named) == len(spans), [span.name for span in spans]
    (root,) = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
    for span in spans:
        assert len(span.span_id) == 8 and any(span.span_id) and span.trace_id.hex() == trace
        assert span.trace_state == "vendor=1,other=2"
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano <= root.end_time_unix_nano
    assert len({span.span_id for span in spans}) == len(spans)
    return root, named


def dropped(server):
    found = re.findall(r'^slipway_spans_dropped_total\{cause="(\w+)"\} (\d+)$', metrics(server), re.MULTILINE)
    return {cause: int(count) for cause, count in found}


def exported(server):
    return int(re.search(r"^slipway_spans_exported_total (\d+)$", metrics(server), re.MULTILINE).group(1))


@pytest.fixture(scope="module")
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def traced(receiver, tmp_path_factory, graph):
    """Traces what its callers trace, and nothing else."""
    with running(
        tmp_path_factory.mktemp("traced"), "--otlp", receiver.url, "--trace-sample", 0, OTEL_SERVICE_NAME="models",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test", OTEL_EXPORTER_OTLP_HEADERS="tenant=a%20b",
    ) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "queued")
        server.slipway("endpoint", "set", "queued", "--run-on", "lane")
        server.slipway("deploy", graph)
        server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", "fails")
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        yield server


def test_a_prediction_is_one_tree(traced, receiver, row):
    trace, caller, headers = context()
    began = time.time_ns()
    assert predict(traced, "plain", row, **headers)[0] == 200
    root, named = tree(receiver, trace)
    assert root.name == "predict plain" and root.parent_span_id.hex() == caller and root.status.code == Status.STATUS_CODE_UNSET
    assert began - 10**9 < root.start_time_unix_nano < time.time_ns() + 10**9
    said = facts(root)
    assert said["slipway.endpoint"] == "plain" and said["slipway.version"] == "1" and said["slipway.rows"] == 1
    assert said["http.response.status_code"] == 200 and re.fullmatch("[0-9a-f-]{32,36}", said["slipway.prediction_id"])
    assert set(named) == {"predict plain", "decode", "engine", "encode"}
    for name in ("decode", "engine", "encode"):
        assert named[name].parent_span_id == root.span_id and named[name].kind == Span.SPAN_KIND_INTERNAL
    order = [named[name] for name in ("decode", "engine", "encode")]
    assert all(one.end_time_unix_nano <= other.start_time_unix_nano for one, other in zip(order, order[1:]))
    kept = json.loads(traced.slipway("prediction", "show", said["slipway.prediction_id"], "--format", "json").stdout)
    assert kept["trace"] == trace and kept["endpoint"] == "plain"
    path, head = receiver.heads[0]
    assert path == "/v1/traces" and head["content-type"] == "application/x-protobuf" and head["tenant"] == "a b"
    assert resource(receiver) == {
        "service.name": "models", "service.version": "0.1.0", "deployment.environment.name": "test"}


def test_what_waits_for_a_thread_says_so(traced, receiver, row):
    trace, _, headers = context()
    assert predict(traced, "queued", row, **headers)[0] == 200
    root, named = tree(receiver, trace)
    assert named["queue"].parent_span_id == root.span_id
    assert named["queue"].end_time_unix_nano <= named["engine"].start_time_unix_nano


def test_steps_of_a_graph_are_below_the_engine(traced, receiver, row):
    trace, _, headers = context()
    assert predict(traced, "tumor", row, **headers)[0] == 200
    root, named = tree(receiver, trace)
    for step in ("model", "verdict"):
        assert named[step].parent_span_id == named["engine"].span_id
        assert named["engine"].start_time_unix_nano <= named[step].start_time_unix_nano
        assert named[step].end_time_unix_nano <= named["engine"].end_time_unix_nano
        assert facts(named[step])["slipway.rows"] == 1


def test_what_fails_says_why(traced, receiver, row):
    trace, _, headers = context()
    assert fetch(f"{traced.url}/v2/models/fails/infer", FAILING, **headers)[0] == 500
    root, named = tree(receiver, trace)
    assert root.status.code == Status.STATUS_CODE_ERROR and facts(root)["error.type"] == "ENG-005"
    assert facts(root)["http.response.status_code"] == 500 and "engine" in named
    # The log has the trace as well.
    lines = [json.loads(line) for line in traced.log.read_text().splitlines()]
    (failed,) = [line for line in lines if line.get("trace.id") == trace]
    assert failed["prediction.id"] == facts(root)["slipway.prediction_id"]
    # What cannot be read does not come to an engine.
    trace, _, headers = context()
    assert predict(traced, "plain", [{"no": "column"}], **headers)[0] in (400, 422)
    root, named = tree(receiver, trace)
    assert set(named) == {"predict plain"} and facts(root)["error.type"].startswith("IN-")
    kept = traced.slipway("prediction", "list", "--status", "invalid", "--limit", 1, "--format", "json").stdout
    assert json.loads(kept)["predictions"][0]["trace"] == trace


def test_grpc_brings_its_trace_in_metadata(traced, receiver):
    import numpy as np

    values = triton.InferInput("values", [1, 3], "FP32")
    values.set_data_from_numpy(np.array([[1, 2, 3]], "float32"))
    with triton.InferenceServerClient(traced.address) as client:
        trace, caller, headers = context()
        client.infer("echo", [values], headers=headers)
        root, named = tree(receiver, trace)
        assert root.parent_span_id.hex() == caller and facts(root)["rpc.system"] == "grpc"
        assert facts(root)["rpc.grpc.status_code"] == 0 and facts(root)["slipway.endpoint"] == "echo"
        assert set(named) == {root.name, "decode", "engine", "encode"}
        assert f"trace     {trace}" in traced.slipway("prediction", "show", facts(root)["slipway.prediction_id"]).stdout
        trace, _, headers = context()
        with pytest.raises(triton.InferenceServerException):
            client.infer("nobody", [values], headers=headers)
        root, _ = tree(receiver, trace)
        assert root.status.code == Status.STATUS_CODE_ERROR and facts(root)["error.type"] == "REG-003"
        assert facts(root)["rpc.grpc.status_code"] == 5


def test_nothing_is_traced_that_nobody_asked_for(traced, receiver, row):
    trace, _, headers = context(sampled=False)
    assert predict(traced, "plain", row, **headers)[0] == 200
    assert predict(traced, "plain", row)[0] == 200
    assert predict(traced, "plain", row, traceparent="00-nonsense")[0] == 200
    # One that is traced comes behind them, in a later batch or the same.
    last, _, headers = context()
    assert predict(traced, "plain", row, **headers)[0] == 200
    tree(receiver, last)
    known = receiver.trees()
    assert trace not in known
    assert all(root.parent_span_id for root in receiver.spans())
    assert dropped(traced) == {"queue_full": 0, "refused": 0, "unreachable": 0}
    wait_for(lambda: exported(traced) == len(receiver.spans()), 30)


def test_an_exemplar_has_the_trace(traced, receiver, row):
    trace, _, headers = context()
    assert predict(traced, "plain", row, **headers)[0] == 200
    found = {
        sample.exemplar.labels.get("trace_id") for family in open_metrics(metrics(traced, accept=OPENMETRICS))
        for sample in family.samples if sample.exemplar}
    assert trace in found


def test_a_share_is_traced_and_variables_say_where_to(tmp_path, row):
    with receiving() as receiver, running(
        tmp_path / "server", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{receiver.url}/own/path",
        OTEL_TRACES_SAMPLER="always_on",
    ) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        for _ in range(20):
            # The caller does not trace this, which does not decide here.
            assert predict(server, "plain", row, **context(sampled=False)[2])[0] == 200
        wait_for(lambda: len(receiver.trees()) == 20, 30)
        assert {path for path, _ in receiver.heads} == {"/own/path"}
        # What is finished when the server is told to stop goes out before it ends.
        assert predict(server, "plain", row)[0] == 200
    assert len(receiver.trees()) == 21
    (root,) = [span for span in receiver.spans() if not span.parent_span_id]
    assert root.name == "predict plain"


def test_a_receiver_that_is_busy_is_asked_again(tmp_path, row):
    with receiving() as receiver, running(
        tmp_path / "server", "--otlp", receiver.url + "/", "--trace-sample", 1) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        receiver.statuses[:] = [503, 429]
        receiver.headers["Retry-After"] = "1"
        assert predict(server, "plain", row)[0] == 200
        wait_for(lambda: len(receiver.trees()) == 1, 60)
        assert receiver.refused == 2 and len(receiver.spans()) == 4
        wait_for(lambda: exported(server) == 4, 30)
        # What it refuses for good is not sent again, and counted; what it takes a part of, by the part.
        receiver.headers.clear()
        receiver.statuses[:] = [400]
        assert predict(server, "plain", row)[0] == 200
        wait_for(lambda: dropped(server)["refused"] == 4, 60)
        receiver.rejected = 3
        assert predict(server, "plain", row)[0] == 200
        wait_for(lambda: dropped(server)["refused"] == 7, 60)
        assert exported(server) == 5 and receiver.refused == 3
    said = [json.loads(line)["message"] for line in server.log.read_text().splitlines()]
    assert said.count("traces are not taken, and dropped") == 1 and said.count("traces are taken") == 1


def test_a_receiver_that_hangs_holds_nobody_up_and_what_does_not_fit_is_counted(tmp_path, row):
    """Far more than waits at most, while the receiver takes nothing: answers come, and the rest is counted."""
    # A server that gives the receiver up would not know what that makes of the batch later on.
    with receiving() as receiver, running(
        tmp_path / "server", "--otlp", receiver.url, "--trace-sample", 1, OTEL_EXPORTER_OTLP_TIMEOUT="600000") as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        receiver.open.clear()
        body = json.dumps(row)

        def ask(count):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            for _ in range(count):
                connection.request("POST", "/v1/endpoints/plain/predict", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
            return count

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            asked = sum(threads.map(ask, [650] * 8))
        # One batch is on its way, and no more than 4096 wait.
        assert dropped(server)["queue_full"] >= 4 * (asked - 4096 - 256)
        assert exported(server) == 0
        receiver.open.set()
        wait_for(lambda: exported(server) + dropped(server)["queue_full"] == 4 * asked, 60)
        assert exported(server) == len(receiver.spans())


@pytest.mark.parametrize("pause", [0, 0.5, 1])
def test_what_is_on_its_way_when_the_server_ends_arrives(tmp_path, row, pause):
    """It is told to stop while a batch is being taken, or just before or after one goes out."""
    with receiving() as receiver, running(
        tmp_path / "server", "--otlp", receiver.url, "--trace-sample", 1) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        receiver.open.clear()
        assert predict(server, "plain", row)[0] == 200
        time.sleep(pause)
        server.process.terminate()
        time.sleep(0.3)
        receiver.open.set()
        assert server.process.wait(STOP_LIMIT_S) == 0
        assert len(receiver.trees()) == 1


def test_a_receiver_that_hangs_does_not_hold_up_the_end(tmp_path, row):
    with receiving() as receiver, running(
        tmp_path / "server", "--otlp", receiver.url, "--trace-sample", 1, OTEL_EXPORTER_OTLP_TIMEOUT="600000") as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        receiver.open.clear()
        assert predict(server, "plain", row)[0] == 200
        wait_for(lambda: receiver.arrived, 30)
        server.process.terminate()
        # Far less than it would wait for an answer.
        assert server.process.wait(STOP_LIMIT_S) == 0


def test_nobody_there_is_said_once(tmp_path, row):
    with running(tmp_path / "server", "--otlp", "http://127.0.0.1:9", "--trace-sample", 1) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
        assert predict(server, "plain", row)[0] == 200
        wait_for(lambda: dropped(server)["unreachable"] == 4, 60)
        assert exported(server) == 0
    said = [json.loads(line)["message"] for line in server.log.read_text().splitlines()]
    assert said.count("traces are not taken, and dropped") == 1


def test_what_cannot_be_honoured_stops_the_start(tmp_path):
    environment = clean_environment(tmp_path)
    said = slipway("serve", "--otlp", "localhost:4318", environment=environment, code=2).stderr
    assert "SYS-008" in said and "http://localhost:4318" in said
    said = slipway(
        "serve", environment=environment | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, code=2).stderr
    assert "OTEL_EXPORTER_OTLP_PROTOCOL" in said
