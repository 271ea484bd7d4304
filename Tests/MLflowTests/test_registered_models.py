# SPDX-License-Identifier: Apache-2.0
"""The life of a registered model: created, described, tagged, renamed, deleted."""

import time

import pytest
from mlflow_rest import pairs, refused, unique


@pytest.fixture
def name(server, rest):
    return rest.new_registered_model()


def test_a_created_model_says_what_it_was_given(client):
    name, before = unique("created"), int(time.time() * 1000)
    made = client.create_registered_model(name, tags={"team": "churn"}, description="zweite Stufe, 第二")
    found = client.get_registered_model(name)
    for model in [made, found]:
        assert (model.name, model.description, model.tags) == (name, "zweite Stufe, 第二", {"team": "churn"})
        assert (model.latest_versions, model.aliases) == ([], {})
    assert before - 1000 <= found.creation_timestamp <= int(time.time() * 1000) + 1000
    assert found.last_updated_timestamp == found.creation_timestamp


def test_what_is_not_given_is_left_out(rest, name):
    assert set(rest.get("registered-models/get", name=name)["registered_model"]) == {
        "name",
        "creation_timestamp",
        "last_updated_timestamp",
    }


NAMES = [
    "a.b",
    "100%",
    "%2F..%2F",
    "🎉 é 試",
    " led by a space",
    "ends with one ",
    "a'b",
    'a"b',
    "a\\b",
    "a?b#c&d=e",
    "a@b",
    "12",
    "v1",
    "…",
    "-",
    "_",
    "latest",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_nearly_any_text(server, client, rest, experiment, name):
    name = unique(name)
    client.create_registered_model(name)
    assert client.get_registered_model(name).name == name
    version = rest.new_version(name, rest.new_run(experiment))
    client.set_registered_model_alias(name, "champion", version)
    assert client.get_model_version_by_alias(name, "champion").name == name
    assert client.get_model_version(name, version).name == name
    quote = "'" if '"' in name else '"'
    if "\\" not in name:
        assert [one.name for one in client.search_registered_models(f"name = {quote}{name}{quote}")] == [name]
    client.delete_registered_model(name)


@pytest.mark.parametrize("name", ["a/b", "/", "a:b", ":", "models:/a", "../a", ".", "..", ""])
def test_a_name_with_a_slash_or_a_colon_is_refused(rest, name):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/create", {"name": name})
    rest.refuses("INVALID_PARAMETER_VALUE", "GET", "registered-models/get", {"name": name})
    other = rest.new_registered_model()
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/rename", {"name": other, "new_name": name})
    assert rest.get("registered-models/get", name=other)


@pytest.mark.parametrize("fields", [{}, {"name": None}, {"name": 5}, {"name": True}, {"name": ["a"]}])
def test_a_name_must_be_text(rest, fields):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/create", fields)


def test_names_of_255_characters_work(client):
    name = unique("long").ljust(255, "x")
    client.create_registered_model(name)
    assert client.get_registered_model(name).name == name


def test_a_name_of_10000_characters_is_no_failure_of_the_server(rest):
    """The reference keeps them: its database has no limit. Whoever has one says so."""
    name = unique("very-long").ljust(10_000, "x")
    answer = rest.ask("POST", "registered-models/create", {"name": name})
    if answer.status_code == 200:
        assert rest.get("registered-models/get", name=name)["registered_model"]["name"] == name
    else:
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_names_that_differ_in_case_are_two(client):
    name = unique("Case")
    client.create_registered_model(name)
    client.create_registered_model(name.lower())
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(name.upper())


def test_a_name_that_is_taken_is_refused(client, rest, name):
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model(name)
    other = rest.new_registered_model()
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.rename_registered_model(other, name)
    assert client.get_registered_model(other).name == other


def test_a_description_is_changed_and_taken_away(client, rest, name):
    before = client.get_registered_model(name)
    client.update_registered_model(name, "one")
    found = client.get_registered_model(name)
    assert found.description == "one"
    assert found.last_updated_timestamp >= before.last_updated_timestamp
    assert found.creation_timestamp == before.creation_timestamp
    client.update_registered_model(name, "x" * 100_000)
    assert client.get_registered_model(name).description == "x" * 100_000
    for fields in [{"description": ""}, {}]:
        client.update_registered_model(name, "two")
        assert "description" not in rest.patch("registered-models/update", name=name, **fields)["registered_model"]


def test_a_renamed_model_takes_everything_along(client, rest, run, name):
    version = rest.new_version(name, run, tags=pairs({"t": "1"}))
    client.set_registered_model_alias(name, "champion", version)
    client.set_registered_model_tag(name, "team", "churn")
    new = unique("renamed")
    client.rename_registered_model(name, new)
    found = client.get_registered_model(new)
    assert (found.tags, found.aliases) == ({"team": "churn"}, {"champion": version})
    moved = client.get_model_version_by_alias(new, "champion")
    assert (moved.name, moved.version, moved.tags) == (new, version, {"t": "1"})
    for ask in [client.get_registered_model, lambda old: client.get_model_version(old, version)]:
        with refused("RESOURCE_DOES_NOT_EXIST"):
            ask(name)
    # The old name is free again, and to its own name a model may always be renamed.
    client.create_registered_model(name)
    client.rename_registered_model(new, new)
    assert client.get_registered_model(new).name == new


def test_tags_are_set_overwritten_and_deleted(client, name):
    client.set_registered_model_tag(name, "team", "one")
    client.set_registered_model_tag(name, "team", "two")
    client.set_registered_model_tag(name, "a.b/c-d_e f:g", "v")
    client.set_registered_model_tag(name, "empty", "")
    expected = {"team": "two", "a.b/c-d_e f:g": "v", "empty": ""}
    assert client.get_registered_model(name).tags == expected
    client.delete_registered_model_tag(name, "team")
    del expected["team"]
    assert client.get_registered_model(name).tags == expected
    # Unlike with runs and experiments, one that is gone is no failure.
    client.delete_registered_model_tag(name, "team")


def test_a_tag_has_its_limits(client, rest, name):
    client.set_registered_model_tag(name, "k" * 250, "v" * 100_000)
    assert client.get_registered_model(name).tags == {"k" * 250: "v" * 100_000}
    for key, value in [("k" * 251, "v"), ("k", "v" * 100_001), ("", "v"), ("100%", "v"), ("../a", "v")]:
        fields = {"name": name, "key": key, "value": value}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/set-tag", fields)
    for tags in [{"k" * 251: "v"}, {"k": "v" * 100_001}]:
        fields = {"name": unique("tagged"), "tags": pairs(tags)}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "registered-models/create", fields)
        rest.refuses("RESOURCE_DOES_NOT_EXIST", "GET", "registered-models/get", {"name": fields["name"]})


