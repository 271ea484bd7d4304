# SPDX-License-Identifier: Apache-2.0
"""The client of the second generation, which knows no logged models: its models are artifacts of a run.

Run with the environment of requirements/mlflow2.txt alone.
"""

import json

import pytest
from mlflow_rest import unique

# MLflow's own, about what it will do otherwise one day.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def logged(common_mlflow):
    """A model in Python that was logged and registered -> its name, its run, and what `log_model` gave back."""
    mlflow = common_mlflow
    assert mlflow.__version__.startswith("2."), "this file is for the client of the second generation"

    class Doubles(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [value * 2 for value in model_input]

    name = unique("second")
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(
            "model", python_model=Doubles(), registered_model_name=name, pip_requirements=["cloudpickle"]
        )
    return name, run.info.run_id, info


def test_the_model_is_an_artifact_of_the_run(server, client, logged):
    name, run, info = logged
    assert info.model_uri == f"runs:/{run}/model"
    files = {item.path for item in client.list_artifacts(run, "model")}
    assert {"model/MLmodel", "model/requirements.txt"} <= files


def test_the_run_has_a_history_of_its_models(client, logged):
    name, run, info = logged
    (entry,) = json.loads(client.get_run(run).data.tags["mlflow.log-model.history"])
    assert (entry["artifact_path"], entry["run_id"]) == ("model", run)
    assert "python_function" in entry["flavors"]


def test_the_model_was_registered(client, logged):
    name, run, info = logged
    version = client.get_model_version(name, "1")
    assert (version.run_id, version.status) == (run, "READY")
    assert version.source.endswith(f"{run}/artifacts/model")
    assert client.get_model_version_download_uri(name, "1").endswith(f"{run}/artifacts/model")


@pytest.mark.parametrize(
    "spelling", ["models:/{name}@champion", "models:/{name}/1", "models:/{name}/latest", "runs:/{run}/model"]
)
def test_it_is_loaded_by_every_name(mlflow, client, logged, spelling):
    name, run, info = logged
    client.set_registered_model_alias(name, "champion", "1")
    loaded = mlflow.pyfunc.load_model(spelling.format(name=name, run=run))
    assert loaded.predict([1, 2, 3]) == [2, 4, 6]


def test_stages_are_still_its_way(mlflow, client, logged):
    name, run, info = logged
    mlflow.register_model(f"runs:/{run}/model", name)
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert client.get_latest_versions(name, ["Production"])[0].version == "2"
    assert mlflow.pyfunc.load_model(f"models:/{name}/Production").predict([5]) == [10]


def test_an_input_is_logged(mlflow, client, run):
    entities = mlflow.entities
    dataset = entities.Dataset("iris", "d1", "local", "{}")
    client.log_inputs(run, [entities.DatasetInput(dataset, [entities.InputTag("mlflow.data.context", "train")])])
    (found,) = client.get_run(run).inputs.dataset_inputs
    assert (found.dataset.name, found.tags[0].value) == ("iris", "train")
