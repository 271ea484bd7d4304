# SPDX-License-Identifier: Apache-2.0
"""What a run holds: params that never change, metrics of which the latest counts, tags that may change."""

import math

import pytest
from mlflow_rest import API, assert_refused, pairs, refused

# Keys of params, metrics and tags: the same rule for all three.
KEYS = ["a", "A", "a b", "a/b", "a:b", "a.b", "a-b", "a_b", "é", "指標", "k" * 250]
REFUSED_KEYS = [
    "",
    "100%",
    "a`b",
    "a'b",
    'a"b',
    "🎉",
    "../a",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "./a",
    "a/../b",
    "k" * 251,
]
# Where each is written, and the other fields.
KINDS = {
    "metric": ("runs/log-metric", {"value": 1.0, "timestamp": 1}),
    "param": ("runs/log-parameter", {"value": "v"}),
    "tag": ("runs/set-tag", {"value": "v"}),
}
LARGEST = 1.7976931348623157e308


def log(rest, run, key, value, timestamp=1, step=0):
    rest.post("runs/log-metric", run_id=run, key=key, value=value, timestamp=timestamp, step=step)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_may_be_letters_and_a_few_signs(rest, run, kind):
    path, fields = KINDS[kind]
    for key in KEYS:
        rest.post(path, run_id=run, key=key, **fields)
    held = {"metric": rest.metrics, "param": rest.params, "tag": rest.tags}[kind](run)
    assert set(KEYS) <= set(held)


@pytest.mark.parametrize("kind", KINDS)
def test_other_keys_are_refused_and_nothing_is_kept(rest, run, kind):
    path, fields = KINDS[kind]
    before = rest.run(run)["data"]
    for key in REFUSED_KEYS:
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", path, fields | {"run_id": run, "key": key})
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", path, fields | {"run_id": run})
    assert rest.run(run)["data"] == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_older_name_of_the_identifier_does_as_well(rest, run, kind):
    path, fields = KINDS[kind]
    rest.post(path, run_uuid=run, key="older", **fields)
    held = {"metric": rest.metrics, "param": rest.params, "tag": rest.tags}[kind](run)
    assert "older" in held


# Params


def test_a_param_may_be_logged_again_with_the_same_value_only(client, run):
    client.log_param(run, "depth", 3)
    client.log_param(run, "depth", "3")
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_param(run, "depth", 4)
    assert client.get_run(run).data.params == {"depth": "3"}


@pytest.mark.parametrize(
    "value", ["", " ", "v" * 6000, "é 試 🎉", "line\nbreak\ttab", "'; DROP TABLE params; --", '{"a": 1}']
)
def test_a_param_holds_any_text(client, run, value):
    client.log_param(run, "text", value)
    assert client.get_run(run).data.params == {"text": value}


def test_a_longer_param_is_cut_to_6000_characters(rest, run):
    rest.post("runs/log-parameter", run_id=run, key="one", value="v" * 6001)
    rest.post("runs/log-batch", run_id=run, params=pairs({"batch": "v" * 7000}))
    assert rest.params(run) == {"one": "v" * 6000, "batch": "v" * 6000}


@pytest.mark.parametrize("value", [5, True, ["a"], {"a": 1}])
def test_a_param_or_a_tag_that_is_no_text_is_refused(rest, run, value):
    for path in ["runs/log-parameter", "runs/set-tag"]:
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", path, {"run_id": run, "key": "k", "value": value})


# Tags


def test_a_tag_is_set_overwritten_and_deleted(client, run):
    name = client.get_run(run).data.tags
    client.set_tag(run, "t", "one")
    client.set_tag(run, "t", "two")
    client.set_tag(run, "empty", "")
    client.set_tag(run, "long", "é" * 8000)
    assert client.get_run(run).data.tags == name | {"t": "two", "empty": "", "long": "é" * 8000}
    for key in ["t", "empty", "long"]:
        client.delete_tag(run, key)
    assert client.get_run(run).data.tags == name
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_tag(run, "t")


def test_a_longer_tag_is_cut_to_8000_characters(rest, run):
    rest.post("runs/set-tag", run_id=run, key="one", value="v" * 8001)
    rest.post("runs/log-batch", run_id=run, tags=pairs({"batch": "v" * 9000}))
    tags = rest.tags(run)
    assert (tags["one"], tags["batch"]) == ("v" * 8000, "v" * 8000)


# Metrics


@pytest.mark.parametrize("value", [0.0, -0.5, 1e308, -1e308, 5e-324, 0.1 + 0.2, 12345678901234567890, 2**53 + 0.0])
def test_a_metric_comes_back_as_it_went(client, run, value):
    client.log_metric(run, "m", value, timestamp=7, step=3)
    (point,) = client.get_metric_history(run, "m")
    assert (point.value, point.timestamp, point.step) == (float(value), 7, 3)
    assert client.get_run(run).data.metrics == {"m": float(value)}


