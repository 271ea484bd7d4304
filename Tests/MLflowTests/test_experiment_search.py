# SPDX-License-Identifier: Apache-2.0
"""Experiments that are searched: filters, order, views, pages."""

import pytest
from mlflow_rest import assert_refused, pairs, unique

COUNT = 12


@pytest.fixture(scope="module")
def population(rest):
    """(prefix of their names, [(name, id, tags)]); one of them deleted."""
    prefix = unique("search")
    made = []
    for number in range(COUNT):
        name = f"{prefix}/{'Odd' if number % 2 else 'even'}-{number:02}"
        tags = {"team": ["churn", "Fraud", "ads"][number % 3]} if number % 4 else {}
        tags |= {"dotted.key": str(number)} if number > 8 else {}
        made.append((name, rest.new_experiment(name=name, tags=pairs(tags)), tags))
    rest.post("experiments/delete", experiment_id=made[5][1])
    return prefix, made


def active(made):
    return [one for number, one in enumerate(made) if number != 5]


def names(found):
    return [experiment.name for experiment in found]


def search(client, population, text="", **options):
    """Among those of the population only: the server has others."""
    mine = f"name LIKE '{population[0]}/%'"
    return client.search_experiments(filter_string=f"{mine} AND {text}" if text else mine, **options)


