# SPDX-License-Identifier: Apache-2.0
"""The life of a version of a registered model. Where it may come from is in test_model_sources.py."""

import json
import time

import pytest
from mlflow_rest import pairs, refused


@pytest.fixture
def name(server, rest):
    return rest.new_registered_model()


def source_of(rest, run, path="model"):
    return f"{rest.run(run)['info']['artifact_uri']}/{path}"


def test_a_created_version_says_what_it_was_given(client, rest, name, run):
    before = int(time.time() * 1000)
    made = client.create_model_version(
        name, source_of(rest, run), run, tags={"t": "1"}, description="zweite 第二", run_link="https://example.test/r"
    )
    found = client.get_model_version(name, made.version)
    for version in [made, found]:
        assert (version.name, version.version, version.run_id) == (name, "1", run)
        assert (version.source, version.status) == (source_of(rest, run), "READY")
        assert (version.description, version.tags) == ("zweite 第二", {"t": "1"})
        assert (version.run_link, version.current_stage) == ("https://example.test/r", "None")
    assert found.aliases == []
    assert before - 1000 <= found.creation_timestamp <= int(time.time() * 1000) + 1000
    assert found.last_updated_timestamp == found.creation_timestamp


def test_a_version_moves_its_models_time(client, rest, name, run):
    before = client.get_registered_model(name).last_updated_timestamp
    rest.new_version(name, run)
    assert client.get_registered_model(name).last_updated_timestamp >= before


def test_versions_are_counted_from_one_and_never_reused(client, rest, name, run):
    assert [rest.new_version(name, run) for _ in range(3)] == ["1", "2", "3"]
    client.delete_model_version(name, "2")
    assert rest.new_version(name, run) == "4"
    client.delete_model_version(name, "4")
    assert rest.new_version(name, run) == "5"
    for number in ["1", "3", "5"]:
        client.delete_model_version(name, number)
    assert rest.new_version(name, run) == "6"
    found = client.search_model_versions(f"name = '{name}'")
    assert [version.version for version in found] == ["6"]


def test_the_numbers_of_models_are_their_own(rest, name, run):
    other = rest.new_registered_model()
    assert [rest.new_version(model, run) for model in [name, other, name, other]] == ["1", "1", "2", "2"]


def test_a_description_is_changed_and_taken_away(client, rest, name, run):
    version = rest.new_version(name, run)
    client.update_model_version(name, version, "one")
    assert client.get_model_version(name, version).description == "one"
    for fields in [{"description": ""}, {}]:
        client.update_model_version(name, version, "two")
        answer = rest.patch("model-versions/update", name=name, version=version, **fields)
        assert answer["model_version"].get("description", "") == ""


def test_tags_are_set_overwritten_and_deleted(client, rest, name, run):
    version = rest.new_version(name, run)
    client.set_model_version_tag(name, version, "t", "one")
    client.set_model_version_tag(name, version, "t", "two")
    client.set_model_version_tag(name, version, "a.b/c-d_e f:g", "")
    assert client.get_model_version(name, version).tags == {"t": "two", "a.b/c-d_e f:g": ""}
    client.delete_model_version_tag(name, version, "t")
    # One that is gone is no failure.
    client.delete_model_version_tag(name, version, "t")
    assert client.get_model_version(name, version).tags == {"a.b/c-d_e f:g": ""}
    client.set_model_version_tag(name, version, "k" * 250, "v" * 100_000)
    for key, value in [("k" * 251, "v"), ("k", "v" * 100_001), ("", "v"), ("100%", "v"), ("../a", "v")]:
        fields = {"name": name, "version": version, "key": key, "value": value}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "model-versions/set-tag", fields)


def test_a_deleted_version_is_gone(client, rest, name, run):
    versions = [rest.new_version(name, run) for _ in range(2)]
    client.delete_model_version(name, versions[1])
    assert [latest.version for latest in client.get_registered_model(name).latest_versions] == [versions[0]]
    for ask in [
        lambda: client.get_model_version(name, versions[1]),
        lambda: client.get_model_version_download_uri(name, versions[1]),
        lambda: client.delete_model_version(name, versions[1]),
        lambda: client.update_model_version(name, versions[1], "d"),
        lambda: client.set_model_version_tag(name, versions[1], "k", "v"),
        lambda: client.set_registered_model_alias(name, "champion", versions[1]),
    ]:
        with refused("RESOURCE_DOES_NOT_EXIST"):
            ask()


def test_where_a_version_lies_is_told(client, rest, name, run):
    version = rest.new_version(name, run)
    assert client.get_model_version_download_uri(name, version) == source_of(rest, run)


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "model-versions/get", {}),
        ("GET", "model-versions/get-download-uri", {}),
        ("PATCH", "model-versions/update", {"description": "d"}),
        ("DELETE", "model-versions/delete", {}),
        ("POST", "model-versions/set-tag", {"key": "k", "value": "v"}),
        ("DELETE", "model-versions/delete-tag", {"key": "k"}),
        ("POST", "model-versions/transition-stage", {"stage": "Staging", "archive_existing_versions": False}),
    ],
)
def test_a_version_must_be_there(rest, name, run, method, path, fields):
    rest.new_version(name, run)
    for absent in ["99", "0", "-1"]:
        rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path, fields | {"name": name, "version": absent})
    rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path, fields | {"name": "nobody made this", "version": "1"})
    for bad in ["first", "1.0", "1; DROP TABLE model_versions", ""]:
        rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields | {"name": name, "version": bad})
    rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields | {"name": name})
    rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields | {"version": "1"})


def test_a_version_needs_a_registered_model(rest, run):
    fields = {"name": "nobody registered this", "source": source_of(rest, run), "run_id": run}
    rest.refuses("RESOURCE_DOES_NOT_EXIST", "POST", "model-versions/create", fields)


def test_a_version_of_a_logged_model_knows_it(client, rest, name, experiment, run):
    model = rest.new_model(experiment, source_run_id=run)
    source = f"models:/{model['model_id']}"
    for number in ["1", "2"]:
        made = rest.post("model-versions/create", name=name, source=source, model_id=model["model_id"])
        made = made["model_version"]
        # Nobody named the run: the model knows it.
        assert (made["version"], made["run_id"], made["source"]) == (number, run, source)
    assert client.get_model_version_download_uri(name, "1") == model["artifact_uri"]
    listed = json.loads(client.get_logged_model(model["model_id"]).tags["mlflow.modelVersions"])
    assert {(one["name"], str(one["version"])) for one in listed} == {(name, "1"), (name, "2")}


@pytest.mark.slipway_only("model-versions/get leaves the model out")
def test_a_version_tells_which_logged_model_it_is(rest, name, experiment, run):
    model = rest.new_model(experiment, source_run_id=run)["model_id"]
    rest.post("model-versions/create", name=name, source=f"models:/{model}", model_id=model)
    assert rest.get("model-versions/get", name=name, version="1")["model_version"]["model_id"] == model


def test_a_version_may_be_a_copy_of_another(client, mlflow, rest, name, run):
    version = rest.new_version(name, run, tags=pairs({"t": "1"}))
    other = rest.new_registered_model()
    copied = client.copy_model_version(f"models:/{name}/{version}", other)
    assert (copied.name, copied.version, copied.run_id) == (other, "1", run)
    assert client.get_model_version_download_uri(other, "1") == source_of(rest, run)
