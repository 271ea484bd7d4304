# SPDX-License-Identifier: Apache-2.0
"""The life of an experiment: created, found, renamed, tagged, deleted, restored."""

import time

import pytest
from mlflow_rest import assert_refused, pairs, refused, unique, values

ABSENT = "987654321"


def test_the_default_experiment_is_there(client):
    default = client.get_experiment("0")
    assert (default.name, default.lifecycle_stage) == ("Default", "active")
    assert default.artifact_location == "mlflow-artifacts:/0"
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_set_experiment_makes_it_once(mlflow):
    name = unique("set-experiment")
    first = mlflow.set_experiment(name)
    assert mlflow.set_experiment(name).experiment_id == first.experiment_id


def test_a_created_experiment_says_what_it_was_given(client):
    name, before = unique("created"), int(time.time() * 1000)
    identifier = client.create_experiment(name, tags={"team": "churn", "note": "zweite Stufe, 第二"})
    found = client.get_experiment(identifier)
    assert identifier.isdecimal()
    assert found.name == name
    assert found.tags == {"team": "churn", "note": "zweite Stufe, 第二"}
    assert found.artifact_location == f"mlflow-artifacts:/{identifier}"
    assert found.lifecycle_stage == "active"
    assert before - 1000 <= found.creation_time <= int(time.time() * 1000) + 1000
    assert found.last_update_time == found.creation_time
    assert client.get_experiment_by_name(name).experiment_id == identifier


def test_the_place_for_its_artifacts_may_be_chosen_or_not(client, rest):
    """A server that keeps every file itself refuses, and does not put them elsewhere without a word."""
    fields = {"name": unique("elsewhere"), "artifact_location": "mlflow-artifacts:/of/their/own"}
    answer = rest.ask("POST", "experiments/create", fields)
    if answer.status_code != 200:
        assert_refused(answer, "INVALID_PARAMETER_VALUE")
        return
    identifier = answer.json()["experiment_id"]
    assert client.get_experiment(identifier).artifact_location == "mlflow-artifacts:/of/their/own"
    run = client.create_run(identifier)
    assert run.info.artifact_uri == f"mlflow-artifacts:/of/their/own/{run.info.run_id}/artifacts"


def test_a_place_with_a_fragment_is_refused(rest):
    fields = {"name": unique("place"), "artifact_location": "s3://bucket/x#part"}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/create", fields)


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "../up",
        "with space",
        " led by a space",
        "ends with one ",
        "über 試 🎉",
        "100%2F",
        "a'b\"c`d",
        "a\\b",
        "x\ny",
    ],
)
def test_a_name_may_be_any_text(client, name):
    name = unique(name)
    identifier = client.create_experiment(name)
    assert client.get_experiment(identifier).name == name
    assert client.get_experiment_by_name(name).experiment_id == identifier


def test_names_that_differ_in_case_are_two(client):
    name = unique("Case")
    assert client.create_experiment(name) != client.create_experiment(name.lower())


def test_a_name_has_at_most_500_characters(rest):
    longest = unique("n" * 490).ljust(500, "x")
    assert rest.post("experiments/create", name=longest)
    identifier = rest.new_experiment()
    for path, fields in [
        ("experiments/create", {"name": longest + "x"}),
        ("experiments/update", {"experiment_id": identifier, "new_name": longest + "x"}),
    ]:
        assert "500" in rest.refuses("INVALID_PARAMETER_VALUE", "POST", path, fields)


@pytest.mark.parametrize("fields", [{}, {"name": ""}, {"name": None}, {"name": 5}, {"name": True}, {"name": ["a"]}])
def test_a_name_must_be_text(rest, fields):
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/create", fields)


def test_a_name_that_is_taken_is_refused(client, rest):
    name = unique("taken")
    identifier = client.create_experiment(name)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment(name)
    client.delete_experiment(identifier)
    # A deleted one keeps its name: it may be restored.
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment(name)
    other = rest.new_experiment()
    rest.refuses(
        ("BAD_REQUEST", "RESOURCE_ALREADY_EXISTS"),
        "POST",
        "experiments/update",
        {"experiment_id": other, "new_name": name},
    )


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "experiments/get", {}),
        ("POST", "experiments/update", {"new_name": "n"}),
        ("POST", "experiments/delete", {}),
        ("POST", "experiments/restore", {}),
        ("POST", "experiments/set-experiment-tag", {"key": "k", "value": "v"}),
        ("POST", "experiments/delete-experiment-tag", {"key": "k"}),
        ("POST", "runs/create", {}),
        ("POST", "logged-models", {"name": "model"}),
    ],
)
def test_an_experiment_must_be_there(rest, method, path, fields):
    rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path, fields | {"experiment_id": ABSENT})
    # Not a number, and nothing at all.
    rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields | {"experiment_id": "churn"})
    rest.refuses(("INVALID_PARAMETER_VALUE", "BAD_REQUEST"), method, path, fields)


