# SPDX-License-Identifier: Apache-2.0
"""The life of a run: created, named, finished, deleted, restored. What it holds is in test_run_data.py."""

import re
import time

import pytest
from mlflow_rest import ABSENT_RUN, pairs, refused


def names(rest, run):
    """Both places where a run's name stands."""
    return rest.run(run)["info"]["run_name"], rest.tags(run).get("mlflow.runName")


def test_a_created_run_says_what_it_was_given(client, experiment):
    run = client.create_run(experiment, start_time=123_456, tags={"team": "churn"}, run_name="first")
    assert re.fullmatch("[0-9a-f]{32}", run.info.run_id)
    found = client.get_run(run.info.run_id)
    assert found.info.experiment_id == experiment
    assert (found.info.run_name, found.info.status, found.info.lifecycle_stage) == ("first", "RUNNING", "active")
    assert (found.info.start_time, found.info.end_time) == (123_456, None)
    assert found.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"
    assert found.data.tags == {"team": "churn", "mlflow.runName": "first"}
    assert found.data.params == {}
    assert found.data.metrics == {}


def test_both_names_of_its_identifier_are_returned(rest, run):
    info = rest.run(run)["info"]
    assert info["run_id"] == info["run_uuid"] == run
    assert rest.get("runs/get", run_uuid=run)["run"]["info"]["run_id"] == run


def test_a_user_and_a_start_are_kept(rest, experiment):
    info = rest.run(rest.new_run(experiment, user_id="ada", start_time=1_700_000_000_123))["info"]
    assert (info["user_id"], info["start_time"]) == ("ada", 1_700_000_000_123)
    assert "end_time" not in info


def test_a_run_without_a_name_gets_one_and_a_tag_of_it(rest, experiment):
    for fields in [{}, {"run_name": ""}]:
        name, tag = names(rest, rest.new_run(experiment, **fields))
        assert name
        assert tag == name


def test_the_tag_of_a_name_is_a_name(rest, experiment):
    assert names(rest, rest.new_run(experiment, tags=pairs({"mlflow.runName": "by tag"}))) == ("by tag", "by tag")
    both = rest.new_run(experiment, run_name="both", tags=pairs({"mlflow.runName": "both"}))
    assert names(rest, both) == ("both", "both")


def test_two_names_that_differ_are_refused(rest, experiment):
    fields = {"experiment_id": experiment, "run_name": "one", "tags": pairs({"mlflow.runName": "other"})}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "runs/create", fields)


def test_a_tag_that_comes_twice_at_creation_is_refused(rest, experiment):
    fields = {"experiment_id": experiment, "tags": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]}
    rest.refuses(("BAD_REQUEST", "INVALID_PARAMETER_VALUE"), "POST", "runs/create", fields)
    assert rest.post("runs/search", experiment_ids=[experiment]).get("runs", []) == []


def test_names_are_any_text(rest, experiment):
    for name in ["é 試 🎉", "a/b:c", "%2e%2e", "x" * 250, "tab\tline\n", "'; DROP TABLE runs; --"]:
        assert names(rest, rest.new_run(experiment, run_name=name)) == (name, name)


def test_a_name_is_changed_through_the_run_or_the_tag(client, rest, run):
    client.update_run(run, name="through the run")
    assert names(rest, run) == ("through the run", "through the run")
    client.set_tag(run, "mlflow.runName", "through the tag")
    assert names(rest, run) == ("through the tag", "through the tag")
    rest.post("runs/log-batch", run_id=run, tags=pairs({"mlflow.runName": "through a batch"}))
    assert names(rest, run) == ("through a batch", "through a batch")


def test_a_name_without_letters_changes_nothing(rest, run):
    rest.post("runs/update", run_id=run, run_name="kept")
    rest.post("runs/update", run_id=run, run_name="")
    assert names(rest, run) == ("kept", "kept")


def test_a_status_and_an_end_are_kept(client, run):
    for status in ["SCHEDULED", "FAILED", "KILLED", "FINISHED"]:
        client.set_terminated(run, status, end_time=5_000)
        found = client.get_run(run).info
        assert (found.status, found.end_time) == (status, 5_000)
    # Without an end the client says now.
    before = int(time.time() * 1000)
    client.set_terminated(run)
    assert before <= client.get_run(run).info.end_time <= before + 60_000
    client.update_run(run, status="RUNNING")
    assert client.get_run(run).info.status == "RUNNING"


def test_an_update_answers_with_the_run(rest, run):
    info = rest.post("runs/update", run_id=run, status="FINISHED", end_time=77, run_name="done")["run_info"]
    assert (info["run_id"], info["run_uuid"], info["status"], info["end_time"]) == (run, run, "FINISHED", 77)
    assert info["run_name"] == "done"
    # One that changes nothing does so as well.
    assert rest.post("runs/update", run_id=run)["run_info"] == info
    assert rest.post("runs/update", run_uuid=run)["run_info"] == info


