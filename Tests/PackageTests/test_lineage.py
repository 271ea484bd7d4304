# SPDX-License-Identifier: Apache-2.0
"""What a model came of and what came of it: from data and code to the endpoint, both ways, in every form."""

import json
import os
import subprocess
import sys
import uuid

import pytest
from program import fetch, running
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "GIT_PYTHON_REFRESH": "quiet"}

pytestmark = pytest.mark.filterwarnings("ignore")

COMMIT = "1c500ef0123456789abcdef0123456789abcdef0"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("lineage"), SLIPWAY_PYTHON=sys.executable) as server:
        yield server


@pytest.fixture(scope="module")
def frame():
    return load_breast_cancer(as_frame=True)


@pytest.fixture(scope="module")
def data(server, frame, tmp_path_factory):
    """A file of data, added as `cancer@1`."""
    path = tmp_path_factory.mktemp("data") / "cancer.csv"
    frame.frame.to_csv(path, index=False)
    server.slipway("dataset", "add", str(path), "--name", "cancer")
    return path


@pytest.fixture(scope="module")
def run(server, frame, data):
    """A run that read `cancer@1`, logged a model and registered it as version 1."""
    import mlflow
    from mlflow.entities import Dataset, DatasetInput, InputTag

    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    model = LogisticRegression(max_iter=5000).fit(frame.data, frame.target)
    with mlflow.start_run(run_name="brave") as run:
        mlflow.log_params({"C": 1.0, "solver": "lbfgs"})
        mlflow.log_metric("accuracy", model.score(frame.data, frame.target))
        mlflow.set_tag("mlflow.source.git.commit", COMMIT)
        version = json.loads(server.slipway("dataset", "list", "cancer", "--format", "json").stdout)[0]
        source = Dataset("cancer", version["digest"][7:43], "slipway", json.dumps({"uri": "slipway:default/cancer@1"}))
        training = DatasetInput(source, [InputTag("mlflow.data.context", "training")])
        mlflow.MlflowClient().log_inputs(run.info.run_id, datasets=[training])
        # And one that nobody keeps.
        mlflow.log_input(mlflow.data.from_pandas(frame.data.head(20), name="elsewhere"), context="test")
        mlflow.sklearn.log_model(
            model, name="model", input_example=frame.data.iloc[:20], registered_model_name="tumour",
            serialization_format="cloudpickle",
        )  # fmt: skip
    return run.info.run_id


@pytest.fixture(scope="module")
def deployed(server, run):
    server.slipway("deploy", "tumour@1", SLIPWAY_PYTHON=sys.executable)
    server.slipway("token", "create", "teller", "--role", "predictor", "--endpoint", "tumour")


def lineage(server, subject, *options):
    return json.loads(server.slipway("lineage", subject, "--format", "json", *options).stdout)


def edges(found):
    return {(edge["from"].split(":")[0], edge["verb"], edge["to"].split(":")[0]) for edge in found["edges"]}


UPSTREAM = {
    ("logged-model", "registered from", "version"),
    ("run", "logged by", "logged-model"),
    ("commit", "ran at", "run"),
    ("parameters", "ran with", "run"),
    ("dataset", "trained on", "run"),
    ("data", "tested on", "run"),
    ("environment", "runs in", "version"),
}
DOWNSTREAM = {
    ("version", "proof of", "evaluation"),
    ("version", "deployed as", "deployment"),
    ("deployment", "answered at", "endpoint"),
    ("endpoint", "may be asked by", "consumer"),
}


def test_a_version_has_all_that_it_came_of_and_led_to(server, run, deployed):
    found = lineage(server, "tumour@1")
    assert edges(found) >= (UPSTREAM - {("environment", "runs in", "version")}) | DOWNSTREAM
    by_kind = {node["kind"]: node for node in found["nodes"]}
    assert by_kind["dataset"]["label"] == "cancer@1"
    assert by_kind["commit"]["id"] == f"commit:{COMMIT}"
    assert by_kind["run"]["id"].endswith(run)
    assert {fact["name"]: fact["value"] for fact in by_kind["parameters"]["facts"]} == {"C": "1.0", "solver": "lbfgs"}
    assert by_kind["deployment"]["label"] == "deployment 1 of tumour, live"
    assert by_kind["consumer"]["label"] == "teller"
    assert by_kind["evaluation"]["facts"], "what was proven is said"
    assert not found["truncated"]


def test_each_way_has_only_its_own(server, deployed):
    up = edges(lineage(server, "tumour@1", "--direction", "up"))
    down = edges(lineage(server, "tumour@1", "--direction", "down"))
    assert not up & DOWNSTREAM and not down & UPSTREAM
    assert up | down == edges(lineage(server, "tumour@1"))
    assert lineage(server, "tumour@1", "--depth", "1")["truncated"]


