# SPDX-License-Identifier: Apache-2.0
"""What tests of metrics, logs and traces share: requests, the text of /metrics, and a real Prometheus."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from program import ROOT, fetch

# The text that Prometheus and OpenMetrics ask for.
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
FAILING = {"inputs": [{"name": "values", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]}


def predict(server, endpoint, rows, **headers):
    return fetch(f"{server.url}/v1/endpoints/{endpoint}/predict", rows, **headers)


def fail(server, endpoint="fails"):
    """A prediction whose model fails."""
    return fetch(f"{server.url}/v2/models/{endpoint}/infer", FAILING)


def ask_all(server, row):
    """Every endpoint of the fixtures, every way that there are metrics of."""
    for endpoint in ("plain", "kept", "tumor"):
        for _ in range(3):
            status, text = predict(server, endpoint, row)
            assert status == 200, text
    status, text = fetch(f"{server.url}/v1/endpoints/plain/explain", row)
    assert status == 200, text
    status, text = fail(server)
    assert status == 500, text
    status, text = predict(server, "plain", row, **{"slipway-timeout": "1us"})
    assert status == 504, text


def metrics(server, view=None, accept=None, **headers):
    """The text of /metrics."""
    query = f"?view={view}" if view else ""
    status, text = fetch(f"{server.url}/metrics{query}", **({"Accept": accept} if accept else {}), **headers)
    assert status == 200, text
    return text


def program(name):
    """Of Debian's package `prometheus`, as `make setup` keeps it."""
    own = ROOT / ".tools" / "prometheus" / "usr" / "bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    assert found, f"There is no {name}: run `scripts/setup.sh telemetry`."
    return found


@dataclass
class Prometheus:
    process: subprocess.Popen
    url: str
    log: Path

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=60) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """What an expression is now: labels and value of each series."""
        found = self.get("/api/v1/query", query=expression)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def alerts(self):
        return {alert["labels"]["alertname"]: alert for alert in self.get("/api/v1/alerts")["alerts"]}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def prometheus(folder, configuration, limit_s=60):
    """A Prometheus of this test's own."""
    port, log = free_port(), folder / "prometheus.log"
    (folder / "configuration.yaml").write_text(configuration)
    command = [
        program("prometheus"), f"--config.file={folder}/configuration.yaml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={"PATH": os.environ["PATH"]})
    try:
        found = Prometheus(process, f"http://127.0.0.1:{port}", log)
        wait_for(lambda: is_ready(found), limit_s, lambda: log.read_text()[-4000:])
        yield found
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_ready(prometheus):
    assert prometheus.process.poll() is None, prometheus.log.read_text()[-4000:]
    try:
        with urllib.request.urlopen(f"{prometheus.url}/-/ready", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(condition, limit_s, explain=lambda: ""):
    """Asks until it holds, and gives what it says then."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"it did not come to that in {limit_s} s. {explain()}")
