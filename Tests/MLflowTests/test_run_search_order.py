# SPDX-License-Identifier: Apache-2.0
"""In which order runs are found, and the pages they come on."""

import pytest
from run_population import NAN


def found(client, population, order, **options):
    """The numbers of all runs in the order asked for."""
    experiment, runs = population
    numbers = {run.id: number for number, run in enumerate(runs)}
    return [numbers[run.info.run_id] for run in client.search_runs([experiment], order_by=order, **options)]


def by_default(runs, numbers):
    """Newest first; of those that began together, by identifier."""
    return sorted(numbers, key=lambda number: (-runs[number].start, runs[number].id))


def ordered(runs, value, descending=False):
    """By a value; those without it last, in both directions. Equal ones as by default."""
    present = [number for number in by_default(runs, range(len(runs))) if value(runs[number]) is not None]
    absent = [number for number in by_default(runs, range(len(runs))) if value(runs[number]) is None]
    # Stable, also when reversed.
    present.sort(key=lambda number: value(runs[number]), reverse=descending)
    return present + absent


def attribute(name):
    return lambda run: getattr(run, name)


ORDERS = {
    "start_time": attribute("start"),
    "attributes.start_time": attribute("start"),
    "created": attribute("start"),
    "attribute.end_time": attribute("end"),
    "status": attribute("status"),
    "attributes.run_name": attribute("name"),
    "user_id": attribute("user"),
    "run_id": attribute("id"),
    "params.family": lambda run: run.params.get("family"),
    "params.`optimizer.name`": lambda run: run.params.get("optimizer.name"),
    "tags.color": lambda run: run.tags.get("color"),
    "tags.`dotted.key/with slash`": lambda run: run.tags.get("dotted.key/with slash"),
    "metrics.huge": lambda run: run.metrics.get("huge"),
    "metrics.`a b/c.d`": lambda run: run.metrics.get("a b/c.d"),
}


@pytest.mark.parametrize("direction", ["", " ASC", " desc"])
@pytest.mark.parametrize("key", ORDERS)
def test_runs_come_in_the_order_asked_for(client, population, key, direction):
    descending = direction == " desc"
    assert found(client, population, [key + direction]) == ordered(population[1], ORDERS[key], descending)


@pytest.mark.parametrize("descending", [False, True])
def test_nan_comes_after_numbers_and_before_what_is_missing(client, population, descending):
    runs = population[1]
    numbers = found(client, population, ["metrics.acc DESC" if descending else "metrics.acc ASC"])
    with_number = [number for number, run in enumerate(runs) if run.metrics.get("acc", NAN) != NAN]
    expected = sorted(with_number, key=lambda number: runs[number].metrics["acc"], reverse=descending)
    assert numbers[: len(expected)] == expected
    assert numbers[len(expected)] == 20
    assert numbers[len(expected) + 1 :] == by_default(
        runs, [number for number, run in enumerate(runs) if "acc" not in run.metrics]
    )


def test_without_an_order_the_newest_come_first(client, population):
    expected = by_default(population[1], range(len(population[1])))
    assert found(client, population, None) == expected
    assert found(client, population, ["metrics.nothing DESC"]) == expected


def test_a_second_order_decides_among_equals(client, population):
    runs = population[1]
    numbers = found(client, population, ["params.family ASC", "attributes.status DESC", "tags.number"])
    expected = sorted(range(len(runs)), key=lambda number: str(number))
    expected.sort(key=lambda number: runs[number].status, reverse=True)
    expected.sort(key=lambda number: runs[number].params["family"])
    assert numbers == expected


def test_a_key_that_differs_in_case_is_another_key(client, population):
    assert found(client, population, ["params.FAMILY DESC"]) == by_default(population[1], range(40))


@pytest.mark.parametrize("size", [3, 7, 39, 40, 41])
@pytest.mark.parametrize("order", [[], ["metrics.acc DESC"], ["params.family"], ["attributes.end_time ASC"]])
def test_pages_hold_every_run_once_and_in_order(client, population, size, order):
    experiment, runs = population
    whole = found(client, population, order)
    numbers = {run.id: number for number, run in enumerate(runs)}
    walked, token = [], None
    while True:
        page = client.search_runs([experiment], order_by=order, max_results=size, page_token=token)
        assert len(page) <= size
        walked += [numbers[run.info.run_id] for run in page]
        token = page.token
        if not token:
            break
        assert len(page) == size
    assert walked == whole


def test_pages_of_a_filter(client, rest, population):
    fields = {"experiment_ids": [population[0]], "filter": "params.lr IS NOT NULL", "order_by": ["run_id"]}
    pages = list(rest.pages("POST", "runs/search", "runs", max_results=6, **fields))
    assert [len(page) for page in pages if page] == [6, 6, 6, 2]
    identifiers = [run["info"]["run_id"] for page in pages for run in page]
    assert identifiers == sorted(run.id for run in population[1] if "lr" in run.params)


@pytest.mark.parametrize("size", [0, -1, 50_001])
def test_a_page_has_between_1_and_50000_runs(rest, population, size):
    fields = {"experiment_ids": [population[0]], "max_results": size}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/search", fields)


def test_the_largest_page_is_allowed(rest, population):
    assert len(rest.post("runs/search", experiment_ids=[population[0]], max_results=50_000)["runs"]) == 40


@pytest.mark.parametrize("token", ["zz", "%%%", "e30=", "eyJvZmZzZXQiOiAieCJ9"])
def test_a_token_of_no_page_is_refused(rest, population, token):
    fields = {"experiment_ids": [population[0]], "max_results": 5, "page_token": token}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/search", fields)


BAD_ORDERS = [
    "bogus",
    "attributes.bogus",
    "attributes.artifact_uri.x DESC",
    "bogus.x",
    "metrics.acc SIDEWAYS",
    "metrics.acc ASC DESC",
    "metrics.acc DESC NULLS LAST",
    "metrics.acc, params.lr",
    "metrics.acc; DROP TABLE runs",
    "metrics.acc DESC; SELECT 1",
    "(SELECT 1)",
    "1",
    "metrics.acc > 1",
    "metrics.`acc DESC",
    "ACC()",
    "metrics.acc -- x",
    "DESC",
]


@pytest.mark.parametrize("order", BAD_ORDERS)
def test_an_order_that_is_none_is_refused(rest, population, order):
    fields = {"experiment_ids": [population[0]], "order_by": [order]}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/search", fields)