@pytest.mark.parametrize("subject", ["dataset:cancer@1", "dataset:cancer", f"commit:{COMMIT[:7]}", "run"])
def test_from_where_it_began_it_leads_to_the_endpoint(server, run, deployed, subject):
    found = lineage(server, f"run:{run}" if subject == "run" else subject, "--direction", "down")
    assert {"version", "deployment", "endpoint", "consumer"} <= {node["kind"] for node in found["nodes"]}


def test_from_the_endpoint_it_leads_back_to_code_and_data(server, deployed):
    found = lineage(server, "endpoint:tumour", "--direction", "up")
    assert {"deployment", "version", "run", "commit", "dataset", "parameters"} <= {node["kind"] for node in found["nodes"]}


def test_what_a_bundle_was_packed_from_is_found_by_its_digest(server, frame, tmp_path, data):
    """A project whose baseline is a version of data, in a repository with changes."""
    import joblib

    joblib.dump(LogisticRegression(max_iter=5000).fit(frame.data, frame.target), tmp_path / "model.joblib")
    (tmp_path / "cancer.csv").write_bytes(data.read_bytes())
    (tmp_path / "slipway.yaml").write_text(
        "schema: slipway/1\nmodel: {name: packed, source: model.joblib}\nbaseline: {data: cancer.csv}\n"
        "proof: {examples: {data: cancer.csv}}\n"
    )
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "slipway.yaml"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    server.slipway("deploy", str(tmp_path), SLIPWAY_PYTHON=sys.executable)
    found = lineage(server, "packed")
    assert ("dataset", "examples and baseline from", "version") in edges(found)
    assert ("commit", "packed at", "version") in edges(found)
    led = lineage(server, "dataset:cancer", "--direction", "down")
    assert "version:default/packed/1" in {node["id"] for node in led["nodes"]}


def test_text_is_for_people(server, deployed):
    text = server.slipway("lineage", "tumour@1").stdout
    for part in ("came of", "registered from logged model", "trained on cancer@1", "led to", "deployed as deployment 1"):
        assert part in text


def test_dot_is_a_graph(server, deployed):
    text = server.slipway("lineage", "tumour@1", "--as", "dot").stdout
    assert text.startswith("digraph lineage {") and text.rstrip().endswith("}")
    found = lineage(server, "tumour@1")
    assert text.count(" -> ") == len(found["edges"])
    assert text.count("[label=") == len(found["nodes"]) + len(found["edges"])


def test_openlineage_has_an_event_for_what_was_done(server, run, deployed):
    lines = server.slipway("lineage", "tumour@1", "--as", "openlineage").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["eventTime"] for event in events] == sorted(event["eventTime"] for event in events)
    trained, packed, rolled_out = events
    assert uuid.UUID(trained["run"]["runId"]).hex == run
    assert "dataset:default/cancer/1" in {dataset["name"] for dataset in trained["inputs"]}
    assert {dataset["name"] for dataset in packed["outputs"]} == {"version:default/tumour/1"}
    assert {dataset["name"] for dataset in rolled_out["inputs"]} == {"version:default/tumour/1"}
    for event in events:
        assert event["eventType"] == "COMPLETE" and event["schemaURL"].endswith("#/$defs/RunEvent")
        assert all(set(dataset) == {"namespace", "name"} for dataset in event["inputs"] + event["outputs"])


def test_another_projects_things_are_not_named(server, deployed):
    """Who sees one project learns that there is something in another, and nothing of it."""
    server.slipway("project", "create", "apart")
    made = json.loads(
        server.slipway("token", "create", "guest", "--role", "viewer", "--project", "apart", "--format", "json").stdout
    )
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert "ACC-002" in fetch(f"{server.url}/v1/lineage?of=tumour@1", **bearer)[1]
    code, text = fetch(f"{server.url}/v1/lineage?of=commit:{COMMIT}&project=apart", **bearer)
    assert code == 200 and [node["kind"] for node in json.loads(text)["nodes"]] == ["commit"]


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("nobody@1", "REG-001"), ("tumour@99", "REG-002"), ("tumour@nobody", "REG-004"), ("dataset:none", "DAT-001"),
        ("dataset:cancer@9", "DAT-001"), ("run:00000000000000000000000000000000", "TRK-002"), ("run:x", "TRK-002"),
        ("endpoint:none", "REG-003"), ("commit:zz", "IN-006"), ("dataset:../x", "REG-005"), ("a/b", "REG-005"),
        ("commit:1c500ef' OR 'a'='a", "IN-006"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(server, deployed, subject, problem):
    """Invalid input ends with 2, what is not there with 3."""
    code = 2 if problem in ("IN-006", "REG-005") else 3
    assert problem in server.slipway("lineage", subject, code=code).stderr
