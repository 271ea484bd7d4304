# SPDX-License-Identifier: Apache-2.0
"""Stages, which aliases have replaced, and which older programs still use."""

import warnings

import pytest
from mlflow_rest import refused

STAGES = ["None", "Staging", "Production", "Archived"]


@pytest.fixture(autouse=True)
def stages_are_deprecated():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@pytest.fixture
def name(server, rest, run):
    """A model with four versions."""
    name = rest.new_registered_model()
    for _ in range(4):
        rest.new_version(name, run)
    return name


def stages(client, name):
    return [client.get_model_version(name, version).current_stage for version in "1234"]


def latest(client, name, wanted=None):
    return {found.current_stage: found.version for found in client.get_latest_versions(name, wanted)}


def test_a_version_goes_through_the_stages(client, name):
    for stage in ["Staging", "Production", "Archived", "None"]:
        moved = client.transition_model_version_stage(name, "1", stage)
        assert (moved.version, moved.current_stage) == ("1", stage)
        assert stages(client, name) == [stage, "None", "None", "None"]


def test_a_stage_may_be_written_in_any_case(client, name):
    assert client.transition_model_version_stage(name, "1", "sTaGiNg").current_stage == "Staging"


def test_several_versions_may_share_a_stage(client, name):
    for version in "12":
        client.transition_model_version_stage(name, version, "Production")
    assert stages(client, name) == ["Production", "Production", "None", "None"]


def test_the_others_may_be_archived(client, name):
    for version in "12":
        client.transition_model_version_stage(name, version, "Production")
    client.transition_model_version_stage(name, "3", "Staging")
    client.transition_model_version_stage(name, "4", "Production", archive_existing_versions=True)
    assert stages(client, name) == ["Archived", "Archived", "Staging", "Production"]
    # It does not archive itself.
    client.transition_model_version_stage(name, "4", "Production", archive_existing_versions=True)
    assert stages(client, name)[3] == "Production"


def test_the_latest_version_of_each_stage_is_told(client, name):
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Production")
    client.transition_model_version_stage(name, "3", "Staging")
    assert latest(client, name) == {"Production": "2", "Staging": "3", "None": "4"}
    assert latest(client, name, ["Production", "staging"]) == {"Production": "2", "Staging": "3"}
    assert latest(client, name, ["Archived"]) == {}
    found = client.get_registered_model(name).latest_versions
    assert {one.current_stage: one.version for one in found} == {"Production": "2", "Staging": "3", "None": "4"}


def test_both_methods_tell_the_latest(rest, client, name):
    client.transition_model_version_stage(name, "1", "Production")
    for method in ["GET", "POST"]:
        for fields, expected in [
            ({}, {("Production", "1"), ("None", "4")}),
            ({"stages": ["Production", "None"]}, {("Production", "1"), ("None", "4")}),
            ({"stages": ["Production"]}, {("Production", "1")}),
        ]:
            found = rest.take(method, "registered-models/get-latest-versions", fields | {"name": name})
            assert {(one["current_stage"], one["version"]) for one in found["model_versions"]} == expected


def test_a_stage_that_is_none_is_refused(client, rest, name):
    fields = {"name": name, "version": "1", "archive_existing_versions": False}
    for bad in [{}, {"stage": ""}, {"stage": "Retired"}, {"stage": "Production; --"}, {"stage": 1}]:
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "model-versions/transition-stage", fields | bad)
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_latest_versions(name, ["Retired"])
    assert stages(client, name) == ["None"] * 4


def test_whether_to_archive_is_true_or_false(rest, name):
    fields = {"name": name, "version": "1", "stage": "Staging"}
    for bad in ["True", "no", [True]]:
        asked = fields | {"archive_existing_versions": bad}
        rest.refuses("INVALID_PARAMETER_VALUE", "POST", "model-versions/transition-stage", asked)
    # Left out, nothing is archived.
    assert rest.post("model-versions/transition-stage", **fields)["model_version"]["current_stage"] == "Staging"


@pytest.mark.slipway_only("it answers 500 INTERNAL_ERROR, which clients would retry")
@pytest.mark.parametrize("stage", ["None", "Archived"])
def test_only_active_stages_archive_the_others(client, rest, name, stage):
    fields = {"name": name, "version": "1", "stage": stage, "archive_existing_versions": True}
    rest.refuses("INVALID_PARAMETER_VALUE", "POST", "model-versions/transition-stage", fields)
    assert stages(client, name) == ["None"] * 4


def test_a_stage_is_a_way_to_name_a_version(client, mlflow, name):
    client.transition_model_version_stage(name, "2", "Production")
    found = mlflow.store.artifact.models_artifact_repo.ModelsArtifactRepository.get_underlying_uri(
        f"models:/{name}/Production"
    )
    assert found == client.get_model_version_download_uri(name, "2")
