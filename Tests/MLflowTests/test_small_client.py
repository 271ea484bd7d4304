# SPDX-License-Identifier: Apache-2.0
"""The everyday life with a client that has nothing beside it: mlflow-skinny, of the third and the second generation.

Needs neither pandas nor scikit-learn.
"""

import math

import pytest
from mlflow_rest import unique

# MLflow's own, about what it will do otherwise one day.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_it_is_the_client_that_was_asked_for(mlflow):
    major, minor, *_ = mlflow.__version__.split(".")
    assert (int(major), int(minor)) in [(2, 22), (3, 17)]


def test_a_run_from_its_beginning_to_its_end(mlflow, client, tmp_path):
    name = unique("small")
    experiment = mlflow.set_experiment(name)
    (tmp_path / "file.txt").write_text("a file")
    with mlflow.start_run(run_name="first", description="what it is for") as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "kind": "tree"})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"loss": 0.25, "nan": math.nan}, step=2)
        mlflow.set_tag("team", "churn")
        mlflow.set_tags({"a": 1, "b": "é 第二"})
        mlflow.log_text("notes", "notes/a.txt")
        mlflow.log_dict({"x": 1}, "notes/b.json")
        mlflow.log_artifact(tmp_path / "file.txt")
    found = client.get_run(run.info.run_id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "first")
    assert found.info.experiment_id == experiment.experiment_id
    assert found.data.params == {"lr": "0.1", "depth": "3", "kind": "tree"}
    assert found.data.metrics["loss"] == 0.25
    assert math.isnan(found.data.metrics["nan"])
    assert {
        "team": "churn",
        "a": "1",
        "b": "é 第二",
        "mlflow.note.content": "what it is for",
    }.items() <= found.data.tags.items()
    assert [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "loss")] == [
        (1, 0.5),
        (2, 0.25),
    ]
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"notes", "file.txt"}
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/a.txt") == "notes"
    with open(client.download_artifacts(run.info.run_id, "notes/b.json", tmp_path)) as file:
        assert file.read()


def test_runs_are_searched_and_compared(mlflow, client):
    experiment = mlflow.set_experiment(unique("compared")).experiment_id
    runs = []
    for number in range(5):
        with mlflow.start_run() as run:
            mlflow.log_metric("acc", number / 4)
            mlflow.log_param("odd", bool(number % 2))
        runs.append(run.info.run_id)
    found = client.search_runs(
        [experiment], "metrics.acc > 0.3 AND params.odd = 'False'", order_by=["metrics.acc DESC"]
    )
    assert [run.info.run_id for run in found] == [runs[4], runs[2]]
    page = client.search_runs([experiment], max_results=2, order_by=["metrics.acc ASC"])
    assert [run.info.run_id for run in page] == runs[:2]
    rest = client.search_runs([experiment], max_results=10, order_by=["metrics.acc ASC"], page_token=page.token)
    assert [run.info.run_id for run in rest] == runs[2:]
    client.delete_run(runs[0])
    assert len(client.search_runs([experiment])) == 4
    client.restore_run(runs[0])
    assert len(client.search_runs([experiment])) == 5


def test_nested_runs(mlflow, client):
    mlflow.set_experiment(unique("nested"))
    with mlflow.start_run() as parent:
        with mlflow.start_run(nested=True) as child:
            pass
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_files_are_registered_and_named(mlflow, client, tmp_path):
    name = unique("small-registered")
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_text("weights", "model/weights.txt")
    client.create_registered_model(name, {"team": "churn"}, "what it is for")
    for _ in range(2):
        client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    client.set_registered_model_alias(name, "champion", "1")
    client.set_model_version_tag(name, "2", "checked", "yes")
    found = client.get_model_version_by_alias(name, "champion")
    assert (found.version, found.run_id) == ("1", run.info.run_id)
    assert client.get_registered_model(name).aliases == {"champion": "1"}
    assert [
        version.version for version in client.search_model_versions(f"name = '{name}' AND tags.checked = 'yes'")
    ] == ["2"]
    assert [model.name for model in client.search_registered_models(f"name = '{name}'")] == [name]
    got = mlflow.artifacts.download_artifacts(f"models:/{name}@champion/weights.txt", dst_path=str(tmp_path))
    with open(got) as file:
        assert file.read() == "weights"


def test_errors_have_their_codes(mlflow, client):
    name = unique("errors")
    client.create_registered_model(name)
    for code, ask in [
        ("RESOURCE_DOES_NOT_EXIST", lambda: client.get_run("0" * 32)),
        ("RESOURCE_DOES_NOT_EXIST", lambda: client.get_model_version(name, "1")),
        ("INVALID_PARAMETER_VALUE", lambda: client.get_model_version_by_alias(name, "nobody")),
        ("RESOURCE_ALREADY_EXISTS", lambda: client.create_registered_model(name)),
        ("INVALID_PARAMETER_VALUE", lambda: client.search_runs(["0"], "bogus = 'x'")),
    ]:
        with pytest.raises(mlflow.MlflowException) as caught:
            ask()
        assert caught.value.error_code == code
    assert client.get_experiment_by_name(unique("nobody made this")) is None
