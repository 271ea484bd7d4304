# SPDX-License-Identifier: Apache-2.0
"""What may not be kept of a prediction is on no disk."""

import json
import shutil
import sys
import urllib.error
import urllib.request

from program import EXAMPLES, running


def predict(server, row):
    """-> the prediction's id"""
    request = urllib.request.Request(f"{server.url}/v1/endpoints/churn/predict", json.dumps([row]).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.headers["slipway-prediction-id"]
    except urllib.error.HTTPError as error:
        return error.headers["slipway-prediction-id"]


def shown(server, id):
    return json.loads(server.slipway("prediction", "show", id, "--format", "json").stdout)


def test_personal_data_never_reaches_the_disk(tmp_path):
    project = tmp_path / "churn"
    shutil.copytree(EXAMPLES / "churn", project)
    with (project / "slipway.yaml").open("a") as file:
        file.write("\nfields: {country: {log: hash}, plan: {log: drop}, income: {log: sketch}}\n")
    row = {"age": 44.0, "income": 31415.926, "plan": "plan-of-one", "country": "country-of-one", "signup": "2022-01-03"}
    with running(tmp_path / "server", SLIPWAY_PYTHON=sys.executable) as server:
        server.slipway("deploy", project)
        ids = [predict(server, row), predict(server, row)]
        kept, again = (shown(server, id) for id in ids)
        (inputs,) = kept["inputs"]
        assert set(inputs) == {"age", "country", "signup"} and inputs["age"] == 44
        assert len(inputs["country"]) == 32 and again["inputs"] == kept["inputs"]
        assert kept["policies"] == {"country": "hash", "plan": "drop", "income": "sketch"}
        predict(server, row | {"age": "country-of-one"})
    written = b"".join(path.read_bytes() for path in (tmp_path / "server").rglob("*.segment"))
    assert b"signup" in written
    for trace in (b"country-of-one", b"plan-of-one"):
        assert trace not in written
