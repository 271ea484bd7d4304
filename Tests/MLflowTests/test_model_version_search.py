# SPDX-License-Identifier: Apache-2.0
"""Versions that are searched: filters, order, pages."""

import pytest
from mlflow_rest import pairs, unique


@pytest.fixture(scope="module")
def population(rest):
    """(prefix of the models' names, runs, [(name, version, run, path, tags)]) in the order they were made."""
    prefix = unique("versions")
    names = [rest.new_registered_model(f"{prefix}-{letter}") for letter in "aBc"]
    runs = [rest.new_run(rest.new_experiment()) for _ in range(2)]
    made = []
    for number in range(12):
        name, run, path = names[number % 3], runs[number % 2], f"model-{number}"
        tags = {"team": ["churn", "Fraud"][number // 2 % 2]} if number % 4 else {}
        version = rest.new_version(name, run, path, tags=pairs(tags))
        made.append((name, version, run, path, tags))
    return prefix, runs, made


def search(rest, population, text="", **fields):
    mine = f"name LIKE '{population[0]}-%'"
    found = rest.get("model-versions/search", filter=f"{mine} AND {text}" if text else mine, **fields)
    return [(version["name"], version["version"]) for version in found.get("model_versions", [])]


FILTERS = {
    "": lambda version, run, path, tags: True,
    "version_number = 2": lambda version, run, path, tags: version == 2,
    "version_number != 2": lambda version, run, path, tags: version != 2,
    "version_number > 2": lambda version, run, path, tags: version > 2,
    "version_number >= 2": lambda version, run, path, tags: version >= 2,
    "version_number < 2": lambda version, run, path, tags: version < 2,
    "version_number <= 3": lambda version, run, path, tags: version <= 3,
    "version_number = '3'": lambda version, run, path, tags: version == 3,
    "attribute.version_number = 4": lambda version, run, path, tags: version == 4,
    "source_path LIKE '%/model-1_'": lambda version, run, path, tags: path in ("model-10", "model-11"),
    "source_path ILIKE '%/MODEL-3'": lambda version, run, path, tags: path == "model-3",
    "source_path LIKE '%/MODEL-3'": lambda version, run, path, tags: False,
    "tags.team = 'churn'": lambda version, run, path, tags: tags.get("team") == "churn",
    "tag.team = 'churn'": lambda version, run, path, tags: tags.get("team") == "churn",
    "tags.`team` ILIKE 'FRAUD'": lambda version, run, path, tags: tags.get("team") == "Fraud",
    "tags.team LIKE 'F%'": lambda version, run, path, tags: tags.get("team") == "Fraud",
    "tags.team != 'churn'": lambda version, run, path, tags: tags.get("team", "churn") != "churn",
    "tags.nothing != 'x'": lambda version, run, path, tags: False,
    "run_id != 'x'": lambda version, run, path, tags: True,
    "run_id = 'x'": lambda version, run, path, tags: False,
    "tags.team = 'churn' AND version_number > 2": lambda version, run, path, tags: (
        tags.get("team") == "churn" and version > 2
    ),
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_what_it_says(server, rest, population, text):
    expected = {
        (name, version)
        for name, version, run, path, tags in population[2]
        if FILTERS[text](int(version), run, path, tags)
    }
    found = search(rest, population, text)
    assert set(found) == expected
    assert len(found) == len(expected)


def test_versions_are_found_by_name_and_run(client, population):
    prefix, runs, made = population
    a, b = f"{prefix}-a", f"{prefix}-B"
    for text, holds in [
        (f"name = '{a}'", lambda name, run: name == a),
        (f"name != '{a}' AND name LIKE '{prefix}-%'", lambda name, run: name != a),
        (f"name ILIKE '{prefix}-b'", lambda name, run: name == b),
        (f"name IN ('{a}', '{b}')", lambda name, run: name in (a, b)),
        (f"name NOT IN ('{a}') AND name LIKE '{prefix}-%'", lambda name, run: name != a),
        (f"run_id = '{runs[0]}'", lambda name, run: run == runs[0]),
        (f"run_id IN ('{runs[0]}')", lambda name, run: run == runs[0]),
        (f"run_id IN ('{runs[0]}', '{runs[1]}')", lambda name, run: True),
        (f"run_id NOT IN ('{runs[0]}') AND name LIKE '{prefix}-%'", lambda name, run: run != runs[0]),
        (f"name = '{a}' AND run_id = '{runs[1]}'", lambda name, run: name == a and run == runs[1]),
    ]:
        found = {(version.name, version.version) for version in client.search_model_versions(text)}
        assert found == {(name, version) for name, version, run, *_ in made if holds(name, run)}, text


def test_they_come_in_the_order_asked_for(rest, population):
    made = [(name, version) for name, version, *_ in population[2]]
    for order, expected in [
        (["name ASC", "version_number ASC"], sorted(made, key=lambda one: (one[0], int(one[1])))),
        (
            ["name DESC", "version_number ASC"],
            sorted(sorted(made, key=lambda one: int(one[1])), reverse=True, key=lambda one: one[0]),
        ),
        (["version_number DESC", "name"], sorted(made, key=lambda one: (-int(one[1]), one[0]))),
        (["creation_timestamp ASC"], made),
        (["creation_timestamp DESC"], made[::-1]),
        (["last_updated_timestamp ASC"], made),
    ]:
        assert search(rest, population, order_by=order) == expected, order


def test_without_an_order_what_was_changed_last_comes_first(client, rest, run):
    name = rest.new_registered_model()
    for _ in range(3):
        rest.new_version(name, run)
    client.update_model_version(name, "2", "changed")
    found = [version.version for version in client.search_model_versions(f"name = '{name}'")]
    assert found == ["2", "3", "1"]


@pytest.mark.parametrize("size", [1, 5, 11, 12, 13])
def test_pages_hold_every_version_once(client, population, size):
    walked, token = [], None
    while True:
        page = client.search_model_versions(
            f"name LIKE '{population[0]}-%'", max_results=size, order_by=["version_number", "name"], page_token=token
        )
        assert len(page) <= size
        walked += [(version.name, version.version) for version in page]
        token = page.token
        if not token:
            break
    assert walked == sorted(
        ((name, version) for name, version, *_ in population[2]), key=lambda one: (int(one[1]), one[0])
    )


def test_found_versions_are_whole(client, population):
    name, version, run, path, tags = population[2][11]
    (found,) = client.search_model_versions(f"name = '{name}' AND version_number = {version}")
    assert (found.run_id, found.tags, found.status, found.current_stage) == (run, tags, "READY", "None")
    assert found.source.endswith(f"{run}/artifacts/{path}")


@pytest.mark.parametrize(
    "fields",
    [
        {"max_results": 200_001},
        {"page_token": "zz"},
        {"order_by": "bogus"},
        {"order_by": "name SIDEWAYS"},
        {"order_by": "name; DROP TABLE x"},
        {"filter": "version_number LIKE '1'"},
        {"filter": "version_number IN (1)"},
        {"filter": "version = '1'"},
        {"filter": "status = 'READY'"},
        {"filter": "description = 'x'"},
        {"filter": "run_id IN ()"},
        {"filter": "run_id IN (1)"},
        {"filter": "source_path IN ('a')"},
        {"filter": "metrics.acc > 1"},
        {"filter": "tags.team IN ('a')"},
        {"filter": "source = 'x'"},
    ],
    ids=str,
)
def test_what_is_none_is_refused(rest, fields):
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "model-versions/search", fields)
