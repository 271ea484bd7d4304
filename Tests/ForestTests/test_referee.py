# SPDX-License-Identifier: Apache-2.0
"""The forest engine against the libraries that grew the trees: margins to the last bit, answers to the last but one."""

import json
import subprocess

import forests
import numpy
import pytest
from program import BINARY, ROOT, clean_environment


def write(folder, forest, rows, gives, tolerance=0.0, absolute=0.0):
    """A project whose recorded answers are the library's."""
    folder.mkdir()
    (folder / forest.file).write_bytes(forest.content)
    answers = numpy.asarray(getattr(forest, gives)(rows))
    shape = [-1, *answers.shape[1:]]
    descriptor = {
        "schema": "slipway.forest/1", "library": forest.library, "model": forest.file,
        "inputs": [{"name": "input", "datatype": "FP64", "shape": [-1, rows.shape[1]]}],
        "outputs": [{"name": gives, "datatype": forest.datatype, "shape": shape, "gives": gives}],
        **forest.options}  # fmt: skip
    (folder / "forest.json").write_text(json.dumps(descriptor))
    with (folder / "examples.jsonl").open("w") as file:
        for row, answer in zip(rows, answers):
            file.write(json.dumps({"inputs": {"input": plain(row)}, "outputs": {gives: plain(answer)}}) + "\n")
    (folder / "slipway.yaml").write_text(
        "schema: slipway/1\nmodel: {task: other}\nproof:\n  examples: {data: examples.jsonl}\n"
        f"  tolerance: {{absolute: {absolute}, relative: {tolerance}, same_decision: false}}\n")


def write_columns(folder, forest, rows):
    """As write, of columns of several kinds, each an input."""
    folder.mkdir()
    (folder / forest.file).write_bytes(forest.content)
    answers = numpy.asarray(forest.margins(rows))
    kinds = {"object": "BYTES", "str": "BYTES", "int64": "INT64", "float64": "FP64", "bool": "BOOL"}
    descriptor = {
        "schema": "slipway.forest/1", "library": forest.library, "model": forest.file,
        "inputs": [{"name": name, "datatype": kinds[str(rows[name].dtype)], "shape": [-1]} for name in rows.columns],
        "outputs": [{"name": "margins", "datatype": "FP64", "shape": [-1, *answers.shape[1:]], "gives": "margins"}],
    }  # fmt: skip
    (folder / "forest.json").write_text(json.dumps(descriptor))
    with (folder / "examples.jsonl").open("w") as file:
        for (_, row), answer in zip(rows.iterrows(), answers):
            inputs = {name: plain(value) if isinstance(value, float) else value for name, value in row.to_dict().items()}
            file.write(json.dumps({"inputs": inputs, "outputs": {"margins": plain(answer)}}) + "\n")
    (folder / "slipway.yaml").write_text(
        "schema: slipway/1\nmodel: {task: other}\nproof:\n  examples: {data: examples.jsonl}\n"
        "  tolerance: {absolute: 0.0, relative: 0.0, same_decision: false}\n")


def plain(values):
    if numpy.ndim(values) == 0:
        return plain([values])[0]
    if numpy.ndim(values) > 1:
        return [plain(inner) for inner in values]
    special = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    return [special.get(str(float(value)), float(value)) for value in values]


def explained(tmp_path, forest, contributions):
    """Shapley values beside the library's, which XGBoost computes in single precision; they add up to the margin."""
    rows = forests.edge_rows(forest, count=60)
    forest.contributions = contributions
    write(tmp_path / "contributions", forest, rows, "contributions", 1e-6, absolute=1e-5 if forest.datatype == "FP32" else 1e-9)
    proven(tmp_path / "contributions")


def proven(folder):
    environment = clean_environment(folder.parent / "home")
    done = subprocess.run([str(BINARY), "pack", str(folder), "--output", str(folder.parent / f"{folder.name}-bundle")],
                          cwd=ROOT, env=environment, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "proven" in done.stdout + done.stderr
    return done.stdout + done.stderr


def judged(tmp_path, forest):
    rows = forests.edge_rows(forest)
    write(tmp_path / "margins", forest, rows, "margins")
    proven(tmp_path / "margins")
    write(tmp_path / "usual", forest, forests.edge_rows(forest, usual=True), "margins")
    proven(tmp_path / "usual")
    write(tmp_path / "prediction", forest, rows, "prediction", forest.rounding)
    proven(tmp_path / "prediction")


@pytest.mark.parametrize("ending", ["ubj", "json"])
@pytest.mark.parametrize("name", forests.XGBOOST)
def test_xgboost(tmp_path, name, ending):
    judged(tmp_path, forests.xgboost_forest(name, seed=len(name), ending=ending))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", forests.LIGHTGBM)
def test_lightgbm(tmp_path, name, seed):
    judged(tmp_path, forests.lightgbm_forest(name, seed=seed))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", forests.CATBOOST)
def test_catboost(tmp_path, name, seed):
    judged(tmp_path, forests.catboost_forest(name, seed=seed, folder=tmp_path))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", forests.CATEGORIES)
def test_categories_of_catboost(tmp_path, name, seed):
    forest = forests.category_forest(name, seed=seed, folder=tmp_path)
    write_columns(tmp_path / "margins", forest, forests.category_rows(seed))
    proven(tmp_path / "margins")


@pytest.mark.parametrize("name", ["squared", "logistic", "probabilities", "poisson", "dart", "random_forest", "one_hot",
                                  "partitions", "leaf_wise", "deep", "stumps"])  # fmt: skip
def test_contributions_of_xgboost(tmp_path, name):
    forest = forests.xgboost_forest(name, seed=3)
    explained(tmp_path, forest, forest.contributions)


@pytest.mark.parametrize("name", ["regression", "binary", "classes", "poisson", "zeros_missing", "nothing_missing",
                                  "categories", "one_hot", "wide"])  # fmt: skip
def test_contributions_of_lightgbm(tmp_path, name):
    forest = forests.lightgbm_forest(name, seed=3)
    explained(tmp_path, forest, forest.contributions)