def test_the_fluent_api_ends_a_run_that_fails(mlflow, client, experiment):
    mlflow.set_experiment(experiment_id=experiment)
    with pytest.raises(KeyError):
        with mlflow.start_run() as run:
            raise KeyError("training failed")
    assert client.get_run(run.info.run_id).info.status == "FAILED"
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_param("resumed", True)
    found = client.get_run(run.info.run_id)
    assert (found.info.status, found.data.params) == ("FINISHED", {"resumed": "True"})


def test_nested_runs_name_their_parent(mlflow, client, experiment):
    with mlflow.start_run(experiment_id=experiment, run_name="parent") as parent:
        children = []
        for number in range(2):
            with mlflow.start_run(experiment_id=experiment, nested=True) as child:
                mlflow.log_metric("number", number)
                children.append(child.info.run_id)
    for child in children:
        assert client.get_run(child).data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert client.get_parent_run(child).info.run_id == parent.info.run_id
    assert client.get_parent_run(parent.info.run_id) is None
    for filter_text in [
        f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'",
    ]:
        found = client.search_runs([experiment], filter_text)
        assert {run.info.run_id for run in found} == set(children)


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "runs/get", {}),
        ("POST", "runs/update", {"status": "FINISHED"}),
        ("POST", "runs/delete", {}),
        ("POST", "runs/restore", {}),
        ("POST", "runs/log-metric", {"key": "k", "value": 1, "timestamp": 1}),
        ("POST", "runs/log-parameter", {"key": "k", "value": "v"}),
        ("POST", "runs/set-tag", {"key": "k", "value": "v"}),
        ("POST", "runs/delete-tag", {"key": "k"}),
        ("POST", "runs/log-batch", {"tags": pairs({"k": "v"})}),
        ("POST", "runs/log-inputs", {}),
        ("POST", "runs/outputs", {"models": []}),
        ("GET", "artifacts/list", {}),
    ],
)
def test_a_run_must_be_there(rest, method, path, fields):
    for absent in [ABSENT_RUN, "nothing"]:
        rest.refuses("RESOURCE_DOES_NOT_EXIST", method, path, fields | {"run_id": absent})
    # What no run could be called.
    for absent in ["../../data/db", "' OR 1=1 --", "r" * 300]:
        either = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
        rest.refuses(either, method, path, fields | {"run_id": absent})
    for missing in [{}, {"run_id": ""}]:
        rest.refuses("INVALID_PARAMETER_VALUE", method, path, fields | missing)


def test_the_client_learns_that_there_is_none(client):
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_run(ABSENT_RUN)


def test_a_deleted_run_can_be_read_and_restored(client, run):
    client.log_metric(run, "m", 1.5)
    client.delete_run(run)
    found = client.get_run(run)
    assert (found.info.lifecycle_stage, found.data.metrics) == ("deleted", {"m": 1.5})
    assert client.get_metric_history(run, "m")[0].value == 1.5
    # Once more is no failure, both ways.
    client.delete_run(run)
    client.restore_run(run)
    client.restore_run(run)
    assert client.get_run(run).info.lifecycle_stage == "active"


WRITES = [
    ("runs/update", {"run_name": "other"}),
    ("runs/update", {"status": "FINISHED"}),
    ("runs/log-metric", {"key": "k", "value": 2, "timestamp": 2}),
    ("runs/log-parameter", {"key": "new", "value": "v"}),
    ("runs/set-tag", {"key": "k", "value": "after"}),
    ("runs/delete-tag", {"key": "k"}),
    ("runs/log-batch", {}),
    ("runs/log-batch", {"tags": pairs({"k": "after"}), "params": pairs({"new": "v"})}),
    ("runs/log-inputs", {"datasets": [{"dataset": {"name": "n", "digest": "d", "source_type": "s", "source": "s"}}]}),
    ("runs/outputs", {"models": [{"model_id": "m-" + "1" * 32, "step": 0}]}),
]


def test_a_deleted_run_refuses_writes(client, rest, run):
    client.log_metric(run, "k", 1, timestamp=1)
    client.set_tag(run, "k", "before")
    client.delete_run(run)
    before = rest.run(run)
    for path, fields in WRITES:
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", path, fields | {"run_id": run})
    assert rest.run(run) == before


def test_views_show_active_deleted_or_all_runs(client, mlflow, rest, experiment):
    kept, gone = rest.new_run(experiment), rest.new_run(experiment)
    client.delete_run(gone)
    views = mlflow.entities.ViewType
    for view, expected in [
        (views.ACTIVE_ONLY, {kept}),
        (views.DELETED_ONLY, {gone}),
        (views.ALL, {kept, gone}),
    ]:
        assert {run.info.run_id for run in client.search_runs([experiment], run_view_type=view)} == expected
    # Without a view: the active ones.
    found = rest.post("runs/search", experiment_ids=[experiment])["runs"]
    assert [run["info"]["run_id"] for run in found] == [kept]
