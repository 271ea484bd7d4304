# SPDX-License-Identifier: Apache-2.0
"""Models as people train them: what the worker answers is what was recorded, and what was converted agrees with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import agreement
import preparing
import pytest

sys.path.insert(0, str(preparing.CORPUS))
import corpus  # noqa: E402

# Each has a form that agrees with the original on every row: recorded, at the edges, and unseen.
NATIVE = (
    "logistic", "svc", "knn", "gaussian_nb", "lda", "tree", "forest", "gradient_boosting", "hist_gradient_boosting",
    "calibrated_sigmoid", "calibrated_isotonic", "voting_soft", "stacking", "linear", "hist_quantile", "pls",
    "multi_output_forest", "isolation_forest", "pca", "churn_logistic", "churn_forest", "churn_500_towns",
    "churn_log", "licences_tfidf", "licences_bigrams", "sgd", "xgboost_regressor", "xgboost_native", "lightgbm_native", "lightgbm_categories",
)  # fmt: skip
# Nothing converts these; a worker serves them as they are.
IN_A_WORKER = ("statsmodels_ols", "rule_of_thumb")
UNSEEN = 2000


def prepared(name: str, folder: Path) -> tuple[preparing.Prepared, object]:
    made = corpus.make(name)
    source = folder / made.save(made.model, str(folder))
    rows = preparing.save_rows(made.sample, folder / "rows")
    result = preparing.prepare(folder, source, rows=rows)
    assert result.status == 0, result.report
    return result, made


def differing(expected: list, given: list) -> int:
    return sum(int(agreement.differing(a, b).sum()) for a, b in zip(expected, given, strict=True))


@pytest.mark.parametrize("name", NATIVE)
def test_a_converted_form_agrees_with_the_original_on_every_row(name, tmp_path):
    result, made = prepared(name, tmp_path)
    inputs, answers = result.recorded()
    assert len(answers[0]) == min(1000, len(made.sample))
    caller = result.caller()
    assert differing(answers, caller.predict(inputs)) == 0, "the worker answers otherwise than was recorded"
    edges = result.recorded("edges.jsonl")
    assert len(edges[1][0]) == len(result.report["edge_kinds"]) > 0
    agreeing = [model for model in result.agreeing(inputs, answers) if preparing.agrees(model, *edges)]
    assert agreeing, result.report["not_converted"]
    unseen = preparing.tensors(preparing.save_rows(made.unseen(UNSEEN), tmp_path / "unseen"), result.descriptor)
    assert differing(caller.predict(unseen), agreement.answers(agreeing[0], unseen)) == 0


@pytest.mark.parametrize(("name", "file"), [("xgboost_regressor", "model.ubj"), ("lightgbm_native", "model.txt"),
                                            ("catboost_classifier", "model.json"), ("catboost_categories", "model.json")])  # fmt: skip
def test_the_trees_of_a_library_are_tried_as_they_are_first(name, file, tmp_path):
    result, _ = prepared(name, tmp_path)
    first = result.report["candidates"][0]
    assert first["files"] == ["candidates/1/forest.json", f"candidates/1/{file}"]
    described = json.loads((result.out / first["file"]).read_text("utf-8"))
    assert (described["model"], described["inputs"]) == (file, result.descriptor["inputs"])
    assert [output["name"] for output in described["outputs"]] == [one["name"] for one in result.descriptor["outputs"]]


@pytest.mark.parametrize("name", IN_A_WORKER)
def test_what_nothing_converts_is_ready_for_a_worker(name, tmp_path):
    result, _ = prepared(name, tmp_path)
    assert result.report["candidates"] == []
    assert all(refusal["reason"] for refusal in result.report["not_converted"])
    inputs, answers = result.recorded()
    assert differing(answers, result.caller().predict(inputs)) == 0


def test_every_candidate_has_the_inputs_and_outputs_of_the_descriptor(tmp_path):
    import onnx

    result, _ = prepared("churn_logistic", tmp_path)
    descriptor = result.descriptor
    for model in map(onnx.load_model_from_string, result.candidates()):
        for ours, theirs in ((descriptor["inputs"], model.graph.input), (descriptor["outputs"], model.graph.output)):
            assert [spec["name"] for spec in ours] == [value.name for value in theirs]
            shapes = [[d.dim_value or -1 for d in value.type.tensor_type.shape.dim] for value in theirs]
            assert [spec["shape"] for spec in ours] == shapes


def test_everything_that_the_report_names_is_there(tmp_path):
    result, _ = prepared("forest", tmp_path)
    report = result.report
    assert report["schema"] == "slipway.prepared/1"
    names = [*report["worker_files"], report["examples"], report["edges"], *(c["file"] for c in report["candidates"])]
    assert all((result.out / name).is_file() for name in names)
    listed = {path.relative_to(result.out).as_posix() for path in result.out.rglob("*") if path.is_file()}
    assert listed == {*names, "report.json"}


def test_the_lock_has_what_the_model_imports_and_not_what_is_installed(tmp_path):
    result, _ = prepared("logistic", tmp_path)
    text = (result.out / "environment.json").read_text("utf-8")
    lock = json.loads(text)
    names = [requirement.split("==")[0] for requirement in lock["requirements"]]
    assert {"scikit-learn", "numpy", "joblib", "scipy", "threadpoolctl"} <= set(names)
    assert not {"skl2onnx", "onnx", "onnxruntime", "pytest", "xgboost-cpu", "lightgbm", "catboost"} & set(names)
    assert names == sorted(names)
    assert text == json.dumps(lock, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
