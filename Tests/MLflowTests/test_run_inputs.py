# SPDX-License-Identifier: Apache-2.0
"""What a run was trained on, and which models it made."""

import pytest
from mlflow_rest import pairs

DATASET = {
    "name": "iris",
    "digest": "8f9eb48c",
    "source_type": "http",
    "source": '{"url": "http://example.test/iris.csv"}',
    "schema": '{"mlflow_colspec": []}',
    "profile": '{"num_rows": 150}',
}
CONTEXT = "mlflow.data.context"


def log(rest, run, *datasets, **tags):
    listed = [{"dataset": dataset, "tags": pairs(tags)} for dataset in datasets]
    rest.post("runs/log-inputs", run_id=run, datasets=listed)


def inputs(rest, run):
    return rest.run(run)["inputs"].get("dataset_inputs", [])


def test_a_dataset_comes_back_with_its_context(client, mlflow, run):
    entities = mlflow.entities
    dataset = entities.Dataset(**DATASET)
    client.log_inputs(run, [entities.DatasetInput(dataset, [entities.InputTag(CONTEXT, "training")])])
    (found,) = client.get_run(run).inputs.dataset_inputs
    assert found.dataset.to_dictionary() == DATASET
    assert {tag.key: tag.value for tag in found.tags} == {CONTEXT: "training"}


def test_a_dataset_without_schema_and_profile_is_fine(rest, run):
    few = {name: DATASET[name] for name in ["name", "digest", "source_type", "source"]}
    log(rest, run, few)
    assert inputs(rest, run) == [{"dataset": few}]


def test_the_same_dataset_again_is_one_input(rest, run):
    for _ in range(2):
        log(rest, run, DATASET, **{CONTEXT: "training"})
    # Not even with another context: the first one stays.
    log(rest, run, DATASET, **{CONTEXT: "evaluation"})
    (found,) = inputs(rest, run)
    assert found["tags"] == pairs({CONTEXT: "training"})


def test_a_dataset_twice_in_one_request_is_one_input(rest, run):
    log(rest, run, DATASET, DATASET)
    assert len(inputs(rest, run)) == 1


def test_another_digest_or_name_is_another_dataset(rest, run):
    log(rest, run, DATASET, DATASET | {"digest": "other"}, DATASET | {"name": "other"})
    found = {(one["dataset"]["name"], one["dataset"]["digest"]) for one in inputs(rest, run)}
    assert found == {("iris", "8f9eb48c"), ("iris", "other"), ("other", "8f9eb48c")}


def test_runs_may_share_a_dataset(rest, experiment, run):
    other = rest.new_run(experiment)
    log(rest, run, DATASET, **{CONTEXT: "training"})
    log(rest, other, DATASET, **{CONTEXT: "evaluation"})
    assert inputs(rest, run)[0]["tags"] == pairs({CONTEXT: "training"})
    assert inputs(rest, other)[0]["tags"] == pairs({CONTEXT: "evaluation"})


def test_no_datasets_is_fine(rest, run):
    rest.post("runs/log-inputs", run_id=run)
    rest.post("runs/log-inputs", run_id=run, datasets=[])
    assert inputs(rest, run) == []


LIMITS = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575}


@pytest.mark.parametrize("field", LIMITS)
def test_datasets_have_limits(rest, run, field):
    longest = DATASET | {field: "x" * LIMITS[field]}
    log(rest, run, longest)
    assert inputs(rest, run) == [{"dataset": longest}]
    longer = {"dataset": DATASET | {"name": "longer", field: "x" * (LIMITS[field] + 1)}}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-inputs", {"run_id": run, "datasets": [longer]})
    assert len(inputs(rest, run)) == 1


def test_their_tags_have_limits(rest, run):
    log(rest, run, DATASET, **{"k" * 255: "v" * 500})
    assert inputs(rest, run)[0]["tags"] == pairs({"k" * 255: "v" * 500})
    for tags in [{"k" * 256: "v"}, {"k": "v" * 501}]:
        datasets = [{"dataset": DATASET | {"name": "other"}, "tags": pairs(tags)}]
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-inputs", {"run_id": run, "datasets": datasets})
    assert len(inputs(rest, run)) == 1


@pytest.mark.slipway_only("it takes what is missing for an empty text")
@pytest.mark.parametrize("field", ["name", "digest", "source_type", "source"])
def test_what_a_dataset_needs_must_be_there(rest, run, field):
    dataset = {name: value for name, value in DATASET.items() if name != field}
    fields = {"run_id": run, "datasets": [{"dataset": dataset}]}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-inputs", fields)


def test_models_are_inputs_and_outputs(client, rest, experiment, run):
    made = [rest.new_model(experiment, source_run_id=run)["model_id"] for _ in range(2)]
    rest.post("runs/log-inputs", run_id=run, models=[{"model_id": made[0]}])
    rest.post("runs/outputs", run_id=run, models=[{"model_id": made[0], "step": 0}, {"model_id": made[1], "step": 7}])
    found = client.get_run(run)
    assert [model.model_id for model in found.inputs.model_inputs] == [made[0]]
    assert {model.model_id: model.step for model in found.outputs.model_outputs} == {made[0]: 0, made[1]: 7}
    # A model in both is not logged twice: the client asks for that at every step.
    rest.post("runs/log-inputs", run_id=run, models=[{"model_id": made[0]}])
    assert len(client.get_run(run).inputs.model_inputs) == 1


def test_outputs_must_be_given(rest, run):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/outputs", {"run_id": run})
    rest.post("runs/outputs", run_id=run, models=[])


def test_the_interface_lists_the_datasets_of_experiments(rest, experiment, run):
    log(rest, run, DATASET, **{CONTEXT: "training"})
    path = "/ajax-api/2.0/mlflow/experiments/search-datasets"
    (found,) = rest.post(path, experiment_ids=[experiment])["dataset_summaries"]
    assert found == {"experiment_id": experiment, "name": "iris", "digest": "8f9eb48c", "context": "training"}


def test_a_model_that_older_clients_log_is_written_into_a_tag(rest, run):
    model = '{"artifact_path": "model", "flavors": {"python_function": {}}, "run_id": "%s", "utc_time_created": "now"}'
    rest.post("runs/log-model", run_id=run, model_json=model % run)
    rest.post("runs/log-model", run_id=run, model_json=(model % run).replace('"model"', '"second"'))
    history = rest.tags(run)["mlflow.log-model.history"]
    assert history.index('"model"') < history.index('"second"')
    for broken in ["model", "{}", '{"artifact_path": "model"}']:
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-model", {"run_id": run, "model_json": broken})
