# SPDX-License-Identifier: Apache-2.0
"""The whole way of a model, as a notebook goes it: trained, logged, registered, named, loaded, in four spellings."""

import numpy
import pytest
from mlflow_rest import unique
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

# MLflow's own, about scikit-learn.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def iris():
    data = load_iris(as_frame=True)
    return data.data, data.target


@pytest.fixture(scope="module")
def logged(common_mlflow, rest, iris):
    """A model that was trained with autologging and logged under a registered name -> what is known of it."""
    mlflow, (rows, labels) = common_mlflow, iris
    name = unique("iris")
    mlflow.set_experiment(name)
    mlflow.sklearn.autolog(log_models=False, log_datasets=True, silent=True)
    try:
        with mlflow.start_run(run_name="train") as run:
            model = LogisticRegression(max_iter=300).fit(rows, labels)
            # With everything left to MLflow: it looks into the model for what it needs.
            info = mlflow.sklearn.log_model(model, name="model", registered_model_name=name, input_example=rows.head(3))
    finally:
        mlflow.sklearn.autolog(disable=True)
    return {"name": name, "run": run.info.run_id, "info": info, "expected": model.predict(rows)}


def test_autologging_writes_params_metrics_and_the_dataset(server, client, logged):
    run = client.get_run(logged["run"])
    assert run.info.status == "FINISHED"
    assert run.data.params["max_iter"] == "300"
    assert run.data.metrics["training_score"] > 0.9
    assert "training_f1_score" in run.data.metrics
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    # What it was fitted with, and what its own answers were computed for.
    contexts = [tag.value for found in run.inputs.dataset_inputs for tag in found.tags]
    assert sorted(contexts) == ["eval", "train"]


def test_autologging_draws_and_keeps_what_it_drew(client, logged):
    names = {item.path for item in client.list_artifacts(logged["run"])}
    assert "training_confusion_matrix.png" in names


def test_the_run_knows_its_model(client, logged):
    (output,) = client.get_run(logged["run"]).outputs.model_outputs
    assert output.model_id == logged["info"].model_id
    model = client.get_logged_model(output.model_id)
    assert (model.name, model.status, model.source_run_id) == ("model", "READY", logged["run"])
    assert model.params["max_iter"] == "300"
    # What the run had measured before the model was logged belongs to the model as well.
    assert {metric.key for metric in model.metrics} <= set(client.get_run(logged["run"]).data.metrics)


def test_the_model_was_registered(client, logged):
    version = client.get_model_version(logged["name"], "1")
    assert (version.run_id, version.status) == (logged["run"], "READY")
    assert version.source == f"models:/{logged['info'].model_id}"
    assert logged["info"].registered_model_version in (1, "1")


def test_its_files_are_there(mlflow, logged):
    files = {item.path for item in mlflow.artifacts.list_artifacts(f"models:/{logged['info'].model_id}")}
    assert {"MLmodel", "requirements.txt", "python_env.yaml", "conda.yaml"} <= files
    assert {"input_example.json", "serving_input_example.json"} <= files


SPELLINGS = [
    "models:/{name}@champion",
    "models:/{name}/1",
    "models:/{name}/latest",
    "runs:/{run}/model",
    "models:/{model}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("flavor", ["sklearn", "pyfunc"])
def test_it_is_loaded_by_every_name(mlflow, client, logged, iris, spelling, flavor):
    client.set_registered_model_alias(logged["name"], "champion", "1")
    uri = spelling.format(name=logged["name"], run=logged["run"], model=logged["info"].model_id)
    loaded = getattr(mlflow, flavor).load_model(uri)
    assert numpy.array_equal(loaded.predict(iris[0]), logged["expected"])


def test_a_second_version_comes_from_the_run(mlflow, client, logged, iris):
    made = mlflow.register_model(f"runs:/{logged['run']}/model", logged["name"], tags={"second": "yes"})
    assert (made.name, str(made.version), made.run_id) == (logged["name"], "2", logged["run"])
    assert client.get_model_version(logged["name"], "2").tags == {"second": "yes"}
    client.set_registered_model_alias(logged["name"], "challenger", "2")
    loaded = mlflow.pyfunc.load_model(f"models:/{logged['name']}@challenger")
    assert numpy.array_equal(loaded.predict(iris[0]), logged["expected"])


def test_what_is_not_there_cannot_be_loaded(mlflow, logged):
    for uri in [
        f"models:/{logged['name']}@nobody",
        f"models:/{logged['name']}/99",
        "models:/nobody-registered-this/1",
        f"runs:/{logged['run']}/other",
        "models:/m-" + "0" * 32,
    ]:
        with pytest.raises(Exception) as caught:
            mlflow.pyfunc.load_model(uri)
        # Refused, and not tried again until it ran out of patience.
        assert isinstance(caught.value, (mlflow.MlflowException, OSError)), uri
        assert "Max retries" not in str(caught.value) and "50" + "0" not in str(caught.value), str(caught.value)


def test_autologging_logs_the_model_by_itself(mlflow, client, rest, iris):
    mlflow.set_experiment(unique("autolog"))
    mlflow.sklearn.autolog(log_models=True, log_input_examples=True, extra_tags={"by": "autolog"}, silent=True)
    try:
        trained = LogisticRegression(max_iter=200).fit(*iris)
    finally:
        mlflow.sklearn.autolog(disable=True)
    # Nobody began a run: autologging did, and ended it.
    run = client.get_run(mlflow.last_active_run().info.run_id)
    assert (run.info.status, run.data.tags["by"]) == ("FINISHED", "autolog")
    (output,) = run.outputs.model_outputs
    loaded = mlflow.sklearn.load_model(f"models:/{output.model_id}")
    assert numpy.array_equal(loaded.coef_, trained.coef_)


def test_runs_are_found_as_a_table(mlflow, logged):
    table = mlflow.search_runs(experiment_names=[logged["name"]], filter_string="metrics.training_score > 0.5")
    assert list(table["run_id"]) == [logged["run"]]
    assert table["params.max_iter"][0] == "300"
    models = mlflow.search_logged_models(experiment_ids=[table["experiment_id"][0]])
    assert list(models["model_id"]) == [logged["info"].model_id]
