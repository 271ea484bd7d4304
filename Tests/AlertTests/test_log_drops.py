# SPDX-License-Identifier: Apache-2.0
"""The disk of the prediction log is full: every prediction is answered, those that are lost are counted, and somebody hears."""

import json
import re
import shutil
import subprocess

import pytest
from alerting import alerts, watching
from program import MODELS, fetch
from receivers import until

# With its answer close to the most that the log takes of a prediction.
HEAD = json.dumps({
    "inputs": [{"name": "values", "datatype": "FP32", "shape": [2500, 3], "parameters": {"binary_data_size": 30_000}}],
    "parameters": {"binary_data_output": True}}).encode()
BODY, HEADERS = HEAD + bytes(30_000), {"Inference-Header-Content-Length": str(len(HEAD))}


def small_disk(place):
    """A wrapper that gives the program a small file system of its own, which vanishes with it."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    place.mkdir(parents=True)
    return ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=256k none "{place}" && exec "$@"', "sh"]


def counted(server):
    """Of the endpoint's predictions: in files, and lost, by cause."""
    text = fetch(f"{server.url}/metrics")[1]
    dropped = dict(re.findall(r'^slipway_prediction_log_dropped_total\{endpoint="echo",cause="(\w+)"\} (\d+)$', text, re.M))
    (written,) = re.findall(r'^slipway_prediction_log_records_total\{endpoint="echo"\} (\d+)$', text, re.M)
    return int(written), {cause: int(count) for cause, count in dropped.items()}


def test_a_full_disk_is_counted_and_told(tmp_path):
    place = tmp_path / "data" / "predictions"
    with watching(tmp_path, wrapper=small_disk(place)) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
        asked = 0

        def lost():
            nonlocal asked
            for _ in range(20):
                assert fetch(f"{server.url}/v2/models/echo/infer", BODY, **HEADERS)[0] == 200
                asked += 1
            return counted(server)[1]["backlog"] > 3

        until(lost)
        (alert,) = until(lambda: [one for one in alerts(server) if one["kind"] == "log_drops"])
        assert alert["key"] == "log_drops/echo" and alert["severity"] == "warning"
        assert {one["name"] for one in alert["evidence"]} == {"dropped", "over"}
        # What waits is written as soon as there is room, and nothing is counted twice or not at all.
        room = ["nsenter", "--target", str(server.pid), "--mount", "mount", "-o", "remount,size=64m", str(place)]
        subprocess.run(room, check=True)
        until(lambda: counted(server)[0] + sum(counted(server)[1].values()) == asked)
        assert counted(server)[0] > 100
