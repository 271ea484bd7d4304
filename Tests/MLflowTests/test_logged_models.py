# SPDX-License-Identifier: Apache-2.0
"""The life of a logged model: created, finished, tagged, measured, deleted."""

import re
import time

import pytest
from mlflow_rest import ABSENT_MODEL, pairs, refused, values


@pytest.fixture
def model(rest, experiment, run):
    """The identifier of a model that was just begun."""
    return rest.new_model(experiment, source_run_id=run, params=pairs({"lr": "0.1"}), tags=pairs({"t": "1"}))[
        "model_id"
    ]


def info(rest, model):
    return rest.get(f"logged-models/{model}")["model"]["info"]


def test_a_created_model_says_what_it_was_given(client, experiment, run):
    before = int(time.time() * 1000)
    made = client.create_logged_model(
        experiment, name="forest", source_run_id=run, tags={"t": "1"}, params={"lr": "0.1"}, model_type="classifier"
    )
    found = client.get_logged_model(made.model_id)
    for model in [made, found]:
        assert re.fullmatch("m-[0-9a-f]{32}", model.model_id)
        assert (model.experiment_id, model.name, model.source_run_id) == (experiment, "forest", run)
        assert (model.params, model.tags, model.model_type) == ({"lr": "0.1"}, {"t": "1"}, "classifier")
        assert model.artifact_location == f"mlflow-artifacts:/{experiment}/models/{model.model_id}/artifacts"
        assert model.status == "PENDING"
        assert before - 1000 <= model.creation_timestamp <= int(time.time() * 1000) + 1000


def test_names_may_repeat_and_be_left_out(rest, experiment):
    first, second = [rest.new_model(experiment, name="same") for _ in range(2)]
    assert first["model_id"] != second["model_id"]
    assert rest.post("logged-models", experiment_id=experiment)["model"]["info"]["name"]


@pytest.mark.parametrize("name", ["a b", "é 第二 🎉", "x" * 500, "a-b_c", "1"])
def test_a_name_may_be_nearly_any_text(rest, experiment, name):
    assert rest.new_model(experiment, name=name)["name"] == name


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "100%", "a'b", 'a"b', "../x", ".", ".."])
def test_a_name_that_would_be_a_path_or_a_pattern_is_refused(rest, experiment, name):
    fields = {"experiment_id": experiment, "name": name}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "logged-models", fields)


def test_a_model_is_finished(client, mlflow, model):
    status = mlflow.entities.LoggedModelStatus
    before = client.get_logged_model(model)
    for wanted in [status.READY, status.FAILED]:
        assert client.finalize_logged_model(model, wanted).status == wanted
        found = client.get_logged_model(model)
        assert found.status == wanted
        assert found.last_updated_timestamp >= before.last_updated_timestamp
        assert found.creation_timestamp == before.creation_timestamp


def test_finishing_answers_with_the_whole_model(rest, model):
    answer = rest.patch(f"logged-models/{model}", model_id=model, status="LOGGED_MODEL_READY")["model"]
    assert answer == rest.get(f"logged-models/{model}")["model"]
    assert answer["info"]["status"] == "LOGGED_MODEL_READY"


def test_tags_are_set_overwritten_and_deleted(client, rest, model):
    client.set_logged_model_tags(model, {"t": "2", "u.v/w": "é", "empty": ""})
    assert client.get_logged_model(model).tags == {"t": "2", "u.v/w": "é", "empty": ""}
    client.delete_logged_model_tag(model, "t")
    assert client.get_logged_model(model).tags == {"u.v/w": "é", "empty": ""}
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_logged_model_tag(model, "t")
    # Setting none is fine.
    assert rest.patch(f"logged-models/{model}/tags") == {}


def test_more_params_are_added(client, mlflow, experiment):
    """The client sends the first hundred with the model, and the others after it."""
    params = {f"p{number}": str(number) for number in range(250)}
    model = client.create_logged_model(experiment, name="many", params=params)
    assert client.get_logged_model(model.model_id).params == params


def test_params_are_added_to_those_there(rest, model):
    rest.post(f"logged-models/{model}/params", model_id=model, params=pairs({"depth": "3"}))
    assert values(rest.get(f"logged-models/{model}")["model"]["data"]["params"]) == {"lr": "0.1", "depth": "3"}


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "logged-models/{}", {}),
        ("PATCH", "logged-models/{}", {"status": "LOGGED_MODEL_READY"}),
        ("DELETE", "logged-models/{}", {}),
        ("PATCH", "logged-models/{}/tags", {"tags": pairs({"k": "v"})}),
        ("DELETE", "logged-models/{}/tags/t", {"tag_key": "t"}),
        ("GET", "logged-models/{}/artifacts/directories", {}),
    ],
)
def test_a_model_must_be_there(rest, method, path, fields):
    for absent in [ABSENT_MODEL, "nothing", "m-' OR 1=1 --"]:
        fields = fields | {"model_id": absent}
        rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path.format(absent), fields)


