# SPDX-License-Identifier: Apache-2.0
"""Lines of the server's log as a receiver of OpenTelemetry's protocol reads them."""

import json
import secrets

from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_ERROR, SEVERITY_NUMBER_INFO
from otlp import facts, receiving
from program import MODELS, fetch, running
from telemetry import FAILING, wait_for


def test_every_line_comes_once_with_its_trace(tmp_path):
    with receiving() as receiver:
        # Nobody takes the first ones: they wait.
        receiver.log_statuses[:] = [503]
        options = ["--otlp", receiver.url, "--trace-sample", 0]
        with running(tmp_path, *options, OTEL_SERVICE_NAME="models", OTEL_METRICS_EXPORTER="none") as server:
            server.slipway("deploy", MODELS / "fails-when-run.onnx", "--name", "fails")
            trace = secrets.token_hex(16)
            headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
            assert fetch(f"{server.url}/v2/models/fails/infer", FAILING, **headers)[0] == 500
            wait_for(lambda: any(line.body.string_value == "prediction failed" for line in receiver.lines()), 60)
            wait_for(lambda: any(line.body.string_value == "lines of the log are taken" for line in receiver.lines()), 60)
        lines = receiver.lines()
        (failed,) = [line for line in lines if line.body.string_value == "prediction failed"]
        assert failed.severity_number == SEVERITY_NUMBER_ERROR and failed.severity_text == "ERROR"
        assert failed.trace_id.hex() == trace == facts(failed)["trace.id"]
        assert facts(failed)["error.code"] == "ENG-005" and facts(failed)["prediction.id"]
        assert failed.time_unix_nano == failed.observed_time_unix_nano > 0
        assert any(line.severity_number == SEVERITY_NUMBER_INFO and not line.trace_id for line in lines)
        # As the log's file has them, from when they are sent on until the server tells what is left.
        written = [json.loads(line) for line in server.log.read_text().splitlines()]
        written = [one["message"] for one in written if one["message"] != "stopped"]
        assert written[-len(lines):] == [line.body.string_value for line in lines]
        (resource,) = {tuple(sorted(facts(one.resource).items())) for request in receiver.logs for one in request.resource_logs}
        assert dict(resource) == {"service.name": "models", "service.version": "0.1.0"}