def test_nan_and_infinities_come_back(client, rest, run):
    for key, value in [("nan", math.nan), ("inf", math.inf), ("-inf", -math.inf)]:
        client.log_metric(run, key, value)
    held = client.get_run(run).data.metrics
    assert math.isnan(held["nan"])
    # The reference keeps infinities as the largest numbers, which its database has.
    assert (held["inf"], held["-inf"]) in [(LARGEST, -LARGEST), (math.inf, -math.inf)]
    # In JSON, NaN is a text.
    assert rest.metrics(run)["nan"] == "NaN"
    assert math.isnan(client.get_metric_history(run, "nan")[0].value)


def test_a_number_may_come_as_a_text(rest, run):
    log(rest, run, "m", "1.5", timestamp="12", step="-4")
    (point,) = rest.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert (point["value"], point["timestamp"], point["step"]) == (1.5, 12, -4)


def test_steps_and_times_reach_to_64_bits(client, run):
    for step in [-5, -(2**63), 2**63 - 1, 0]:
        client.log_metric(run, "m", 1.0, timestamp=2**53, step=step)
    history = client.get_metric_history(run, "m")
    assert {point.step for point in history} == {-5, -(2**63), 2**63 - 1, 0}
    assert {point.timestamp for point in history} == {2**53}


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 1},
        {"timestamp": 1},
        {"value": None, "timestamp": 1},
        {"value": "abc", "timestamp": 1},
        pytest.param({"value": {}, "timestamp": 1}, marks=pytest.mark.slipway_only("it answers 500")),
        pytest.param({"value": [1], "timestamp": 1}, marks=pytest.mark.slipway_only("it answers 500")),
        {"value": 1, "timestamp": -1},
        {"value": 1, "timestamp": "then"},
        {"value": 1, "timestamp": 1, "step": "next"},
    ],
)
def test_a_metric_needs_a_number_and_a_time(rest, run, fields):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/log-metric", fields | {"run_id": run, "key": "m"})
    assert rest.metrics(run) == {}


@pytest.mark.slipway_only("it takes them as 0, at time 0")
@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity"])
def test_a_number_that_json_does_not_have_is_refused(rest, run, number):
    body = f'{{"run_id": "{run}", "key": "m", "timestamp": 1, "value": {number}}}'
    answer = rest.ask("POST", API + "runs/log-metric", data=body, headers={"Content-Type": "application/json"})
    assert_refused(answer, ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"))
    assert rest.metrics(run) == {}


# Points as (value, timestamp, step), and the index of the latest.
LATEST = {
    "the greatest step": ([(1, 9, 1), (2, 1, 3), (3, 5, 2)], 1),
    "negative steps are below zero": ([(1, 1, -1), (2, 1, -7)], 0),
    "then the greatest time": ([(1, 3, 5), (2, 9, 5), (3, 4, 5)], 1),
    "then the greatest value": ([(1, 1, 1), (7, 1, 1), (3, 1, 1)], 1),
    "a late one with a small step does not count": ([(5, 10, 10), (6, 99, 0)], 0),
    "a number beside the same with NaN": ([("NaN", 1, 1), (1, 1, 1)], 1),
    "NaN with a greater step": ([(1, 1, 1), ("NaN", 1, 2)], 1),
    "NaN with a smaller step": ([(1, 1, 2), ("NaN", 1, 1)], 0),
}


@pytest.mark.parametrize("way", ["one by one", "in one batch"])
@pytest.mark.parametrize("case", LATEST)
def test_the_latest_point_is_shown(rest, run, case, way):
    points, latest = LATEST[case]
    listed = [{"key": "m", "value": value, "timestamp": time, "step": step} for value, time, step in points]
    if way == "in one batch":
        rest.post("runs/log-batch", run_id=run, metrics=listed)
    else:
        for point in listed:
            rest.post("runs/log-metric", run_id=run, **point)
    (shown,) = rest.run(run)["data"]["metrics"]
    assert {key: shown[key] for key in ["key", "value", "timestamp", "step"]} == listed[latest]


def test_what_is_held_travels_through_json_untouched(client, run):
    """Texts that JSON has to escape, in all three."""
    odd = 'quotes " and \\ and \u2028 and \x01 and \x7f and 🎉'
    client.log_param(run, "p", odd)
    client.set_tag(run, "t", odd)
    data = client.get_run(run).data
    assert (data.params["p"], data.tags["t"]) == (odd, odd)
