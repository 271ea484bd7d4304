# SPDX-License-Identifier: Apache-2.0
"""Native graphs: which models have one, what stands in it, and what says that there is none."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pandas as pd
import preparing
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


def table(rows: int = 80) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    found = pd.DataFrame({"age": rng.normal(40, 10, rows), "plan": rng.choice(["basic", "gold"], rows)})
    found.loc[::7, "age"] = np.nan
    return found, (found["plan"] == "gold").to_numpy() ^ (rng.random(rows) < 0.2)


def prepared(model, folder) -> preparing.Prepared:
    rows, target = table()
    joblib.dump(model.fit(rows, target.astype(int)), folder / "model.joblib")
    result = preparing.prepare(folder, folder / "model.joblib", rows=preparing.save_rows(rows, folder / "rows"))
    assert result.status == 0, result.report
    return result


def graph(result: preparing.Prepared) -> tuple[dict, dict]:
    """The candidate that is a graph, the last one, and what it says."""
    candidate = result.report["candidates"][-1]
    assert (candidate["form"], candidate["converter"].split()[0]) == ("native graph", "slipway")
    return candidate, json.loads((result.out / candidate["file"]).read_text("utf-8"))


def columns(numbers) -> ColumnTransformer:
    return ColumnTransformer([("n", numbers, ["age"]), ("t", OneHotEncoder(handle_unknown="ignore"), ["plan"])])


def test_a_pipeline_without_an_onnx_form_has_a_graph(tmp_path):
    result = prepared(make_pipeline(columns(KNNImputer()), LogisticRegression()), tmp_path)
    candidate, described = graph(result)
    assert len(result.report["candidates"]) == 1
    assert candidate["files"] == [candidate["file"]] == ["candidates/1/graph.json"]
    assert described["inputs"] == result.descriptor["inputs"]
    assert [output["name"] for output in described["outputs"]] == [spec["name"] for spec in result.descriptor["outputs"]]
    operations = [operation["op"] for step in described["steps"] for operation in step["transform"]]
    assert {"knn_impute", "one_hot", "linear", "decide"} <= set(operations)


def test_it_is_tried_after_the_others(tmp_path):
    result = prepared(make_pipeline(columns(SimpleImputer()), StandardScaler(with_mean=False), LogisticRegression()), tmp_path)
    forms = [candidate["form"] for candidate in result.report["candidates"]]
    assert forms[:1] == ["float64"] and forms[-1] == "native graph"


def test_the_last_step_may_be_a_model_with_files_of_its_own(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    result = prepared(make_pipeline(columns(KNNImputer()), lightgbm.LGBMClassifier(n_estimators=5, verbose=-1)), tmp_path)
    candidate, described = graph(result)
    folder = candidate["file"].removesuffix("/graph.json")
    assert candidate["files"][1:] == [f"{folder}/steps/model/forest.json", f"{folder}/steps/model/model.txt"]
    assert described["steps"][-1]["model"] == {"engine": "forest", "file": "steps/model/forest.json"}
    assert all((result.out / file).is_file() for file in candidate["files"])


@pytest.mark.parametrize(("model", "reason"), [
    (make_pipeline(columns(make_pipeline(SimpleImputer(), FunctionTransformer(np.nan_to_num))), LogisticRegression()),
     "no native form for FunctionTransformer with the function “nan_to_num”"),
    (make_pipeline(columns(SimpleImputer()), GaussianProcessClassifier()), "no native form for GaussianProcessClassifier"),
])  # fmt: skip
def test_what_has_none_says_so(model, reason, tmp_path):
    result = prepared(model, tmp_path)
    refused = [one for one in result.report["not_converted"] if one["form"] == "native graph"]
    assert [one["converter"] for one in refused] == ["slipway"]
    assert refused[0]["reason"].startswith(reason)
