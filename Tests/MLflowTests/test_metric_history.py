# SPDX-License-Identifier: Apache-2.0
"""Every point of a metric, in the order of time, step and value, on one page or many."""

import pytest
from mlflow_rest import ABSENT_RUN, assert_refused


def points(listed):
    return [(point["timestamp"], point["step"], point["value"]) for point in listed]


def metrics(key, *points):
    """Points as (timestamp, step, value)."""
    return [{"key": key, "timestamp": time, "step": step, "value": value} for time, step, value in points]


@pytest.fixture(scope="module")
def long_run(rest):
    """A run with `loss` at 2,500 steps, and `other` at one."""
    run = rest.new_run(rest.new_experiment())
    for start in [0, 1000, 2000]:
        steps = range(start, min(start + 1000, 2500))
        rest.post("runs/log-batch", run_id=run, metrics=metrics("loss", *((step, step, step / 4) for step in steps)))
    rest.post("runs/log-batch", run_id=run, metrics=metrics("other", (1, 1, 1.0)))
    return run


def history(rest, run, key="m", **fields):
    return rest.get("metrics/get-history", run_id=run, metric_key=key, **fields).get("metrics", [])


def test_points_come_in_the_order_of_time_step_and_value(rest, run):
    logged = [(3, 1, 5.0), (2, 2, 4.0), (1, 2, 9.0), (2, -5, 1.0), (2, 2, 7.0), (9, 0, 6.0), (2, 2, -1.0)]
    rest.post("runs/log-batch", run_id=run, metrics=metrics("m", *logged))
    assert points(history(rest, run)) == sorted(logged)


def test_the_client_shows_them_in_that_order(client, run):
    for value, time, step in [(2.0, 20, 0), (1.0, 10, 5), (3.0, 30, -1)]:
        client.log_metric(run, "m", value, timestamp=time, step=step)
    found = client.get_metric_history(run, "m")
    assert [(point.value, point.timestamp, point.step) for point in found] == [
        (1.0, 10, 5),
        (2.0, 20, 0),
        (3.0, 30, -1),
    ]


def test_points_at_one_step_are_all_kept(client, run):
    for value in [1.0, 2.0, 3.0]:
        client.log_metric(run, "m", value, timestamp=5, step=5)
    for time in [6, 7]:
        client.log_metric(run, "m", 1.0, timestamp=time, step=5)
    assert len(client.get_metric_history(run, "m")) == 5


@pytest.mark.slipway_only("it keeps equal points once")
def test_every_point_is_kept_also_an_equal_one(client, rest, run):
    batch = metrics("m", (1, 1, 1.0), (1, 1, 1.0), (2, 2, "NaN"))
    for _ in range(2):
        rest.post("runs/log-batch", run_id=run, metrics=batch)
    client.log_metric(run, "m", 1.0, timestamp=1, step=1)
    assert points(history(rest, run)) == [(1, 1, 1.0)] * 5 + [(2, 2, "NaN")] * 2


def test_nan_and_zero_are_two_points(rest, run):
    rest.post("runs/log-batch", run_id=run, metrics=metrics("m", (1, 1, "NaN"), (1, 1, 0.0)))
    assert sorted(map(str, (value for _, _, value in points(history(rest, run))))) == ["0.0", "NaN"]


def test_a_metric_that_was_not_logged_has_no_points(client, run):
    assert client.get_metric_history(run, "nothing") == []


def test_only_the_points_of_that_metric_and_that_run_come(rest, long_run, run):
    rest.post("runs/log-batch", run_id=run, metrics=metrics("loss", (1, 1, 1.0)))
    assert points(history(rest, long_run, "other")) == [(1, 1, 1.0)]
    assert points(history(rest, run, "loss")) == [(1, 1, 1.0)]


def test_pages_hold_every_point_once(rest, long_run):
    pages = list(
        rest.pages("GET", "metrics/get-history", "metrics", run_id=long_run, metric_key="loss", max_results=999)
    )
    assert [len(page) for page in pages] == [999, 999, 502]
    assert points(sum(pages, [])) == [(step, step, step / 4) for step in range(2500)]


def test_a_page_that_ends_with_the_last_point_is_the_last(rest, long_run):
    pages = list(
        rest.pages("GET", "metrics/get-history", "metrics", run_id=long_run, metric_key="loss", max_results=1250)
    )
    assert [len(page) for page in pages if page] == [1250, 1250]


def test_without_pages_all_points_come(client, rest, long_run):
    assert len(history(rest, long_run, "loss")) == 2500
    assert len(client.get_metric_history(long_run, "loss")) == 2500
    assert len(history(rest, long_run, "loss", max_results=25_000)) == 2500


@pytest.mark.parametrize("fields", [{"max_results": 0}, {"max_results": -1}, {"page_token": "zz"}, {"page_token": "%"}])
def test_bad_pages_are_refused(rest, long_run, fields):
    fields = {"run_id": long_run, "metric_key": "loss", "max_results": 5} | fields
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "metrics/get-history", fields)


@pytest.mark.slipway_only("it takes text for the number left out")
def test_a_number_of_results_that_is_none_is_refused(rest, long_run):
    fields = {"run_id": long_run, "metric_key": "loss", "max_results": "many"}
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "metrics/get-history", fields)


def test_a_run_and_a_key_are_needed(rest, run):
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "metrics/get-history", {"run_id": run})
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "metrics/get-history", {"metric_key": "m"})


def test_a_run_that_is_not_there_has_no_points(rest):
    """The reference answers with none, because it looks for nothing but points."""
    answer = rest.ask("GET", "metrics/get-history", {"run_id": ABSENT_RUN, "metric_key": "m"})
    if answer.status_code == 200:
        assert answer.json().get("metrics", []) == []
    else:
        assert_refused(answer, "RESOURCE_DOES_NOT_EXIST")


def test_the_interface_gets_many_runs_at_once(rest, long_run, run):
    rest.post("runs/log-batch", run_id=run, metrics=metrics("loss", (1, 1, 1.0)))
    path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    found = rest.get(path, run_id=[long_run, run], metric_key="loss", max_results=10_000)["metrics"]
    assert {point["run_id"] for point in found} == {long_run, run}
    assert len(found) == 2501


def test_the_interface_gets_a_sample_of_a_long_metric(rest, long_run):
    path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
    found = rest.get(path, run_ids=[long_run], metric_key="loss", max_results=10)["metrics"]
    steps = [point["step"] for point in found]
    assert steps == sorted(set(steps))
    assert {0, 2499} <= set(steps)
    assert len(steps) <= 12
    assert {point["run_id"] for point in found} == {long_run}
