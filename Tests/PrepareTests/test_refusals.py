# SPDX-License-Identifier: Apache-2.0
"""Files that hold no model, and models that harm: each gets a code, a sentence, and what to do next."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
import textwrap

import joblib
import numpy as np
import preparing
import pytest
from sklearn.linear_model import LogisticRegression

ROWS = "a,b\n1.5,2.0\n2.5,1.0\n3.5,0.5\n"


def refused(tmp_path, name: str, content: bytes, **more) -> dict:
    path = tmp_path / name
    path.write_bytes(content)
    result = preparing.prepare(tmp_path / "work", path, **more)
    assert result.status == 1
    report = result.report
    assert report["status"] == "error" and report["message"] and report["hint"]
    return report


def safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + b"\0\0\0\0"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("model.safetensors", safetensors(), "format_refused"),
        ("weights.bin", safetensors(), "format_refused"),
        ("model.rds", gzip.compress(b"X\n\0\0\0\x03", mtime=0), "format_refused"),
        ("model.pkl", gzip.compress(b"X\n\0\0\0\x03", mtime=0), "format_refused"),
        ("data.mat", b"MATLAB 5.0 MAT-file", "format_refused"),
        ("model.tar.gz", gzip.compress(b"anything", mtime=0), "format_refused"),
        ("weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(500), "format_refused"),
        ("model.json", b'{"not": "a model"}', "format_refused"),
        ("notes.txt", b"these are notes", "format_refused"),
        ("model.pkl", b"version https://git-lfs.github.com/spec/v1\n", "format_refused"),
        ("model.pkl", pickle.dumps({"a": 1}), "format_refused"),
        ("model.pkl", pickle.dumps(LogisticRegression())[:-20], "load_failed"),
        ("model.pkl", b"", "load_failed"),
        ("model.cbm", b"nothing of CatBoost", "load_failed"),
        ("model.joblib", b"\x80\x04\x95nothing", "load_failed"),
    ],
)
def test_what_is_no_model_is_refused(name, content, code, tmp_path):
    assert refused(tmp_path, name, content)["code"] == code


def test_a_state_dict_in_a_pickle_is_refused_with_what_to_save_instead(tmp_path):
    report = refused(tmp_path, "model.pkl", pickle.dumps({"layer.weight": np.ones(3)}))
    assert report["code"] == "format_refused" and "state_dict" in report["message"]


class Opening:
    """A pickle that runs code when it is opened."""

    def __init__(self, code: str):
        self.code = code

    def __reduce__(self):
        return exec, (self.code,)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os._exit(3)", "status 3"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("raise SystemExit(4)", "exit(4)"),
        ("raise RuntimeError('not today')", "not today"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_a_pickle_that_ends_the_process_is_said_to(code, said, tmp_path):
    report = refused(tmp_path, "model.pkl", pickle.dumps(Opening(code)))
    assert report["code"] == "load_failed" and said in report["message"]


def test_a_pickle_that_hangs_is_ended(tmp_path):
    content = pickle.dumps(Opening("import time; time.sleep(600)"))
    report = refused(tmp_path, "model.pkl", content, load_limit=8)
    assert report["code"] == "load_failed" and "8 s" in report["message"]


def test_a_model_that_needs_a_missing_module_names_it(tmp_path):
    content = b"cmodule_of_nobody\nModel\n."
    report = refused(tmp_path, "model.pkl", content)
    assert report["code"] == "module_missing" and report["module"] == "module_of_nobody"


def code(tmp_path, text: str) -> preparing.Prepared:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "predict.py").write_text(textwrap.dedent(text))
    (tmp_path / "rows.csv").write_text(ROWS)
    return preparing.prepare(tmp_path / "work", folder, rows=tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('too warm')", "too warm"),
        ("return [1.0]", "1 values"),
        ("return 5", "int"),
        ("return [object() for _ in range(len(rows))]", "no tensor"),
        ("import os; os._exit(7)", "status 7"),
        ("raise SystemExit(1)", "exit"),
    ],
)
def test_a_model_that_fails_on_its_rows_is_said_to(body, said, tmp_path):
    result = code(tmp_path, f"""
        def predict(rows):
            {body}
        """)
    assert result.status == 1
    assert result.report["code"] == "predict_failed" and said in result.report["message"]


def test_a_model_that_prints_is_prepared_all_the_same(tmp_path):
    result = code(tmp_path, """
        print("hello at import")
        class Predictor:
            def predict(self, rows):
                print("hello")
                return rows["a"] * 2
        """)
    assert result.status == 0, result.report
    assert result.recorded()[1][0].tolist() == [3.0, 5.0, 7.0]


def test_code_without_a_predictor_is_refused(tmp_path):
    assert code(tmp_path, "x = 1").report["code"] == "format_refused"


@pytest.mark.parametrize(
    ("rows", "said"),
    [("a\n1.5\n", "columns"), ("a,b,c\n1,2,3\n", "columns"), ("a,b\n", "no row"), ("a,b\n1,2,3\n", "Line 2")],
)
def test_rows_that_do_not_fit_are_refused(rows, said, tmp_path):
    joblib.dump(LogisticRegression().fit([[0, 1], [1, 0.0]], [0, 1]), tmp_path / "model.joblib")
    (tmp_path / "rows.csv").write_text(rows)
    result = preparing.prepare(tmp_path / "work", tmp_path / "model.joblib", rows=tmp_path / "rows.csv")
    assert result.report["code"] == "rows_unusable" and said in result.report["message"]