def test_a_deleted_model_is_gone(client, rest, experiment, model):
    rest.patch(f"logged-models/{model}", model_id=model, status="LOGGED_MODEL_READY")
    client.delete_logged_model(model)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_logged_model(model)
    assert client.search_logged_models([experiment]) == []
    rest.refuses("RESOURCE_DOES_NOT_EXIST", "GET", f"logged-models/{model}/artifacts/directories")


@pytest.mark.slipway_only("it finishes and tags deleted models")
def test_a_deleted_model_refuses_writes(rest, model):
    rest.delete(f"logged-models/{model}", model_id=model)
    for method, path, fields in [
        ("PATCH", f"logged-models/{model}", {"status": "LOGGED_MODEL_READY"}),
        ("PATCH", f"logged-models/{model}/tags", {"tags": pairs({"k": "v"})}),
    ]:
        rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path, fields | {"model_id": model})


def test_a_deleted_model_can_still_be_seen_by_whoever_asks(rest, model):
    rest.delete(f"logged-models/{model}", model_id=model)
    assert rest.get(f"logged-models/{model}", allow_deleted=True)["model"]["info"]["model_id"] == model


def test_metrics_of_a_model_are_its_own_and_its_runs(client, rest, experiment, run, model):
    other = rest.new_model(experiment, source_run_id=run)["model_id"]
    client.log_metric(run, "acc", 0.5, timestamp=1, step=0, model_id=model, dataset_name="iris", dataset_digest="d1")
    client.log_metric(run, "acc", 0.75, timestamp=2, step=1, model_id=model, dataset_name="iris", dataset_digest="d2")
    client.log_metric(run, "loss", 2.0, timestamp=3, step=1, model_id=other)
    client.log_metric(run, "own", 9.0)
    found = {(metric.key, metric.dataset_digest): metric for metric in client.get_logged_model(model).metrics}
    assert set(found) == {("acc", "d1"), ("acc", "d2")}
    metric = found["acc", "d2"]
    assert (metric.value, metric.timestamp, metric.step) == (0.75, 2, 1)
    assert (metric.dataset_name, metric.model_id, metric.run_id) == ("iris", model, run)
    (metric,) = client.get_logged_model(other).metrics
    assert (metric.key, metric.value, metric.dataset_name) == ("loss", 2.0, None)
    assert client.get_run(run).data.metrics == {"acc": 0.75, "loss": 2.0, "own": 9.0}


@pytest.mark.slipway_only("get-history leaves out the dataset")
def test_a_runs_history_tells_the_dataset_and_the_model(client, run, model):
    client.log_metric(run, "acc", 0.5, model_id=model, dataset_name="iris", dataset_digest="d1")
    (point,) = client.get_metric_history(run, "acc")
    assert (point.dataset_name, point.dataset_digest, point.model_id) == ("iris", "d1", model)


def test_metrics_of_models_come_in_batches_too(rest, run, model):
    point = {"value": 1.0, "timestamp": 1, "step": 0, "model_id": model, "dataset_name": "iris", "dataset_digest": "d1"}
    rest.post("runs/log-batch", run_id=run, metrics=[point | {"key": "a"}, point | {"key": "b", "value": 2.0}])
    found = rest.get(f"logged-models/{model}")["model"]["data"]["metrics"]
    assert values(found) == {"a": 1.0, "b": 2.0}
    assert {metric["dataset_digest"] for metric in found} == {"d1"}


def test_files_of_a_model_are_listed(rest, model):
    place = info(rest, model)["artifact_uri"].removeprefix("mlflow-artifacts:/")
    rest.put_artifact(f"{place}/MLmodel", b"flavors: {}\n")
    rest.put_artifact(f"{place}/data/weights.bin", b"12345")
    path = f"logged-models/{model}/artifacts/directories"
    listed = rest.get(path)
    assert listed["root_uri"] == info(rest, model)["artifact_uri"]
    assert listed["files"] == [
        {"path": "MLmodel", "is_dir": False, "file_size": 12},
        {"path": "data", "is_dir": True},
    ]
    listed = rest.get(path, artifact_directory_path="data")
    assert listed["files"] == [{"path": "data/weights.bin", "is_dir": False, "file_size": 5}]
    assert "files" not in rest.get(path, artifact_directory_path="nothing")


def test_an_interface_reads_a_models_file(rest, model):
    place = info(rest, model)["artifact_uri"].removeprefix("mlflow-artifacts:/")
    rest.put_artifact(f"{place}/MLmodel", b"flavors: {}\n")
    path = f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files"
    answer = rest.ask("GET", path, {"artifact_file_path": "MLmodel"})
    assert (answer.status_code, answer.content) == (200, b"flavors: {}\n")