def test_the_client_learns_that_there_is_none(client):
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_experiment(ABSENT)
    assert client.get_experiment_by_name(unique("nobody made this")) is None


def test_renaming_changes_the_name_and_the_time(client, experiment):
    before = client.get_experiment(experiment)
    name = unique("renamed")
    client.rename_experiment(experiment, name)
    after = client.get_experiment(experiment)
    assert after.name == name
    assert after.creation_time == before.creation_time
    assert after.last_update_time >= before.last_update_time
    assert client.get_experiment_by_name(before.name) is None
    # To the name it has.
    client.rename_experiment(experiment, name)


@pytest.mark.parametrize("fields", [{}, {"new_name": ""}])
def test_renaming_needs_a_name(rest, experiment, fields):
    fields = fields | {"experiment_id": experiment}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/update", fields)


def test_tags_are_set_overwritten_and_deleted(client, experiment):
    client.set_experiment_tag(experiment, "stage", "one")
    client.set_experiment_tag(experiment, "a.b/c-d_e f:g", "keys may look like this")
    client.set_experiment_tag(experiment, "stage", "two")
    client.set_experiment_tag(experiment, "empty", "")
    expected = {"stage": "two", "a.b/c-d_e f:g": "keys may look like this", "empty": ""}
    assert client.get_experiment(experiment).tags == expected
    client.delete_experiment_tag(experiment, "stage")
    del expected["stage"]
    assert client.get_experiment(experiment).tags == expected
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_experiment_tag(experiment, "stage")


def test_a_tag_has_its_limits(rest, experiment):
    longest = {"key": "k" * 250, "value": "v" * 20_000}
    rest.post("experiments/set-experiment-tag", experiment_id=experiment, **longest)
    assert values(rest.get("experiments/get", experiment_id=experiment)["experiment"]["tags"]) == {
        longest["key"]: longest["value"]
    }
    for key, value in [("k" * 251, "v"), ("k", "v" * 20_001), ("", "v"), ("100%", "v"), ("a'b", "v"), ("../up", "v")]:
        fields = {"experiment_id": experiment, "key": key, "value": value}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/set-experiment-tag", fields)
    for tags in [{"k" * 251: "v"}, {"k": "v" * 20_001}, {"": "v"}, {"100%": "v"}]:
        fields = {"name": unique("tagged"), "tags": pairs(tags)}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "experiments/create", fields)
        found = rest.ask("GET", "experiments/get-by-name", {"experiment_name": fields["name"]})
        assert found.status_code == 404, "a refused experiment was made"


def test_a_deleted_experiment_can_be_read_and_restored(client, experiment):
    client.set_experiment_tag(experiment, "kept", "yes")
    name = client.get_experiment(experiment).name
    client.delete_experiment(experiment)
    found = client.get_experiment(experiment)
    assert (found.name, found.lifecycle_stage, found.tags) == (name, "deleted", {"kept": "yes"})
    # By its name as well: `set_experiment` says then that it is deleted.
    assert client.get_experiment_by_name(name).lifecycle_stage == "deleted"
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_experiment(experiment)
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.restore_experiment(experiment)


def test_deleting_an_experiment_deletes_its_runs_and_restoring_restores_them(client, experiment):
    run = client.create_run(experiment).info.run_id
    client.delete_experiment(experiment)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_metric(run, "m", 1)
    client.restore_experiment(experiment)
    assert client.get_run(run).info.lifecycle_stage == "active"
    client.log_metric(run, "m", 1)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("experiments/set-experiment-tag", {"key": "k", "value": "v"}),
        ("experiments/delete-experiment-tag", {"key": "k"}),
        ("runs/create", {}),
        ("logged-models", {"name": "model"}),
        pytest.param(
            "experiments/update",
            {"new_name": "n"},
            marks=pytest.mark.slipway_only("it answers 500 INVALID_STATE, which clients would retry"),
        ),
    ],
)
def test_a_deleted_experiment_refuses_writes(client, rest, experiment, path, fields):
    client.set_experiment_tag(experiment, "k", "before")
    client.delete_experiment(experiment)
    rest.refuses(None, "POST", path, fields | {"experiment_id": experiment})
    assert client.get_experiment(experiment).tags == {"k": "before"}
