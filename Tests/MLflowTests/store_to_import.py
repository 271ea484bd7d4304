# SPDX-License-Identifier: Apache-2.0
"""Makes a store with MLflow itself, of the generation whose Python runs this: `store_to_import.py URI FOLDER`.

FOLDER is where a database's files go, because MLflow puts them below the working folder.
"""

import os
import sys

os.environ |= {
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    # Files are out of fashion with the third generation, and have to be asked for.
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def make(uri, folder):
    import mlflow
    from mlflow import MlflowClient, entities

    os.chdir(folder)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    is_third = mlflow.__version__.startswith("3.")
    client = MlflowClient()
    mlflow.set_experiment("churn")
    experiment = client.get_experiment_by_name("churn").experiment_id
    client.set_experiment_tag(experiment, "team", "growth")

    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input

    with mlflow.start_run(run_name="1e5", description="a run with a name that is none of YAML's texts") as run:
        mlflow.log_params({"C": 0.5, "deep/er": "x", "empty": "", "long": "é" * 5000})
        for step in range(30):
            mlflow.log_metric("auc", step / 7, step=step)
        mlflow.log_metrics({"deep/metric": 1e308, "negative": -0.0, "nan": float("nan"), "large": 12345678901234567.0})
        mlflow.log_text("é 第二", "notes/a text.txt")
        mlflow.log_text("", "empty.txt")
        mlflow.set_tag("multi", "line one\nline two\n")
        dataset = entities.Dataset("train", "0123456789abcdef", "local", '{"uri": "train.csv"}', '{"a": 1}', "no")
        tag = entities.InputTag("mlflow.data.context", "training")
        client.log_inputs(run.info.run_id, [entities.DatasetInput(dataset, [tag])])
        place = {"name": "model"} if is_third else {"artifact_path": "model"}
        mlflow.pyfunc.log_model(
            python_model=Echo(), registered_model_name="churn", pip_requirements=["cloudpickle"], **place
        )
    client.log_batch(run.info.run_id, [entities.Metric("many", step * 0.1, step, step) for step in range(1000)])
    for status in ("FAILED", "KILLED", "RUNNING"):
        other = client.create_run(experiment, run_name=status.lower(), start_time=1_600_000_000_000)
        client.log_param(other.info.run_id, "status", status)
        if status != "RUNNING":
            client.set_terminated(other.info.run_id, status, end_time=1_600_000_001_000)
    client.delete_run(other.info.run_id)
    gone = client.create_experiment("gone")
    client.create_run(gone, run_name="went along")
    client.delete_experiment(gone)
    in_default = client.create_run("0", run_name="in the first experiment")
    client.log_metric(in_default.info.run_id, "m", 1.0, timestamp=5, step=-3)

    client.update_registered_model("churn", description="Customer churn")
    client.set_registered_model_tag("churn", "owner", "ada")
    client.create_model_version("churn", f"{run.info.artifact_uri}/notes", run.info.run_id, description="second")
    client.create_model_version("churn", f"{run.info.artifact_uri}/notes", run.info.run_id)
    client.delete_model_version("churn", "2")
    client.set_model_version_tag("churn", "3", "k", "v")
    client.set_registered_model_alias("churn", "champion", "1")
    client.set_registered_model_alias("churn", "challenger", "3")
    client.create_registered_model("nothing yet")


if __name__ == "__main__":
    make(*sys.argv[1:])
