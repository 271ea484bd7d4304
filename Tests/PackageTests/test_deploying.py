# SPDX-License-Identifier: Apache-2.0
"""One line takes a model to an endpoint, and shows what came of it."""

import json
import os
import shutil
import subprocess
import sys

import numpy
import pytest
from program import EXAMPLES, running

import slipway
from slipway import errors
from slipway._notebook import program as the_program

EXAMPLE = EXAMPLES / "breast-cancer"


@pytest.fixture
def machine(own_machine):
    """A machine with a server, which `slipway.deploy` finds as the program does."""
    with running(own_machine) as server:
        yield server


def test_a_project_is_deployed_and_asked(machine, rows, table, capsys):
    deployment = slipway.deploy(EXAMPLE, reason="from a test")
    assert (deployment.endpoint, deployment.version, deployment.proven) == ("breast-cancer", 1, True)
    assert deployment.url == f"{machine.url}/v1/endpoints/breast-cancer/predict"
    assert deployment.predict(rows)["label"].tolist() == table["label"].tolist()
    # What the program says on the way is seen.
    assert "426 rows" in capsys.readouterr().err
    ledger = machine.slipway("ledger", "list", "--format", "json").stdout
    assert "from a test" in ledger


def test_a_deployment_shows_address_verdict_a_line_that_works_and_what_is_next(machine):
    deployment = slipway.deploy(EXAMPLE)
    for shown in [repr(deployment), deployment._repr_html_()]:
        assert deployment.url in shown
        assert "143 of 143 examples agree" in shown
        assert "slipway status" in shown and "rollback" not in shown
    answered = subprocess.run(
        ["bash", "-c", f"{deployment.curl} -s"], capture_output=True, text=True, check=True
    )
    assert json.loads(answered.stdout)["predictions"][0]["label"] == 1


def test_what_replaces_a_version_shows_the_way_back(machine, tmp_path):
    slipway.deploy(EXAMPLE)
    shutil.copytree(EXAMPLE, tmp_path / "project")
    project = (tmp_path / "project" / "slipway.yaml").read_text()
    (tmp_path / "project" / "slipway.yaml").write_text(
        project.replace("absolute: 1.0e-5", "absolute: 1.0e-4")
    )
    second = slipway.deploy(tmp_path / "project")
    assert second.version == 2
    assert "slipway rollback breast-cancer" in repr(second)
    assert "rollback" not in repr(slipway.deploy(tmp_path / "project"))


def test_a_model_folder_or_file_is_taken_as_the_command_takes_it(machine, tmp_path, rows):
    shutil.copy(EXAMPLE / "columns" / "model.onnx", tmp_path / "columns.onnx")
    deployment = slipway.deploy(
        str(tmp_path / "columns.onnx"), name="other", examples=EXAMPLE / "examples.csv", endpoint="here"
    )
    assert (deployment.endpoint, deployment.report["model"]) == ("here", "other")
    assert len(deployment.predict(rows)["label"]) == len(rows)


def test_a_model_that_answers_otherwise_is_refused_with_the_rows_that_differ(machine, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder)
    lines = (folder / "examples.csv").read_text().splitlines()
    wrong = lines[5].split(",")
    wrong[30] = "1" if wrong[30] == "0" else "0"
    lines[5] = ",".join(wrong)
    (folder / "examples.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(errors.ModelRefused) as refused:
        slipway.deploy(folder)
    assert refused.value.code == "PRF-001"
    assert refused.value.details
    assert slipway.Client().endpoints() == []


def test_a_server_is_started_where_none_runs(own_machine, rows):
    deployment = slipway.deploy(EXAMPLE)
    try:
        assert len(deployment.predict(rows)["label"]) == len(rows)
    finally:
        subprocess.run([os.environ["SLIPWAY_BINARY"], "stop"], check=True, capture_output=True)


@pytest.mark.parametrize(
    "given, kind, code",
    [
        ({"model": "no/such/folder"}, errors.ModelRefused, "PRJ-006"),
        ({"model": EXAMPLE, "endpoint": "no name"}, slipway.SlipwayError, "SYS-008"),
    ],
)
def test_what_the_program_refuses_is_an_error_of_its_type(own_machine, given, kind, code):
    with pytest.raises(kind) as refused:
        slipway.deploy(**given)
    assert refused.value.code == code


def test_a_model_object_needs_a_name_and_examples():
    with pytest.raises(TypeError, match="name= and examples="):
        slipway.deploy(numpy.mean)


def test_the_program_runs_with_this_interpreter(own_machine, monkeypatch):
    fake = own_machine / "slipway"
    fake.write_text(
        '#!/bin/sh\necho "packing" >&2\necho "{\\"python\\": \\"$SLIPWAY_PYTHON\\", \\"words\\": \\"$*\\"}"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("SLIPWAY_BINARY", str(fake))
    said = []
    assert the_program.run(["deploy", "a b"], said.append) == {
        "python": sys.executable, "words": "deploy a b --format json"
    }  # fmt: skip
    assert said == ["packing"]


@pytest.mark.parametrize(
    "script, message",
    [("kill -SEGV $$", "signal 11"), ("echo burning >&2; exit 3", "code 3. burning")],
)
def test_a_program_that_ends_without_saying_why_is_told_so(own_machine, monkeypatch, script, message):
    fake = own_machine / "slipway"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("SLIPWAY_BINARY", str(fake))
    with pytest.raises(slipway.SlipwayError, match=message):
        the_program.run(["deploy"], print)


def test_without_the_program_a_person_is_told_what_to_install(own_machine, monkeypatch):
    monkeypatch.delenv("SLIPWAY_BINARY")
    monkeypatch.setenv("PATH", str(own_machine))
    with pytest.raises(errors.ProgramMissing, match="Install the wheel"):
        slipway.deploy(EXAMPLE)
    monkeypatch.setenv("SLIPWAY_BINARY", str(own_machine / "nothing"))
    with pytest.raises(errors.ProgramMissing, match="cannot be run"):
        slipway.deploy(EXAMPLE)