def test_a_deleted_model_is_gone_with_its_versions(client, rest, run, name):
    version = rest.new_version(name, run)
    client.set_registered_model_alias(name, "champion", version)
    client.delete_registered_model(name)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(name)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_model_version(name, version)
    assert client.search_model_versions(f"name = '{name}'") == []
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_registered_model(name)
    # The name may be used again, and begins anew.
    client.create_registered_model(name)
    found = client.get_registered_model(name)
    assert (found.aliases, found.latest_versions) == ({}, [])
    # The reference counts from 1 again; where numbers are never reused, it goes on.
    assert rest.new_version(name, run) in ("1", "2")


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "registered-models/get", {}),
        ("PATCH", "registered-models/update", {"description": "d"}),
        ("POST", "registered-models/rename", {"new_name": "other"}),
        ("DELETE", "registered-models/delete", {}),
        ("POST", "registered-models/set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "registered-models/delete-tag", {"key": "k"}),
        ("POST", "registered-models/alias", {"alias": "champion", "version": "1"}),
        ("DELETE", "registered-models/alias", {"alias": "champion"}),
        ("GET", "registered-models/alias", {"alias": "champion"}),
        ("POST", "registered-models/get-latest-versions", {}),
        ("GET", "registered-models/get-latest-versions", {}),
    ],
)
def test_a_model_must_be_there(rest, method, path, fields):
    rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path, fields | {"name": "nobody registered this"})
    rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields)
