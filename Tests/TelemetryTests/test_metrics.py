# SPDX-License-Identifier: Apache-2.0
"""`/metrics` as the readers of Prometheus' own client take it, and the page that names what is there."""

import json
import re
import time

import pytest
from program import EXAMPLES, ROOT, fetch, running
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text
from telemetry import OPENMETRICS, metrics, predict

PAGE = ROOT / "docs" / "reference" / "metrics.md"


def samples(text, read=prometheus_text):
    found = {}
    for family in read(text):
        for sample in family.samples:
            # The reader of Prometheus' format adds what Triton's counters do not end in.
            name = sample.name.removesuffix("_total") if sample.name.startswith("nv_") else sample.name
            key = (name, *sorted(sample.labels.items()))
            assert key not in found, f"{key} is there twice"
            found[key] = sample
    return found


def names(text):
    """Names of metrics as Prometheus' format declares them."""
    return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))


def documented():
    """What the page's tables have in their first column."""
    cells = re.findall(r"^\| (`.*?`) \|", PAGE.read_text(), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([a-z0-9_]+)`", cell)}


def test_every_metric_has_its_line_in_the_page_and_every_line_its_metric(server):
    served = names(metrics(server, "all"))
    assert len(served) > 40
    assert served - documented() == set(), f"{PAGE} does not say what these are"
    assert documented() - served == set(), f"{PAGE} names what is not served"


def test_both_formats_say_the_same(server):
    plain = samples(metrics(server, "all"))
    text = metrics(server, "all", OPENMETRICS)
    assert text.endswith("\n# EOF\n")
    open_ = samples(text, open_metrics)
    # What changes by itself from one question to the next.
    own = {key for key in plain if key[0].startswith("process_")}
    assert {key: one.value for key, one in plain.items() if key not in own} == {
        key: one.value for key, one in open_.items() if key not in own}
    assert own == {key for key in open_ if key[0].startswith("process_")}


def test_slow_predictions_are_named(server, row):
    status, text = predict(server, "plain", row)
    assert status == 200
    families = {one.name: one for one in open_metrics(metrics(server, accept=OPENMETRICS))}
    durations = families["slipway_request_duration_seconds"]
    assert durations.unit == "seconds" and families["slipway_build"].type == "info"
    assert families["slipway_stage_seconds"].type == "counter"
    assert families["nv_inference_count"].type == "unknown"
    found = [one for one in durations.samples if one.labels["endpoint"] == "plain" and one.exemplar]
    assert found
    for one in found:
        assert re.fullmatch("[0-9a-f-]{36}", one.exemplar.labels["prediction_id"])
        assert one.exemplar.value <= float(one.labels["le"])
    # Nothing of that in the other format.
    assert "prediction_id" not in metrics(server)


@pytest.mark.parametrize("accept, is_open", [
    ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", True),
    ("application/openmetrics-text; version=1.0.0; charset=utf-8;q=0.5,text/plain;version=0.0.4;q=0.4", True),
    ("application/openmetrics-text", True),
    ("application/openmetrics-text;version=2.0.0", False),
    ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.4", False),
    ("application/openmetrics-text;version=1.0.0;q=0", False),
    ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", False),
    ("*/*", False), ("text/plain", False), ("nonsense;;;,,q=", False), ("", False),
])
def test_the_format_is_the_one_that_is_preferred(server, accept, is_open):
    assert metrics(server, accept=accept).endswith("# EOF\n") == is_open


def test_views_have_the_names_of_others(server):
    assert {name.split("_")[0] for name in names(metrics(server, "triton"))} == {"nv"}
    kserve = names(metrics(server, "kserve"))
    assert kserve == {
        "request_preprocess_seconds", "request_predict_seconds", "request_postprocess_seconds",
        "request_explain_seconds"}
    both = names(metrics(server, "triton,kserve"))
    assert both > kserve and "nv_inference_count" in both and "slipway_endpoints" not in both
    assert names(metrics(server)) == names(metrics(server, "slipway,triton"))
    status, text = fetch(server.url + "/metrics?view=mine")
    assert status == 400 and "IN-006" in text and "kserve" in text
    status, text = fetch(server.url + "/metrics?names=mine")
    assert status == 400 and "IN-010" in text


def test_kserves_histograms_count_what_was_asked(server):
    found = samples(metrics(server, "all"))

    def value(name, **labels):
        return found[(name, *sorted(labels.items()))].value

    counts = {
        name: value(f"request_{name}_seconds_count", model_name="plain")
        for name in ("preprocess", "predict", "postprocess", "explain")}
    assert counts["explain"] == 1
    answered = value("slipway_requests_total", endpoint="plain", outcome="success")
    assert counts["predict"] == answered - 1 and counts["postprocess"] == counts["preprocess"] == answered
    # What was kept is decoded and encoded, and not computed.
    assert value("request_predict_seconds_count", model_name="kept") == 1
    assert value("request_postprocess_seconds_count", model_name="kept") == 3
    stages = sum(value(f"request_{name}_seconds_sum", model_name="plain") for name in ("predict", "explain"))
    assert stages == pytest.approx(value("slipway_stage_seconds_total", endpoint="plain", stage="compute"))
    assert value("slipway_step_rows_total", endpoint="tumor", step="verdict") >= 3
    assert value("slipway_version_requests_total", endpoint="plain", version="1") >= answered


def test_the_process_is_told_of(server):
    found = {key[0]: one.value for key, one in samples(metrics(server)).items() if key[0].startswith("process_")}
    assert abs(found["process_cpu_seconds_total"] - server.cpu_seconds()) < 5
    assert found["process_resident_memory_bytes"] == pytest.approx(server.resident_bytes(), rel=0.2)
    assert abs(found["process_open_fds"] - server.descriptor_count()) < 10 < found["process_max_fds"]
    assert found["process_threads"] > 1 and found["process_virtual_memory_bytes"] > 1 << 20
    assert 0 < time.time() - found["process_start_time_seconds"] < 3600


def test_who_sees_one_project_sees_no_process(server):
    server.slipway("project", "create", "other")
    made = server.slipway(
        "token", "create", "reader", "--role", "viewer", "--project", "other", "--format", "json").stdout
    token = json.loads(made)["token"]
    text = metrics(server, "all", Via="1.1 proxy", Authorization=f"Bearer {token}")
    assert "\nprocess_" not in text and 'endpoint="plain"' not in text and "slipway_build_info" in text


def test_more_endpoints_than_have_series_share_one(tmp_path, row):
    with running(tmp_path / "server", "--metric-endpoints", 2) as server:
        for name in ("third", "second", "first"):
            server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", name)
            # What has its series keeps it, however many come.
            assert f'slipway_endpoint_ready{{endpoint="{name}"}} 1' in metrics(server) or name == "first"
            for _ in range(2):
                assert predict(server, name, row)[0] == 200
        text = metrics(server, "all")
        found = samples(text)
        assert found[("slipway_endpoints_without_series",)].value == 1
        assert set(re.findall('endpoint="(.*?)"', text)) == {"third", "second", "_other"}
        assert found[("slipway_requests_total", ("endpoint", "_other"), ("outcome", "success"))].value == 2
        assert found[("nv_inference_count", ("model", "_other"), ("version", ""))].value == 2
        assert found[("request_predict_seconds_count", ("model_name", "_other"))].value == 2
        assert found[("slipway_endpoints", ("state", "ready"))].value == 3
        # The room of one that is gone goes to the next.
        server.slipway("endpoint", "delete", "third")
        assert 'slipway_endpoint_ready{endpoint="first"} 1' in metrics(server)
        assert '"_other"' not in metrics(server, "all")