FILTERS = {
    "": lambda name, tags: True,
    "name LIKE '%Odd%'": lambda name, tags: "Odd" in name,
    "name LIKE '%odd%'": lambda name, tags: False,
    "name ILIKE '%ODD%'": lambda name, tags: "Odd" in name,
    "attribute.name LIKE '%-0_'": lambda name, tags: name[-2] == "0",
    "name != 'other'": lambda name, tags: True,
    "tags.team = 'churn'": lambda name, tags: tags.get("team") == "churn",
    "tag.team = 'churn'": lambda name, tags: tags.get("team") == "churn",
    'tags.`team` = "churn"': lambda name, tags: tags.get("team") == "churn",
    "tags.team != 'churn'": lambda name, tags: tags.get("team", "churn") != "churn",
    "tags.team LIKE 'F%'": lambda name, tags: tags.get("team") == "Fraud",
    "tags.team ILIKE 'FRAUD'": lambda name, tags: tags.get("team") == "Fraud",
    "tags.team IS NULL": lambda name, tags: "team" not in tags,
    "tags.team is not null": lambda name, tags: "team" in tags,
    "tags.`dotted.key` = '9'": lambda name, tags: tags.get("dotted.key") == "9",
    "tags.dotted.key = '9'": lambda name, tags: tags.get("dotted.key") == "9",
    "tags.nothing = 'x'": lambda name, tags: False,
    "tags.nothing != 'x'": lambda name, tags: False,
    "tags.team = 'ads' AND name LIKE '%even%'": lambda name, tags: tags.get("team") == "ads" and "even" in name,
    "creation_time > 0": lambda name, tags: True,
    "creation_time < 1000": lambda name, tags: False,
    "last_update_time >= 1000": lambda name, tags: True,
    "last_update_time != 1": lambda name, tags: True,
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_what_it_says(server, client, population, text):
    expected = {name for name, _, tags in active(population[1]) if FILTERS[text](name, tags)}
    found = names(search(client, population, text))
    assert set(found) == expected
    assert len(found) == len(expected)


def test_experiments_are_found_by_identifier_and_name(client, population):
    made = population[1]
    for text, expected in [
        (f"experiment_id = '{made[0][1]}'", {made[0][0]}),
        (f"experiment_id IN ('{made[0][1]}', '{made[3][1]}')", {made[0][0], made[3][0]}),
        (f"experiment_id NOT IN ('{made[0][1]}')", {name for name, *_ in active(made)} - {made[0][0]}),
        (f"name = '{made[2][0]}'", {made[2][0]}),
    ]:
        assert set(names(search(client, population, text))) == expected, text


def test_views_show_active_deleted_or_all(client, common_mlflow, population):
    views = common_mlflow.entities.ViewType
    everything = {name for name, *_ in population[1]}
    deleted = population[1][5][0]
    assert set(names(search(client, population, view_type=views.ACTIVE_ONLY))) == everything - {deleted}
    assert names(search(client, population, view_type=views.DELETED_ONLY)) == [deleted]
    assert set(names(search(client, population, view_type=views.ALL))) == everything


def test_found_experiments_are_whole(client, population):
    name, identifier, tags = population[1][11]
    (found,) = search(client, population, f"name = '{name}'")
    assert (found.experiment_id, found.tags, found.lifecycle_stage) == (identifier, tags, "active")
    assert found.artifact_location == f"mlflow-artifacts:/{identifier}"


def test_they_come_in_the_order_asked_for(client, population):
    made = active(population[1])
    by_name = sorted(name for name, *_ in made)
    by_time = [name for name, *_ in made]
    for order, expected in [
        (["name"], by_name),
        (["name ASC"], by_name),
        (["attribute.name DESC"], by_name[::-1]),
        (["creation_time ASC"], by_time),
        (["creation_time DESC"], by_time[::-1]),
        (["last_update_time DESC", "name"], by_time[::-1]),
    ]:
        found = search(client, population, order_by=order)
        if "time" in order[0]:
            # Those of one millisecond may come in either order.
            key = order[0].split()[0]
            moments = [getattr(experiment, key) for experiment in found]
            assert moments == sorted(moments, reverse="DESC" in order[0]), order
            assert set(names(found)) == set(expected)
        else:
            assert names(found) == expected, order


def test_without_an_order_the_newest_come_first(client, population):
    moments = [(experiment.creation_time, int(experiment.experiment_id)) for experiment in search(client, population)]
    assert moments == sorted(moments, reverse=True)


def test_experiments_are_ordered_by_their_number_and_not_its_text(client, population):
    found = [experiment.experiment_id for experiment in search(client, population, order_by=["experiment_id ASC"])]
    assert found == sorted(found, key=int)


@pytest.mark.parametrize("size", [1, 4, 10, 11, 12])
def test_pages_hold_every_experiment_once(client, population, size):
    whole = names(search(client, population))
    walked, token = [], None
    while True:
        page = search(client, population, max_results=size, page_token=token)
        assert len(page) <= size
        walked += names(page)
        token = page.token
        if not token:
            break
    assert walked == whole


@pytest.mark.parametrize("size", [0, -1, 50_001, "many"])
def test_a_page_has_between_1_and_50000(rest, size):
    for method in ["GET", "POST"]:
        rest.refuses("INVALID_PARAMETER_VALUE", method, "experiments/search", {"max_results": size})


def test_without_a_size_it_is_a_page_or_refused(rest):
    """The reference refuses, because it takes what is left out for 0; its own client always names one."""
    for method in ["GET", "POST"]:
        answer = rest.ask(method, "experiments/search", {})
        if answer.status_code != 200:
            assert_refused(answer, "INVALID_PARAMETER_VALUE")


def test_both_methods_search(rest, population):
    name = population[1][2][0]
    fields = {"max_results": 50_000, "filter": f"name = '{name}'", "order_by": ["name DESC", "experiment_id"]}
    for method in ["GET", "POST"]:
        found = rest.take(method, "experiments/search", fields | {"view_type": "ALL"})
        assert [experiment["name"] for experiment in found["experiments"]] == [name]
        assert "next_page_token" not in found or not found["next_page_token"]


@pytest.mark.parametrize("token", ["zz", "%%%", "e30="])
def test_a_token_of_no_page_is_refused(rest, token):
    fields = {"max_results": 1, "page_token": token}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/search", fields)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.acc > 1",
        "params.lr = 'x'",
        "name IN ('a')",
        "name IS NULL",
        "experiment_id IN ()",
        "creation_time > '1'",
        "creation_time LIKE '1'",
        "tags.team IN ('a')",
        "lifecycle_stage = 'active'",
        "artifact_location = 'x'",
        "run.name = 'x'",
    ],
)
def test_filters_of_other_searches_are_refused(rest, text):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/search", {"max_results": 1, "filter": text})


@pytest.mark.parametrize("order", ["bogus", "name SIDEWAYS", "name; DROP TABLE experiments", "name, creation_time"])
def test_an_order_that_is_none_is_refused(rest, order):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/search", {"max_results": 1, "order_by": [order]})
