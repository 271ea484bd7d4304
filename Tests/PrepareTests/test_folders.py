# SPDX-License-Identifier: Apache-2.0
"""Folders of MLflow, Triton and MLServer, and what they lack."""

from __future__ import annotations

import json
import os
import socket
import textwrap

import cloudpickle
import joblib
import numpy as np
import preparing
import pytest
from sklearn.linear_model import LinearRegression


@pytest.fixture
def line():
    return LinearRegression().fit(np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]]), [1.0, 2.0, 4.0])


def mlflow(folder, line):
    folder.mkdir()
    (folder / "model.pkl").write_bytes(cloudpickle.dumps(line))
    (folder / "MLmodel").write_text(textwrap.dedent("""
        flavors:
          python_function: {loader_module: mlflow.sklearn, model_path: model.pkl, env: {conda: conda.yaml}}
          sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle, sklearn_version: 1.9.1}
        signature:
          inputs: '[{"name": "wide", "type": "double", "required": true},
                    {"name": "high", "type": "double", "required": false}]'
        """))
    return folder


def test_an_mlflow_model_is_opened_by_its_own_flavour_with_the_columns_of_its_signature(tmp_path, line):
    result = preparing.prepare(tmp_path / "work", mlflow(tmp_path / "model", line))
    assert result.status == 0, result.report
    report = result.report
    assert report["type"].endswith("LinearRegression") and report["origin"] == "self"
    assert [(c["name"], c["nullable"]) for c in report["columns"]] == [("wide", False), ("high", True)]
    assert result.candidates()


def test_a_file_that_mlmodel_names_and_that_is_missing_is_named(tmp_path, line):
    folder = mlflow(tmp_path / "model", line)
    (folder / "model.pkl").unlink()
    report = preparing.prepare(tmp_path / "work", folder).report
    assert report["code"] == "file_missing" and "model.pkl" in report["message"]


def test_an_mlserver_folder_is_opened_by_its_implementation(tmp_path, line):
    folder = tmp_path / "served"
    folder.mkdir()
    joblib.dump(line, folder / "line.joblib")
    settings = {"name": "x", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./line.joblib"}}
    (folder / "model-settings.json").write_text(json.dumps(settings))
    result = preparing.prepare(tmp_path / "work", folder)
    assert result.status == 0 and result.report["type"].endswith("LinearRegression")
    (folder / "line.joblib").unlink()
    assert preparing.prepare(tmp_path / "again", folder).report["code"] == "file_missing"


def test_the_newest_version_of_a_triton_folder_is_its_own_candidate(tmp_path):
    from onnx import TensorProto, helper, save

    folder = tmp_path / "triton"
    for version in ("1", "10", "9"):
        (folder / version).mkdir(parents=True)
        graph = helper.make_graph(
            [helper.make_node("Identity", ["x"], ["y"], name=f"version{version}")], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])])  # fmt: skip
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), folder / version / "model.onnx")
    (folder / "config.pbtxt").write_text('name: "x"\nbackend: "onnxruntime"\n')
    result = preparing.prepare(tmp_path / "work", folder)
    assert result.status == 0, result.report
    assert b"version10" in result.candidates()[0]


@pytest.mark.parametrize("backend", ["tensorrt", "python"])
def test_a_backend_that_only_triton_has_is_refused(backend, tmp_path):
    folder = tmp_path / "triton"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_text("class TritonPythonModel: pass")
    (folder / "config.pbtxt").write_text(f'backend: "{backend}"\n')
    assert preparing.prepare(tmp_path / "work", folder).report["code"] == "format_refused"


def test_a_folder_that_holds_nothing_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert preparing.prepare(tmp_path / "work", tmp_path / "empty").report["code"] == "format_refused"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "predict.py").write_text("def predict(rows):\n    return rows['value'] * 2\n")
    (tmp_path / "rows.csv").write_text("value\n1.5\n2\n")
    return folder


def prepare_code(tmp_path, project):
    return preparing.prepare(tmp_path / "work", project, rows=tmp_path / "rows.csv", convert=False)


def test_pipes_and_sockets_are_left_out_of_code(tmp_path, project, monkeypatch):
    """Reading a pipe may never end, and a server that runs beside its code has a socket there."""
    os.mkfifo(project / "pipe")
    # Its whole path may be longer than a socket's may be.
    monkeypatch.chdir(project)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        result = prepare_code(tmp_path, project)
    assert result.status == 0, result.report
    assert [path.name for path in (result.out / "code").iterdir()] == ["predict.py"]


@pytest.mark.parametrize("target", ["round", ".", "..", "missing"])
def test_a_link_that_has_no_end_is_named(tmp_path, project, target):
    (project / "package").mkdir()
    (project / "package" / "round").symlink_to(target)
    report = prepare_code(tmp_path, project).report
    assert report["code"] == "file_missing" and "“round”" in report["message"]


def test_links_that_lead_to_each_other_are_named(tmp_path, project):
    for name, other in [("left", "right"), ("right", "left")]:
        (project / name).mkdir()
        (project / name / "other").symlink_to(f"../{other}")
    report = prepare_code(tmp_path, project).report
    assert report["code"] == "file_missing" and "“other”" in report["message"]


def test_a_data_folder_of_another_server_is_no_code(tmp_path, project):
    """Its token opens that server."""
    for name in ["state/token", "state/registry.sqlite", "beside/token"]:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("")
    result = prepare_code(tmp_path, project)
    assert sorted(path.name for path in (result.out / "code").iterdir()) == ["beside", "predict.py"]
