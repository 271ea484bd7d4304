# SPDX-License-Identifier: Apache-2.0
"""From a notebook's registered model to an endpoint: packed with its proof, and followed where its alias goes."""

import json
import os
import sys
import time

import numpy
import pytest
from program import fetch, running
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "GIT_PYTHON_REFRESH": "quiet"}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("registry"), SLIPWAY_PYTHON=sys.executable) as server:
        yield server


@pytest.fixture(scope="module")
def table():
    frame = load_breast_cancer(as_frame=True)
    return frame.data, frame.target


@pytest.fixture(scope="module")
def mlflow(server):
    import mlflow

    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    return mlflow


def log(mlflow, table, strength):
    """Trains, logs and registers a model of `churn`; gives the model."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500)).fit(*table)
    with mlflow.start_run():
        mlflow.log_param("C", strength)
        mlflow.sklearn.log_model(
            model, name="model", input_example=table[0].iloc[:20], registered_model_name="churn",
            serialization_format="cloudpickle",
        )  # fmt: skip
    return model


@pytest.fixture(scope="module")
def models(mlflow, table):
    """Two registered versions, the first of them the champion."""
    made = [log(mlflow, table, strength) for strength in (0.001, 10.0)]
    mlflow.MlflowClient().set_registered_model_alias("churn", "champion", 1)
    return made


@pytest.fixture(scope="module")
def deployed(server, models):
    return json.loads(server.slipway("deploy", "churn@champion", "--format", "json", SLIPWAY_PYTHON=sys.executable).stdout)


def predictions(server, rows):
    code, text = fetch(f"{server.url}/v1/endpoints/churn/predict", json.loads(rows.to_json(orient="records")))
    assert code == 200, text
    return numpy.array([row["probabilities"] for row in json.loads(text)["predictions"]])


def wait_for_version(server, number):
    """Until `churn` answers with a version."""
    deadline = time.monotonic() + 180
    while True:
        code, text = fetch(f"{server.url}/v1/endpoints/churn", Authorization=f"Bearer {server.token}")
        assert code == 200, text
        if json.loads(text)["endpoint"]["liveVersion"] == number:
            return
        assert time.monotonic() < deadline, server.slipway("logs").stdout[-3000:]
        time.sleep(0.2)


def test_a_registered_version_is_packed_and_answers_as_the_original(server, models, deployed, table):
    assert (deployed["version"], deployed["endpoint"]) == (1, "churn")
    rows = table[0].iloc[100:140]
    assert numpy.allclose(predictions(server, rows), models[0].predict_proba(rows), rtol=1e-4, atol=1e-5)


def test_it_stays_the_version_that_it_was(server, mlflow, deployed):
    shown = json.loads(server.slipway("model", "show", "churn", "--format", "json").stdout)
    assert [(version["version"], version["status"]) for version in shown["versions"]] == [(2, "pending"), (1, "ready")]
    found = mlflow.MlflowClient().get_model_version("churn", "1")
    assert found.run_id and found.aliases == ["champion"]
    again = json.loads(server.slipway("deploy", "churn@champion", "--format", "json").stdout)
    assert again["unchanged"] is True
    actions = [entry["action"] for entry in json.loads(server.slipway("ledger", "list", "--format", "json").stdout)["entries"]]
    assert actions.count("version.pack") == 1


def test_what_is_not_there_is_explained(server, deployed):
    refused = server.slipway("deploy", "churn@challenger", code=3)
    assert "REG-004" in refused.stderr
    refused = server.slipway("deploy", "chrn@1", code=3)
    assert "REG-001" in refused.stderr


def test_an_endpoint_follows_its_alias(server, mlflow, models, deployed, table):
    server.slipway("endpoint", "set", "churn", "--follow", "champion")
    client = mlflow.MlflowClient()
    # What answers is no developer's to decide.
    with pytest.raises(Exception, match="PERMISSION_DENIED") as refused:
        client.set_registered_model_alias("churn", "champion", 2)
    assert "MLFLOW_TRACKING_TOKEN" in str(refused.value)
    os.environ["MLFLOW_TRACKING_TOKEN"] = server.token
    try:
        client.set_registered_model_alias("churn", "champion", 2)
    finally:
        del os.environ["MLFLOW_TRACKING_TOKEN"]
    wait_for_version(server, 2)
    rows = table[0].iloc[100:140]
    assert numpy.allclose(predictions(server, rows), models[1].predict_proba(rows), rtol=1e-4, atol=1e-5)
    entries = json.loads(server.slipway("ledger", "list", "--format", "json").stdout)["entries"]
    assert entries[-1]["reason"] == "alias champion moved"
    # And back, to one that is packed: by hand this time.
    server.slipway("model", "alias", "set", "churn", "champion", "1")
    wait_for_version(server, 1)


def test_what_answers_is_not_deleted(mlflow, deployed):
    with pytest.raises(Exception, match="RESOURCE_CONFLICT"):
        mlflow.MlflowClient().delete_model_version("churn", "1")
    with pytest.raises(Exception, match="RESOURCE_CONFLICT"):
        mlflow.MlflowClient().delete_registered_model("churn")
