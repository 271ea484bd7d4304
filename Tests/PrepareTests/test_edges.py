# SPDX-License-Identifier: Apache-2.0
"""Edge rows stand where a model decides, also where a scaler hides it."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pandas as pd
import preparing
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier


def table(count: int = 300) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"size": random.normal(10, 3, count), "kind": random.choice(["a", "b"], count)})
    return frame, (frame["size"] > 11.5).to_numpy().astype(int)


def prepared(tmp_path, model, frame) -> preparing.Prepared:
    joblib.dump(model, tmp_path / "model.joblib")
    rows = preparing.save_rows(frame, tmp_path / "rows")
    return preparing.prepare(tmp_path / "work", tmp_path / "model.joblib", rows=rows)


def of_kind(result: preparing.Prepared, kind: str, column: str) -> list:
    inputs, _ = result.recorded("edges.jsonl")
    values = inputs[column].ravel().tolist()
    return [value for value, made in zip(values, result.report["edge_kinds"], strict=True) if made == kind]


def test_both_sides_of_a_threshold_are_rows(tmp_path):
    frame, target = table()
    model = DecisionTreeClassifier(max_depth=1).fit(frame[["size"]].to_numpy(), target)
    threshold = model.tree_.threshold[0]
    result = prepared(tmp_path, model, frame[["size"]].to_numpy())
    values = of_kind(result, "threshold", "input")
    assert {threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf)} <= set(values)
    assert len(set(map(np.float32, values))) >= 3


def test_a_threshold_behind_a_scaler_is_found_to_the_last_bit(tmp_path):
    frame, target = table()
    prepared_columns = ColumnTransformer([("number", StandardScaler(), ["size"]), ("text", OneHotEncoder(), ["kind"])])
    model = make_pipeline(prepared_columns, DecisionTreeClassifier(max_depth=1)).fit(frame, target)
    result = prepared(tmp_path, model, frame)
    values = sorted(set(of_kind(result, "threshold", "size")))
    labels = model.predict(pd.DataFrame({"size": values, "kind": "a"}))
    jumps = [(low, high) for low, high, a, b in zip(values, values[1:], labels, labels[1:]) if a != b]
    assert [np.nextafter(low, np.inf) == high for low, high in jumps] == [True]


def test_rows_that_the_original_refuses_are_no_edges_and_are_counted(tmp_path):
    frame, target = table()
    model = make_pipeline(ColumnTransformer([("text", OneHotEncoder(), ["kind"])]), DecisionTreeClassifier())
    result = prepared(tmp_path, model.fit(frame, target), frame)
    assert "unseen" not in result.report["edge_kinds"]
    assert any("the original refuses" in note for note in result.report["notes"])


def test_the_least_and_the_greatest_of_each_column_are_rows(tmp_path):
    frame, target = table()
    model = make_pipeline(ColumnTransformer([("number", StandardScaler(), ["size"])]), DecisionTreeClassifier())
    result = prepared(tmp_path, model.fit(frame, target), frame)
    assert of_kind(result, "minimum", "size") == [frame["size"].min()]
    assert of_kind(result, "maximum", "size") == [frame["size"].max()]


def prepared_code(tmp_path, does, **request):
    """Of a function that does something to the greatest value of its rows before it answers."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "predict.py").write_text(
        "import os, time\n\n\ndef predict(rows):\n    highest = max(rows['size'])\n"
        f"    {does}\n    return rows['size'] * 2\n")
    rows = preparing.save_rows(table()[0][["size"]], tmp_path / "rows")
    return preparing.prepare(tmp_path / "work", folder, rows=rows, convert=False, **request)


def test_rows_that_end_the_original_are_no_edges_and_are_counted(tmp_path):
    """They are ours: a model that nobody asks such things is no worse for them."""
    result = prepared_code(tmp_path, "if highest > 1e8: os.kill(os.getpid(), 11)")
    assert result.status == 0, result.report
    lines = (result.out / "edges.jsonl").read_text("utf-8").splitlines()
    values = [json.loads(line)["inputs"]["size"] for line in lines]
    assert -1e30 in values and 1e-30 in values
    assert max(value for value in values if isinstance(value, float)) < 1e8
    assert any("ends on 2 of" in note and "extreme" in note for note in result.report["notes"])


def test_a_model_that_ends_at_rows_that_were_given_is_refused(tmp_path):
    result = prepared_code(tmp_path, "if highest > 1: os.kill(os.getpid(), 11)")
    assert result.report["code"] == "predict_failed" and "SIGSEGV" in result.report["message"]


def test_a_row_that_takes_the_original_for_ever_costs_the_edges_alone(tmp_path):
    result = prepared_code(tmp_path, "if highest > 1e8: time.sleep(600)", load_limit=20)
    assert result.status == 0, result.report
    assert result.report["edge_kinds"] == [] and (result.out / "edges.jsonl").read_text() == ""
    assert any("take it too long" in note for note in result.report["notes"])
