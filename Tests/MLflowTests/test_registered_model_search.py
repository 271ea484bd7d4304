# SPDX-License-Identifier: Apache-2.0
"""Registered models that are searched: filters, prompts among them, order, pages."""

import pytest
from mlflow_rest import pairs, unique

COUNT = 12
PROMPT = "mlflow.prompt.is_prompt"


@pytest.fixture(scope="module")
def population(rest):
    """(prefix of their names, {name: tags}); two of them are prompts, and one says that it is none."""
    prefix = unique("models")
    made = {}
    for number in range(COUNT):
        name = f"{prefix}-{'Odd' if number % 2 else 'even'}-{number:02}"
        tags = {"team": ["churn", "Fraud", "ads"][number % 3]} if number % 4 else {}
        if number in (3, 4):
            tags[PROMPT] = "true"
        if number == 7:
            tags[PROMPT] = "false"
        made[name] = tags
        rest.new_registered_model(name, tags=pairs(tags))
    return prefix, made


def models(made):
    """Names without those of prompts, which only a filter that asks for them finds."""
    return [name for name, tags in made.items() if tags.get(PROMPT) != "true"]


def search(rest, population, text="", **fields):
    """Names, as the server finds them: the client adds a comparison of its own."""
    mine = f"name LIKE '{population[0]}-%'"
    found = rest.get("registered-models/search", filter=f"{mine} AND {text}" if text else mine, **fields)
    return [model["name"] for model in found.get("registered_models", [])]


FILTERS = {
    "": lambda name, tags: True,
    "name LIKE '%-Odd-%'": lambda name, tags: "Odd" in name,
    "name LIKE '%-odd-%'": lambda name, tags: False,
    "name ILIKE '%-ODD-%'": lambda name, tags: "Odd" in name,
    "attribute.name LIKE '%-0_'": lambda name, tags: name[-2] == "0",
    "name != 'other'": lambda name, tags: True,
    "name NOT IN ('other', 'more')": lambda name, tags: True,
    "tags.team = 'churn'": lambda name, tags: tags.get("team") == "churn",
    "tag.team = 'churn'": lambda name, tags: tags.get("team") == "churn",
    'tags.`team` = "churn"': lambda name, tags: tags.get("team") == "churn",
    "tags.team != 'churn'": lambda name, tags: tags.get("team", "churn") != "churn",
    "tags.team LIKE 'F%'": lambda name, tags: tags.get("team") == "Fraud",
    "tags.team ILIKE 'fraud'": lambda name, tags: tags.get("team") == "Fraud",
    "tags.nothing != 'x'": lambda name, tags: False,
    "tags.team = 'ads' AND name LIKE '%even%'": lambda name, tags: tags.get("team") == "ads" and "even" in name,
    # Of this one tag, a model without it counts as one that says "false".
    f"tag.`{PROMPT}` != 'true'": lambda name, tags: tags.get(PROMPT) != "true",
    f"tags.`{PROMPT}` = 'false'": lambda name, tags: tags.get(PROMPT) != "true",
    f"tags.`{PROMPT}` = 'true'": lambda name, tags: tags.get(PROMPT) == "true",
    f"name LIKE '%Odd%' AND tag.`{PROMPT}` != 'true'": lambda name, tags: "Odd" in name and tags.get(PROMPT) != "true",
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_what_it_says(server, rest, population, text):
    candidates = population[1] if PROMPT in text else models(population[1])
    expected = sorted(name for name in candidates if FILTERS[text](name, population[1][name]))
    assert search(rest, population, text, max_results=1000) == expected


def test_the_client_finds_the_same(client, population):
    found = client.search_registered_models(f"name LIKE '{population[0]}-%'", max_results=100)
    assert [model.name for model in found] == sorted(models(population[1]))


def test_prompts_are_found_by_a_filter_that_asks_for_them(rest, population):
    everything = [search(rest, population, f"tags.`{PROMPT}` {says}") for says in ["= 'true'", "!= 'true'"]]
    assert sorted(sum(everything, [])) == sorted(population[1])
    assert [len(part) for part in everything] == [2, COUNT - 2]


def test_models_are_found_by_name(rest, population):
    names = sorted(models(population[1]))
    listed = f"'{names[2]}', '{names[5]}'"
    for text, expected in [
        (f"name = '{names[2]}'", [names[2]]),
        (f"name IN ({listed})", [names[2], names[5]]),
        (f"name NOT IN ({listed})", [name for name in names if name not in (names[2], names[5])]),
    ]:
        assert search(rest, population, text) == expected


def test_they_come_in_the_order_asked_for(rest, population):
    by_time = models(population[1])
    by_name = sorted(by_time)
    for order, expected in [
        ([], by_name),
        (["name"], by_name),
        (["name DESC"], by_name[::-1]),
        (["last_updated_timestamp"], by_time),
        (["timestamp ASC"], by_time),
        (["timestamp DESC"], by_time[::-1]),
        (["last_updated_timestamp DESC", "name DESC"], by_time[::-1]),
    ]:
        assert search(rest, population, order_by=order) == expected, order


@pytest.mark.parametrize("size", [1, 4, 9, 10, 11])
def test_pages_hold_every_model_once(rest, population, size):
    fields = {"filter": f"name LIKE '{population[0]}-%'", "max_results": size}
    pages = list(rest.pages("GET", "registered-models/search", "registered_models", **fields))
    assert [model["name"] for page in pages for model in page] == sorted(models(population[1]))
    assert all(len(page) <= size for page in pages)


def test_the_client_walks_its_pages(client, population):
    walked, token = [], None
    while True:
        page = client.search_registered_models(f"name LIKE '{population[0]}-%'", max_results=4, page_token=token)
        walked += [model.name for model in page]
        token = page.token
        if not token:
            break
    assert walked == sorted(models(population[1]))


def test_found_models_are_whole(client, rest, population, run):
    name = next(name for name, tags in population[1].items() if tags.get("team") == "Fraud")
    version = rest.new_version(name, run)
    client.set_registered_model_alias(name, "champion", version)
    (found,) = client.search_registered_models(f"name = '{name}'")
    assert (found.tags, found.aliases) == (population[1][name], {"champion": version})
    assert [latest.version for latest in found.latest_versions] == [version]


NO_PAGE = pytest.mark.slipway_only("it answers with an empty page, and a token for another")


@pytest.mark.parametrize("size", [1001, 50_000, pytest.param(0, marks=NO_PAGE), pytest.param(-1, marks=NO_PAGE)])
def test_a_page_has_between_1_and_1000(rest, size):
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "registered-models/search", {"max_results": size})


@pytest.mark.parametrize(
    "fields",
    [
        {"page_token": "zz"},
        {"order_by": "bogus"},
        {"order_by": "name SIDEWAYS"},
        {"order_by": "name; DROP TABLE x"},
    ],
)
def test_bad_pages_and_orders_are_refused(rest, fields):
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "registered-models/search", fields)


@pytest.mark.parametrize(
    "text",
    [
        "run_id = 'x'",
        "description = 'x'",
        "creation_timestamp > 1",
        "name IN ()",
        "tags.team IN ('a')",
        "metrics.acc > 1",
        "params.lr = 'x'",
        "name IN (1)",
        pytest.param("name IS NULL", marks=pytest.mark.slipway_only("it answers 500")),
    ],
)
def test_filters_of_other_searches_are_refused(rest, text):
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "registered-models/search", {"filter": text})
