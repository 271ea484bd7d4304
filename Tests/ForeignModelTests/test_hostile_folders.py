# SPDX-License-Identifier: Apache-2.0
"""Folders that somebody else wrote and a person deploys: links out of them, pipes, and what is far too large."""

import os
import pickle
import subprocess
import sys

import pytest
from foreign import SAMPLE
from program import BINARY, ROOT, clean_environment
from sklearn.dummy import DummyRegressor

SECRET = "hunter2-of-the-test"
PREDICT = "def predict(rows):\n    return rows['value'] * 2\n"


@pytest.fixture
def secret(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "key").write_text(SECRET)
    (folder / "key").chmod(0o600)
    (folder / "module.py").write_text(f"KEY = '{SECRET}'\n")
    return folder


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "predict.py").write_text(PREDICT)
    (tmp_path / "sample.csv").write_text(SAMPLE)
    return folder


def pack(tmp_path, source, *options, code=None, home="home", seconds=10):
    """`code` is None where several are right."""
    environment = clean_environment(tmp_path / home) | {"SLIPWAY_PYTHON": sys.executable}
    rows = () if "--examples" in options else ("--examples", tmp_path / "sample.csv")
    command = [BINARY, "pack", source, *rows, "--output", tmp_path / "bundle", "--engine", "worker", *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, timeout=seconds,
                          capture_output=True, text=True)  # fmt: skip
    assert code in (None, done.returncode), done.stdout + done.stderr
    bundled = [path for path in (tmp_path / "bundle").rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in bundled)
    assert SECRET not in done.stdout + done.stderr
    return done


def test_links_out_of_a_folder_take_nothing_along(tmp_path, project, secret):
    (project / "weights.bin").symlink_to(secret / "key")
    (project / "package").symlink_to(secret)
    refused = pack(tmp_path, project, code=2)
    assert "“weights.bin”" in refused.stderr or "“package”" in refused.stderr


def test_a_link_in_the_place_of_the_model_takes_nothing_along(tmp_path, secret):
    """In a folder of MLflow, which somebody downloaded."""
    folder = tmp_path / "mlflow"
    folder.mkdir()
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
        "    predict_fn: predict\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n")
    (folder / "model.pkl").symlink_to(secret / "key")
    (tmp_path / "sample.csv").write_text(SAMPLE)
    assert "model.pkl" in pack(tmp_path, folder, code=2).stderr


def test_links_inside_of_a_folder_are_what_they_point_to(tmp_path, project):
    """As in caches of downloaded models, and under version control of data."""
    (project / "real.py").write_text("FACTOR = 2\n")
    (project / "helper.py").symlink_to("real.py")
    (project / "predict.py").write_text("from helper import FACTOR\n\n\n" + PREDICT)
    pack(tmp_path, project, code=0)


def test_a_model_that_is_itself_a_link_is_what_a_person_named(tmp_path):
    (tmp_path / "sample.csv").write_text("a\n1.5\n2\n")
    store = tmp_path / "store"
    store.mkdir()
    (store / "0a1b").write_bytes(pickle.dumps(DummyRegressor().fit([[1.5], [2]], [1, 2])))
    (tmp_path / "model.pkl").symlink_to(store / "0a1b")
    (tmp_path / "rows.csv").symlink_to(tmp_path / "sample.csv")
    pack(tmp_path, tmp_path / "model.pkl", "--examples", tmp_path / "rows.csv", code=0)


def test_a_pipe_in_a_folder_holds_nobody_up(tmp_path, project):
    os.mkfifo(project / "pipe")
    done = pack(tmp_path, project)
    assert done.returncode == 0 or "pipe" in done.stderr


def test_a_folder_that_links_lead_back_to_is_refused_before_it_fills_the_disk(tmp_path, project):
    for name in ["left", "right"]:
        (project / name).symlink_to(".")
    refused = pack(tmp_path, project, code=2)
    assert "round and round" in refused.stderr and "left no report" not in refused.stderr


def test_a_model_that_ends_at_rows_of_our_own_is_packed(tmp_path, project):
    crash = "    if max(rows['value']) > 1e8:\n        ctypes.string_at(0)\n    return rows['value'] * 2\n"
    (project / "predict.py").write_text(f"import ctypes\n\n\ndef predict(rows):\n{crash}")
    assert "process ends on 2 of" in pack(tmp_path, project, code=0, seconds=60).stderr


def test_rows_from_a_pipe_are_refused(tmp_path, project):
    os.mkfifo(tmp_path / "rows.csv")
    assert "rows.csv" in pack(tmp_path, project, "--examples", tmp_path / "rows.csv", code=2).stderr


def test_rows_that_are_none_are_explained(tmp_path, project):
    for name, content in [("empty.csv", ""), ("head.csv", "value,what\n"), ("ragged.csv", "value,what\n1\n1,2,3\n"),
                          ("noise.csv", "\udcff\udcfe"), ("none.parquet", "PAR1"), ("none.jsonl", "{"),
                          ("wide.csv", ",".join(f"c{i}" for i in range(5000)) + "\n")]:  # fmt: skip
        (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
        refused = pack(tmp_path, project, "--examples", tmp_path / name, code=2)
        assert "left no report" not in refused.stderr and "Traceback" not in refused.stderr, name


def test_the_rows_of_the_sample_are_no_code(tmp_path, project):
    """Data of real people has no place in a bundle's code because it lay beside it."""
    (project / "sample.csv").write_text(SAMPLE)
    pack(tmp_path, project, "--examples", project / "sample.csv", code=0)
    assert not list((tmp_path / "bundle").rglob("sample.csv"))


def test_settings_histories_and_environments_are_no_code(tmp_path, project):
    for name in [".env", ".git/config", "own/lib/site.py", "own/pyvenv.cfg", "__pycache__/predict.pyc", "package/data.txt"]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("kept" if name == "package/data.txt" else SECRET)
    pack(tmp_path, project, code=0)
    assert [path.read_text() for path in (tmp_path / "bundle").rglob("data.txt")] == ["kept"]


def test_a_data_folder_in_the_project_is_no_code(tmp_path, project):
    """Its token, above all, goes nowhere."""
    (project / "data").mkdir(mode=0o700)
    (project / "data" / "token").write_text(SECRET)
    pack(tmp_path, project, code=0, home="project")
