# SPDX-License-Identifier: Apache-2.0
"""Logged models that are searched: filters, datasets, order, pages."""

import pytest
from mlflow_rest import pairs

COUNT = 12


@pytest.fixture(scope="module")
def population(rest):
    """(experiment, its runs, what is known of each model) in the order they were made."""
    experiment = rest.new_experiment()
    runs = [rest.new_run(experiment) for _ in range(2)]
    models = []
    for number in range(COUNT):
        known = {
            "name": ["forest", "Forest", "linear"][number % 3],
            "type": "classifier" if number % 2 else "regressor",
            "run": runs[number % 2],
            "params": {"lr": ["0.1", "0.01"][number % 2]} if number % 4 else {},
            "tags": {"team": ["churn", "Fraud"][number // 2 % 2]} if number % 5 else {},
            "metrics": {},
        }
        if number % 3:
            # By the digest of the dataset.
            known["metrics"] = {"d1": number / 10} if number < 6 else {"d1": number / 10, "d2": -float(number)}
        info = rest.new_model(
            experiment,
            known["name"],
            model_type=known["type"],
            source_run_id=known["run"],
            params=pairs(known["params"]),
            tags=pairs(known["tags"]),
        )
        known["id"] = info["model_id"]
        points = [
            {
                "key": "acc",
                "value": value,
                "timestamp": time,
                "step": 0,
                "model_id": info["model_id"],
                "dataset_name": "iris",
                "dataset_digest": digest,
            }
            for time, (digest, value) in enumerate(known["metrics"].items())
        ]
        if points:
            rest.post("runs/log-batch", run_id=known["run"], metrics=points)
        if number % 6 == 0:
            rest.patch(f"logged-models/{info['model_id']}", model_id=info["model_id"], status="LOGGED_MODEL_READY")
        models.append(known)
    return experiment, runs, models


def numbers(population, found):
    order = {known["id"]: number for number, known in enumerate(population[2])}
    return [order[model.model_id] for model in found]


def any_metric(holds):
    return lambda known: any(map(holds, known["metrics"].values()))


FILTERS = {
    "": lambda known: True,
    "name = 'forest'": lambda known: known["name"] == "forest",
    "name='forest'": lambda known: known["name"] == "forest",
    "attributes.name != 'forest'": lambda known: known["name"] != "forest",
    "name LIKE 'F%'": lambda known: known["name"] == "Forest",
    "name ILIKE 'f%'": lambda known: known["name"] != "linear",
    "name IN ('forest', 'linear')": lambda known: known["name"] in ("forest", "linear"),
    "name NOT IN ('forest')": lambda known: known["name"] != "forest",
    "model_type = 'classifier'": lambda known: known["type"] == "classifier",
    "attributes.model_type LIKE 'reg%'": lambda known: known["type"] == "regressor",
    "params.lr = '0.1'": lambda known: known["params"].get("lr") == "0.1",
    "params.lr != '0.1'": lambda known: known["params"].get("lr", "0.1") != "0.1",
    "params.`lr` LIKE '0%'": lambda known: "lr" in known["params"],
    "params.lr IN ('0.1', '0.01')": lambda known: "lr" in known["params"],
    "tags.team = 'churn'": lambda known: known["tags"].get("team") == "churn",
    "tags.team ILIKE 'FRAUD'": lambda known: known["tags"].get("team") == "Fraud",
    "tags.team NOT IN ('churn')": lambda known: known["tags"].get("team", "churn") != "churn",
    "tags.nothing != 'x'": lambda known: False,
    "metrics.acc > 0.45": any_metric(lambda value: value > 0.45),
    "metrics.acc < 0": any_metric(lambda value: value < 0),
    "metrics.`acc` = 0.5": any_metric(lambda value: value == 0.5),
    "metrics.nothing > 0": lambda known: False,
    "creation_timestamp > 0": lambda known: True,
    "creation_time < 1000": lambda known: False,
    "last_updated_timestamp >= 1000": lambda known: True,
    "name = 'forest' AND params.lr = '0.1' and metrics.acc > 0": lambda known: False,
    "name = 'Forest' AND tags.team = 'churn'": lambda known: (
        known["name"] == "Forest" and known["tags"].get("team") == "churn"
    ),
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_what_it_says(server, client, population, text):
    found = client.search_logged_models([population[0]], text, max_results=50)
    expected = [number for number, known in enumerate(population[2]) if FILTERS[text](known)]
    assert sorted(numbers(population, found)) == expected


def test_models_are_found_by_identifier_and_run(client, population):
    experiment, runs, models = population
    for text, expected in [
        (f"model_id = '{models[3]['id']}'", [3]),
        (f"attributes.model_id IN ('{models[3]['id']}', '{models[5]['id']}')", [3, 5]),
        (f"source_run_id = '{runs[1]}'", [1, 3, 5, 7, 9, 11]),
    ]:
        assert sorted(numbers(population, client.search_logged_models([experiment], text))) == expected, text


@pytest.mark.slipway_only("it answers 500 where a time is written with its entity")
def test_times_may_be_written_with_their_entity(client, population):
    for text in ["attributes.creation_timestamp > 0", "attributes.last_updated_timestamp != 1"]:
        assert len(client.search_logged_models([population[0]], text)) == COUNT


@pytest.mark.slipway_only("a status matches nothing")
def test_models_are_found_by_status(client, population):
    found = client.search_logged_models([population[0]], "status = 'READY'")
    assert sorted(numbers(population, found)) == [0, 6]


@pytest.mark.parametrize(
    ("datasets", "holds"),
    [
        ([{"dataset_name": "iris", "dataset_digest": "d1"}], lambda known: known["metrics"].get("d1", 0) > 0.45),
        ([{"dataset_name": "iris", "dataset_digest": "d2"}], lambda known: known["metrics"].get("d2", 0) > 0.45),
        pytest.param(
            [{"dataset_name": "iris"}],
            lambda known: max(known["metrics"].values(), default=0) > 0.45,
            marks=pytest.mark.slipway_only("a dataset without a digest matches nothing"),
        ),
        (
            [{"dataset_name": "iris", "dataset_digest": "d1"}, {"dataset_name": "iris", "dataset_digest": "d2"}],
            lambda known: max(known["metrics"].values(), default=0) > 0.45,
        ),
        ([{"dataset_name": "wine", "dataset_digest": "d1"}], lambda known: False),
    ],
    # Two processes that share the tests must give them the same names, and functions have none.
    ids=lambda value: str(value) if isinstance(value, list) else "",
)
def test_metrics_are_narrowed_to_datasets(client, population, datasets, holds):
    found = client.search_logged_models([population[0]], "metrics.acc > 0.45", datasets=datasets)
    assert sorted(numbers(population, found)) == [number for number, known in enumerate(population[2]) if holds(known)]


def test_datasets_alone_find_models_that_were_measured_on_them(client, population):
    datasets = [{"dataset_name": "iris", "dataset_digest": "d2"}]
    found = client.search_logged_models([population[0]], datasets=datasets)
    assert sorted(numbers(population, found)) == [7, 8, 10, 11]


def ordered(population, value, descending):
    """Those without a value last, in both directions; equal ones newest first."""
    newest_first = list(enumerate(population[2]))[::-1]
    present = [one for one in newest_first if value(one[1]) is not None]
    present.sort(key=lambda one: value(one[1]), reverse=descending)
    return [number for number, _ in present + [one for one in newest_first if value(one[1]) is None]]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize(
    ("order", "value"),
    [
        ({"field_name": "creation_timestamp"}, lambda known: known["number"]),
        ({"field_name": "creation_time"}, lambda known: known["number"]),
        ({"field_name": "name"}, lambda known: known["name"]),
        ({"field_name": "model_id"}, lambda known: known["id"]),
        (
            {"field_name": "metrics.acc", "dataset_name": "iris", "dataset_digest": "d1"},
            lambda known: known["metrics"].get("d1"),
        ),
        (
            {"field_name": "metrics.acc", "dataset_name": "iris", "dataset_digest": "d2"},
            lambda known: known["metrics"].get("d2"),
        ),
    ],
)
def test_they_come_in_the_order_asked_for(client, population, order, value, ascending):
    for number, known in enumerate(population[2]):
        known["number"] = number
    order = order | {"ascending": ascending}
    found = client.search_logged_models([population[0]], order_by=[order])
    assert numbers(population, found) == ordered(population, value, not ascending)


def test_without_an_order_the_newest_come_first(client, population):
    assert numbers(population, client.search_logged_models([population[0]])) == list(range(COUNT))[::-1]


def test_a_second_order_decides_among_equals(client, population):
    order = [{"field_name": "name", "ascending": True}, {"field_name": "creation_timestamp", "ascending": True}]
    found = numbers(population, client.search_logged_models([population[0]], order_by=order))
    assert found == sorted(range(COUNT), key=lambda number: (population[2][number]["name"], number))


@pytest.mark.parametrize("size", [1, 5, 11, 12, 13])
def test_pages_hold_every_model_once(client, population, size):
    walked, token = [], None
    while True:
        page = client.search_logged_models([population[0]], max_results=size, page_token=token)
        assert len(page) <= size
        walked += numbers(population, page)
        token = page.token
        if not token:
            break
    assert walked == list(range(COUNT))[::-1]


def test_found_models_are_whole(client, population):
    experiment, runs, models = population
    (found,) = client.search_logged_models([experiment], f"model_id = '{models[7]['id']}'")
    assert (found.name, found.model_type, found.source_run_id) == (models[7]["name"], "classifier", runs[1])
    assert (found.params, found.tags) == (models[7]["params"], models[7]["tags"])
    assert {metric.dataset_digest: metric.value for metric in found.metrics} == models[7]["metrics"]


def test_several_experiments_are_searched(client, rest, population, experiment):
    other = rest.new_model(experiment, "other")["model_id"]
    found = client.search_logged_models([population[0], experiment], max_results=50)
    assert {model.model_id for model in found} == {other, *(known["id"] for known in population[2])}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"max_results": -1}, marks=pytest.mark.slipway_only("it answers with an empty page and a token")),
        pytest.param({"page_token": "zz"}, marks=pytest.mark.slipway_only("it answers 500")),
        {"order_by": [{"field_name": "bogus"}]},
        {"order_by": [{"ascending": True}]},
        {"order_by": [{"field_name": "name; DROP TABLE x"}]},
        {"datasets": [{"dataset_digest": "d1"}]},
    ],
    ids=str,
)
def test_what_is_none_is_refused(rest, population, fields):
    rest.refuses(
        "INVALID_PARAMETER_VALUE", "POST", "logged-models/search", {"experiment_ids": [population[0]]} | fields
    )
