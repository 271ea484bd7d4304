# SPDX-License-Identifier: Apache-2.0
"""A batch of params, metrics and tags: all of it is kept, or nothing."""

import pytest
from mlflow_rest import pairs


def metrics(count, key="m"):
    return [{"key": key, "value": number / 2, "timestamp": number, "step": number} for number in range(count)]


def params(count, key="p"):
    return pairs({f"{key}{number}": str(number) for number in range(count)})


def held(rest, run):
    """(metrics, params, tags) without the tag of the name."""
    tags = rest.tags(run)
    tags.pop("mlflow.runName")
    return rest.metrics(run), rest.params(run), tags


def test_a_batch_of_all_three_is_kept(client, mlflow, run):
    entities = mlflow.entities
    client.log_batch(
        run,
        metrics=[entities.Metric("m", 0.5, 10, 1), entities.Metric("m", 0.25, 20, 2)],
        params=[entities.Param("p", "1")],
        tags=[entities.RunTag("t", "2")],
    )
    data = client.get_run(run).data
    assert (data.metrics, data.params, data.tags["t"]) == ({"m": 0.25}, {"p": "1"}, "2")
    assert [point.value for point in client.get_metric_history(run, "m")] == [0.5, 0.25]


def test_an_empty_batch_is_fine(rest, run):
    for fields in [{}, {"metrics": [], "params": [], "tags": []}]:
        rest.post("runs/log-batch", run_id=run, **fields)
    assert held(rest, run) == ({}, {}, {})


def test_the_largest_batches_are_kept(rest, run):
    rest.post("runs/log-batch", run_id=run, metrics=metrics(1000))
    rest.post("runs/log-batch", run_id=run, params=params(100))
    rest.post("runs/log-batch", run_id=run, tags=params(100, "t"))
    rest.post("runs/log-batch", run_id=run, metrics=metrics(800, "n"), params=params(100), tags=params(100, "u"))
    assert [len(part) for part in held(rest, run)] == [2, 100, 200]
    assert rest.metrics(run) == {"m": 999 / 2, "n": 799 / 2}


@pytest.mark.parametrize(
    "fields",
    [
        {"metrics": metrics(1001)},
        {"params": params(101)},
        {"tags": params(101)},
        {"metrics": metrics(901), "params": params(100)},
        {"metrics": metrics(801), "params": params(100), "tags": params(100, "t")},
    ],
    ids=lambda fields: " ".join(f"{len(part)} {name}" for name, part in fields.items()),
)
def test_larger_batches_are_refused_whole(rest, run, fields):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-batch", fields | {"run_id": run})
    assert held(rest, run) == ({}, {}, {})


def test_the_client_splits_what_is_larger(client, mlflow, experiment, run):
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_id=run):
        mlflow.log_params({f"p{number}": number for number in range(250)})
        mlflow.log_metrics({f"m{number}": number for number in range(1100)})
        mlflow.set_tags({f"t{number}": number for number in range(150)})
    data = client.get_run(run).data
    assert (len(data.params), len(data.metrics)) == (250, 1100)
    assert data.metrics["m1099"] == 1099
    assert len([key for key in data.tags if not key.startswith("mlflow.")]) == 150


GOOD = {"metrics": metrics(1, "new"), "params": params(1, "new"), "tags": params(1, "new")}
BAD = {
    "a changed param": {"params": pairs({"depth": "4"})},
    "a param twice": {"params": [*pairs({"twice": "1"}), *pairs({"twice": "1"})]},
    "a param twice with two values": {"params": [*pairs({"twice": "1"}), *pairs({"twice": "2"})]},
    "a metric's key": {"metrics": metrics(1, "100%")},
    "a param's key": {"params": pairs({"100%": "v"})},
    "a tag's key": {"tags": pairs({"100%": "v"})},
    "a long key": {"params": pairs({"k" * 251: "v"})},
    "a metric without a key": {"metrics": [{"value": 1, "timestamp": 1, "step": 0}]},
    "a metric without a value": {"metrics": [{"key": "m", "timestamp": 1, "step": 0}]},
    "a metric with null": {"metrics": [{"key": "m", "value": None, "timestamp": 1, "step": 0}]},
    "a metric without a time": {"metrics": [{"key": "m", "value": 1, "step": 0}]},
    "a time before 1970": {"metrics": [{"key": "m", "value": 1, "timestamp": -1, "step": 0}]},
    "a param without a key": {"params": [{"value": "1"}]},
    "a param with an empty key": {"params": [{"key": "", "value": "1"}]},
    "a tag without a key": {"tags": [{"value": "1"}]},
    "metrics that are no list": {"metrics": "m"},
    "metrics as a mapping": {"metrics": {"key": "m"}},
}


@pytest.mark.parametrize("case", BAD)
def test_a_refused_batch_leaves_nothing_behind(rest, run, case):
    rest.post("runs/log-parameter", run_id=run, key="depth", value="3")
    before = held(rest, run)
    for name, listed in BAD[case].items():
        # What is good comes first, and what is bad last.
        mixed = GOOD | {name: [*GOOD[name], *listed] if isinstance(listed, list) else listed}
        for fields in [mixed, {name: listed}]:
            rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-batch", fields | {"run_id": run})
    assert held(rest, run) == before
    assert rest.get("metrics/get-history", run_id=run, metric_key="new") == {}


@pytest.mark.slipway_only("it answers 500, or takes the point as 0 at time 0")
@pytest.mark.parametrize("listed", [[5], ["m"], [None], [{"key": "m", "value": "much", "timestamp": 1, "step": 0}]])
def test_metrics_that_are_none_are_refused(rest, run, listed):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-batch", {"run_id": run, "metrics": listed})
    assert held(rest, run) == ({}, {}, {})


def test_of_a_tag_that_comes_twice_the_last_counts(rest, run):
    rest.post("runs/log-batch", run_id=run, tags=[{"key": "t", "value": "1"}, {"key": "t", "value": "2"}])
    assert held(rest, run)[2] == {"t": "2"}


def test_a_batch_may_repeat_what_is_logged(rest, run):
    batch = {"metrics": metrics(3), "params": params(3), "tags": params(3, "t")}
    for _ in range(3):
        rest.post("runs/log-batch", run_id=run, **batch)
    assert held(rest, run) == ({"m": 1.0}, {"p0": "0", "p1": "1", "p2": "2"}, {"t0": "0", "t1": "1", "t2": "2"})


def test_values_that_are_left_out_are_empty(rest, run):
    rest.post("runs/log-batch", run_id=run, params=[{"key": "p"}], tags=[{"key": "t"}])
    assert held(rest, run) == ({}, {"p": ""}, {"t": ""})


def test_a_step_that_is_left_out_is_zero(rest, run):
    rest.post("runs/log-batch", run_id=run, metrics=[{"key": "m", "value": 1, "timestamp": 1}])
    (point,) = rest.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert point["step"] == 0
