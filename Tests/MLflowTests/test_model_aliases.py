# SPDX-License-Identifier: Apache-2.0
"""Aliases: names for versions, which are set, moved and taken away."""

import pytest
from mlflow_rest import refused


@pytest.fixture
def name(server, rest, run):
    """A model with three versions."""
    name = rest.new_registered_model()
    for _ in range(3):
        rest.new_version(name, run)
    return name


def test_an_alias_names_a_version(client, name):
    client.set_registered_model_alias(name, "champion", "2")
    found = client.get_model_version_by_alias(name, "champion")
    assert (found.name, found.version, found.aliases) == (name, "2", ["champion"])
    assert client.get_registered_model(name).aliases == {"champion": "2"}
    assert client.get_model_version(name, "2").aliases == ["champion"]
    assert client.get_model_version(name, "1").aliases == []


def test_setting_an_alias_moves_it(client, name):
    for version in ["1", "3", "2", "2"]:
        client.set_registered_model_alias(name, "champion", version)
        assert client.get_model_version_by_alias(name, "champion").version == version
    assert client.get_registered_model(name).aliases == {"champion": "2"}
    assert [client.get_model_version(name, version).aliases for version in "123"] == [[], ["champion"], []]


def test_a_version_may_have_several(client, name):
    for alias in ["b", "a", "c"]:
        client.set_registered_model_alias(name, alias, "1")
    client.set_registered_model_alias(name, "d", "2")
    assert sorted(client.get_model_version(name, "1").aliases) == ["a", "b", "c"]
    assert client.get_registered_model(name).aliases == {"a": "1", "b": "1", "c": "1", "d": "2"}
    # The reference leaves them out where versions are searched.
    for found in client.search_model_versions(f"name = '{name}'"):
        assert sorted(found.aliases) in ([], {"1": ["a", "b", "c"], "2": ["d"], "3": []}[found.version])


def test_an_alias_is_taken_away(client, name):
    client.set_registered_model_alias(name, "champion", "1")
    client.delete_registered_model_alias(name, "champion")
    assert client.get_registered_model(name).aliases == {}
    assert client.get_model_version(name, "1").aliases == []
    # One that is not there is no failure.
    client.delete_registered_model_alias(name, "champion")
    client.delete_registered_model_alias(name, "never")


def test_an_alias_that_is_not_there_is_a_bad_parameter(client, name):
    """400, and not 404: clients look at it."""
    for alias in ["champion", "CHAMPION"]:
        with refused("INVALID_PARAMETER_VALUE"):
            client.get_model_version_by_alias(name, alias)
    client.set_registered_model_alias(name, "champion", "1")
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version_by_alias(name, "CHAMPION")


def test_aliases_that_differ_in_case_are_two(client, name):
    client.set_registered_model_alias(name, "best", "1")
    client.set_registered_model_alias(name, "Best", "2")
    assert client.get_registered_model(name).aliases == {"best": "1", "Best": "2"}


def test_the_alias_of_a_deleted_version_is_gone(client, name):
    client.set_registered_model_alias(name, "champion", "3")
    client.set_registered_model_alias(name, "kept", "2")
    client.delete_model_version(name, "3")
    assert client.get_registered_model(name).aliases == {"kept": "2"}
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version_by_alias(name, "champion")


def test_latest_is_always_the_newest_version(client, rest, run, name):
    assert client.get_model_version_by_alias(name, "latest").version == "3"
    rest.new_version(name, run)
    assert client.get_model_version_by_alias(name, "latest").version == "4"


@pytest.mark.parametrize("alias", ["a", "A", "1", "12", "v", "v1x", "x-1", "_", "-", "_-", "é", "第二", "x" * 255])
def test_an_alias_is_letters_digits_underscores_and_dashes(client, name, alias):
    client.set_registered_model_alias(name, alias, "1")
    assert client.get_model_version_by_alias(name, alias).version == "1"


@pytest.mark.parametrize(
    "alias",
    [
        "",
        "a b",
        "a.b",
        "a/b",
        "a@b",
        "a:b",
        "100%",
        "🎉",
        "a'b",
        "../a",
        "x" * 256,
        "latest",
        "Latest",
        "LATEST",
        "v1",
        "V1",
        "v12",
        "v0",
    ],
)
def test_other_and_reserved_names_are_refused(client, rest, name, alias):
    fields = {"name": name, "alias": alias, "version": "1"}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/alias", fields)
    assert client.get_registered_model(name).aliases == {}


@pytest.mark.parametrize("missing", ["name", "alias", "version"])
def test_all_three_are_needed(rest, name, missing):
    fields = {"name": name, "alias": "champion", "version": "1"}
    del fields[missing]
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/alias", fields)
    if missing != "version":
        for method in ["GET", "DELETE"]:
            rest.refuses("INVALID_PARAMETER_VALUE", method, "registered-models/alias", fields)


def test_an_alias_of_a_version_that_is_not_there_changes_nothing(client, rest, name):
    client.set_registered_model_alias(name, "champion", "1")
    fields = {"name": name, "alias": "champion"}
    rest.refuses("RESOURCE_DOES_NOT_EXIST", "POST", "registered-models/alias", fields | {"version": "99"})
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/alias", fields | {"version": "first"})
    assert client.get_registered_model(name).aliases == {"champion": "1"}
