# SPDX-License-Identifier: Apache-2.0
"""The files in deploy/ against promtool, and against a real Prometheus that collects from a real server."""

import json
import re
import shutil
import subprocess
import threading
import time

import pytest
from program import MODELS, ROOT, running
from telemetry import fail, metrics, predict, program, prometheus, wait_for

DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "slipway.json").read_text())
# Words of the query language that stand where names of metrics may. Functions are told by their parenthesis.
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "and", "or", "unless", "offset"}


def promtool(*arguments):
    done = subprocess.run([program("promtool"), *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def names_in(expression):
    """The metrics that an expression asks for."""
    text = re.sub(r'"[^"]*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
    found = re.findall(r"\b([a-zA-Z_:][\w:]*)\b(?!\s*\()", text)
    return {name for name in found if name not in WORDS}


def targets():
    return [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]


def filled(expression):
    """As Grafana asks it, with everything chosen."""
    for variable, value in (("$__rate_interval", "10s"), ("$job", "slipway"), ("$instance", ".*"), ("$endpoint", ".*")):
        expression = expression.replace(variable, value)
    assert "$" not in expression, expression
    return expression


def hastened(rules):
    """The same rules for those who have seconds."""
    return re.sub(r"\[(5|15)m\]", "[10s]", re.sub(r"for: \d+m", "for: 1s", rules))


def configuration(folder, *targets):
    (folder / "rules.yaml").write_text(hastened(RULES.read_text()))
    text = (DEPLOY / "prometheus" / "prometheus.yaml").read_text()
    assert '["localhost:8080"]' in text and text.count("15s") == 2
    return text.replace('["localhost:8080"]', json.dumps(targets)).replace("15s", "1s")


def test_what_is_shipped_is_well_formed():
    promtool("check", "config", DEPLOY / "prometheus" / "prometheus.yaml")
    promtool("check", "rules", "--lint-fatal", RULES)


def test_each_rule_is_raised_by_what_it_is_for_and_by_nothing_else(tmp_path):
    text = (ROOT / "Tests" / "TelemetryTests" / "rules_test.yaml").read_text()
    (tmp_path / "rules_test.yaml").write_text(text.replace("RULES", str(RULES)))
    promtool("test", "rules", tmp_path / "rules_test.yaml")
    raised = set(re.findall("alertname=\"(.*?)\"", text))
    assert raised == set(re.findall(r"alert: (\w+)", RULES.read_text()))


def test_the_reader_of_expressions_finds_names():
    assert names_in('sum by (job, le) (rate(a_total{x="y_total"}[5m])) / on (z) group_left () b > 0.5 and c:d unless e'
                    ) == {"a_total", "b", "c:d", "e"}


def test_rules_and_dashboard_name_only_what_is_there(server):
    served = set(re.findall(r"^# TYPE (\S+) ", metrics(server, "all"), re.MULTILINE))
    served |= {f"{name}_{part}" for name in served for part in ("bucket", "sum", "count")}
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    rules = re.findall(r"expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)", RULES.read_text())
    expressions = [long or short for long, short in rules] + [filled(one) for _, one in targets()]
    assert len(rules) == len(re.findall("expr:", RULES.read_text())) and len(expressions) > 40
    for variable in DASHBOARD["templating"]["list"][1:]:
        expressions.append(re.fullmatch(r"label_values\((.*), \w+\)", variable["definition"]).group(1))
    for expression in expressions:
        asked = names_in(expression)
        assert asked and asked - served - recorded - {"up"} == set(), expression


def test_the_dashboard_is_one():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not taken & cells and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"


@pytest.fixture(scope="module")
def asked(server, row):
    """Traffic for as long as the tests of this file take."""
    ended = threading.Event()

    def ask():
        while not ended.wait(0.05):
            for endpoint in ("plain", "kept", "tumor"):
                predict(server, endpoint, row)
            fail(server)

    thread = threading.Thread(target=ask)
    thread.start()
    yield server
    ended.set()
    thread.join()


@pytest.fixture(scope="module")
def collector(asked, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(folder, configuration(folder, asked.address)) as found:
        yield found


def test_a_real_prometheus_takes_openmetrics_and_exemplars(collector):
    wait_for(lambda: collector.query('slipway_requests_total{endpoint="plain",outcome="success"} > 3'), 60)
    (target,) = collector.get("/api/v1/targets")["activeTargets"]
    assert target["health"] == "up" and target["lastError"] == ""
    now = time.time()
    (found, *_) = wait_for(
        lambda: collector.get(
            "/api/v1/query_exemplars", query="slipway_request_duration_seconds_bucket", start=now - 600, end=now + 60), 60)
    assert re.fullmatch("[0-9a-f-]{32,36}", found["exemplars"][0]["labels"]["prediction_id"])
    assert abs(float(found["exemplars"][0]["timestamp"]) - now) < 600
    known = collector.get("/api/v1/metadata", metric="slipway_request_duration_seconds")
    assert known["slipway_request_duration_seconds"][0]["type"] == "histogram"


@pytest.mark.parametrize("title, expression", targets(), ids=[f"{index}-{title}" for index, (title, _) in enumerate(targets())])
def test_each_panel_shows_something(collector, title, expression):
    # Nothing here runs in workers, and nothing is refused on arrival.
    if "worker_losses" in expression:
        assert collector.query(filled(expression)) == []
        return
    wait_for(lambda: collector.query(filled(expression)), 60, lambda: expression)


def test_an_endpoint_whose_requests_fail_raises_an_alert(collector):
    found = wait_for(
        lambda: [one for one in collector.get("/api/v1/alerts")["alerts"]
                 if one["labels"]["alertname"] == "SlipwayFailures" and one["state"] == "firing"], 60)
    assert {one["labels"]["endpoint"] for one in found} == {"fails"}
    assert found[0]["annotations"]["summary"] == "100% of the requests to fails fail"
    # What is well raises none.
    assert not [one for one in collector.get("/api/v1/alerts")["alerts"]
                if one["labels"].get("endpoint") in ("plain", "kept", "tumor")]


def test_an_endpoint_that_is_gone_raises_an_alert_and_so_does_a_server(tmp_path):
    with running(tmp_path / "server") as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "lost")
    shutil.rmtree(tmp_path / "server" / "data" / "contents" / "bundles")
    shutil.rmtree(tmp_path / "server" / "data" / "contents" / "blobs")
    with running(tmp_path / "server") as server:
        assert 'slipway_endpoint_failing{endpoint="lost"} 1' in metrics(server)
        assert 'slipway_endpoints{state="failing"} 1' in metrics(server)
        with prometheus(tmp_path, configuration(tmp_path, server.address)) as collector:

            def firing(name):
                alert = collector.alerts().get(name)
                return alert if alert and alert["state"] == "firing" else None

            alert = wait_for(lambda: firing("SlipwayEndpointFailing"), 60)
            assert alert["annotations"]["summary"] == "Nothing answers at lost"
            assert not firing("SlipwayDown")
            # An endpoint that is mended is no alert any more.
            server.slipway("endpoint", "delete", "lost")
            wait_for(lambda: "SlipwayEndpointFailing" not in collector.alerts(), 60)
            server.process.terminate()
            assert server.process.wait(120) == 0
            wait_for(lambda: firing("SlipwayDown"), 60)
