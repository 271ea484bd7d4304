# SPDX-License-Identifier: Apache-2.0
"""`mlflow.models.evaluate`: a model is loaded, scored, and what it is worth is written into a run."""

import json

import pytest
from mlflow_rest import unique
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# MLflow's own, about scikit-learn.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def evaluated(common_mlflow, rest):
    """(the run, the model, what `evaluate` gave back, the accuracy) of a classifier."""
    mlflow = common_mlflow
    data = load_breast_cancer(as_frame=True)
    rows, labels = data.data, data.target
    mlflow.set_experiment(unique("evaluate"))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[:300], labels[:300])
    table = rows[300:].assign(label=labels[300:])
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model, name="model", input_example=rows.head(2), pip_requirements=["scikit-learn"]
        )
        result = mlflow.models.evaluate(
            info.model_uri, table, targets="label", model_type="classifier", evaluator_config={"log_explainer": False}
        )
    return run.info.run_id, info.model_id, result, model.score(rows[300:], labels[300:])


def test_metrics_are_written_into_the_run(server, client, evaluated):
    run, _, result, accuracy = evaluated
    held = client.get_run(run).data.metrics
    assert held["accuracy_score"] == pytest.approx(accuracy)
    for key, value in result.metrics.items():
        assert held[key] == pytest.approx(float(value)), key


def test_the_dataset_is_an_input(client, evaluated):
    (found,) = client.get_run(evaluated[0]).inputs.dataset_inputs
    assert found.dataset.name == "dataset"
    assert json.loads(found.dataset.profile)["num_rows"] == 269


def test_metrics_belong_to_the_model_and_the_dataset(client, evaluated):
    run, model, _, accuracy = evaluated
    metrics = {metric.key: metric for metric in client.get_logged_model(model).metrics}
    assert metrics["accuracy_score"].value == pytest.approx(accuracy)
    assert metrics["accuracy_score"].dataset_name == "dataset"
    assert metrics["accuracy_score"].run_id == run


def test_what_was_drawn_can_be_read_again(client, evaluated, tmp_path):
    run, _, result, _ = evaluated
    names = {item.path for item in client.list_artifacts(run)}
    assert {"confusion_matrix.png", "roc_curve_plot.png"} <= names
    for name in result.artifacts:
        assert result.artifacts[name].content is not None
    path = client.download_artifacts(run, "confusion_matrix.png", tmp_path)
    with open(path, "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
