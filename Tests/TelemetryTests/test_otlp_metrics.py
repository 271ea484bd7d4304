# SPDX-License-Identifier: Apache-2.0
"""Metrics as a receiver of OpenTelemetry's protocol reads them: the same numbers as `/metrics` has."""

import json
import re
import time

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE
from otlp import facts, receiving, told
from program import EXAMPLES, running
from prometheus_client.parser import text_string_to_metric_families as prometheus_text
from telemetry import metrics, predict, wait_for


def points(metric):
    """Points by their labels."""
    found = {tuple(sorted(facts(point).items())): point for point in getattr(metric, metric.WhichOneof("data")).data_points}
    assert len(found) == len(getattr(metric, metric.WhichOneof("data")).data_points)
    return found


def number(point):
    return getattr(point, point.WhichOneof("value"))


def asked(receiver, count):
    """Whether the newest telling knows of so many predictions."""
    if not receiver.metrics or "slipway_requests_total" not in told(receiver)[0]:
        return False
    found = points(told(receiver)[0]["slipway_requests_total"])
    return number(found[(("endpoint", "plain"), ("outcome", "success"))]) == count


def test_metrics_are_told_as_they_are_collected(tmp_path, row):
    began = time.time_ns()
    with receiving() as receiver:
        options = ["--otlp", receiver.url, "--otlp-interval", "200ms", "--trace-sample", 0]
        variables = {"OTEL_SERVICE_NAME": "models", "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "tenant=7"}
        with running(tmp_path, *options, **variables) as server:
            server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "plain")
            for _ in range(5):
                assert predict(server, "plain", row)[0] == 200
            wait_for(lambda: asked(receiver, 5), 60)
            known = len(receiver.metrics)
            wait_for(lambda: len(receiver.metrics) > known, 60)
            families = {
                re.sub("_total$", "", one.name): one for one in prometheus_text(metrics(server, "slipway"))
                if one.samples}
            found, resource = told(receiver)
            assert receiver.metrics[-1][0]["tenant"] == "7"
            assert resource == {"service.name": "models", "service.version": "0.1.0"}
            # Every name, and every series of it.
            assert {re.sub("_total$", "", name) for name in found} == set(families)
            for name, metric in found.items():
                family = families[re.sub("_total$", "", name)]
                labels = {
                    tuple(sorted((key, text) for key, text in one.labels.items() if key != "le")) for one in family.samples}
                assert set(points(metric)) == labels and metric.description == family.documentation
                kind = metric.WhichOneof("data")
                assert kind == {"counter": "sum", "gauge": "gauge", "histogram": "histogram"}[family.type], name
                for point in points(metric).values():
                    assert began - 10**9 < point.time_unix_nano < time.time_ns() + 10**9
                    if kind != "gauge":
                        assert began - 10**9 < point.start_time_unix_nano <= point.time_unix_nano
                        assert getattr(metric, kind).aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE
                if kind == "sum":
                    assert metric.sum.is_monotonic
                # What does not change by itself is the same number.
                if name.startswith("slipway_") and kind != "histogram":
                    assert {labels: number(point) for labels, point in points(metric).items()} == pytest.approx(
                        {tuple(sorted(one.labels.items())): one.value for one in family.samples}), name
            durations = found["slipway_request_duration_seconds"]
            (point,) = points(durations).values()
            samples = {
                (one.name.rpartition("_")[2], one.labels.get("le")): one.value
                for one in families["slipway_request_duration_seconds"].samples}
            bounds = [float(bound) for part, bound in samples if part == "bucket" and bound != "+Inf"]
            assert durations.unit == "s" and list(point.explicit_bounds) == pytest.approx(bounds)
            assert point.count == sum(point.bucket_counts) == 5 and len(point.bucket_counts) == len(bounds) + 1
            assert point.sum == pytest.approx(samples[("sum", None)])
            assert found["process_resident_memory_bytes"].unit == "By"
            # What was counted last is told at the end.
            for _ in range(2):
                assert predict(server, "plain", row)[0] == 200
        assert asked(receiver, 7)
        assert not receiver.requests, "nothing was traced"


def test_a_receiver_that_takes_no_metrics_is_told_of_once(tmp_path):
    options = ["--otlp", "http://127.0.0.1:9", "--otlp-interval", "100ms", "--trace-sample", 0]
    with running(tmp_path, *options) as server:
        found = wait_for(lambda: "metrics are not taken" in server.log.read_text(), 60)
        assert found
        time.sleep(1)
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    (line,) = [line for line in lines if line["message"] == "metrics are not taken"]
    assert line["level"] == "warning" and line["url"] == "http://127.0.0.1:9/v1/metrics" and line["reason"]
