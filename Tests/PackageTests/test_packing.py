# SPDX-License-Identifier: Apache-2.0
"""A model of a notebook becomes a project folder, with the answers of the very object as the proof."""

import csv
import importlib
import json
import subprocess
import sys
import textwrap

import numpy
import pandas
import polars
import pytest
from program import ROOT

import slipway
from slipway._model.calling import Caller
from slipway._model.descriptor import Descriptor
from slipway._model.loaders import load


def recorded(folder):
    return [json.loads(line) for line in (folder.path / "examples.jsonl").read_text("utf-8").splitlines()]


def test_a_pipeline_is_packed_with_what_it_answers_here(pipeline, customers, tmp_path):
    folder = slipway.pack(pipeline, "churn", customers[:150], baseline=customers, folder=tmp_path / "churn")
    files = sorted(path.name for path in folder.path.iterdir())
    assert files == [
        "baseline.csv",
        "environment.json",
        "examples.jsonl",
        "model.joblib",
        "slipway.yaml",
        "worker.json",
    ]
    assert (folder.examples, folder.columns) == (150, ("age", "country", "plan", "income"))

    lines = recorded(folder)
    assert [line["outputs"]["label"] for line in lines] == pipeline.predict(customers[:150]).tolist()
    # Every digit: the answer is not rounded on its way.
    assert [line["outputs"]["probabilities"] for line in lines] == pipeline.predict_proba(
        customers[:150]
    ).tolist()

    with (folder.path / "baseline.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(customers)
    environment = json.loads((folder.path / "environment.json").read_bytes())
    import sklearn

    assert f"scikit-learn=={sklearn.__version__}" in environment["requirements"]
    assert environment["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    for shown in [repr(folder), folder._repr_html_()]:
        assert f"slipway deploy {folder.path}" in shown
        assert "sklearn.pipeline.Pipeline" in shown


def test_what_was_packed_answers_the_same_when_it_is_opened_again(pipeline, customers, tmp_path):
    folder = slipway.pack(pipeline, "churn", customers[:50], folder=tmp_path / "churn")
    descriptor = Descriptor.read(folder.path / "worker.json")
    model = load(descriptor, folder.path)
    lines = recorded(folder)
    tensors = {}
    for spec in descriptor.inputs:
        values = [line["inputs"][spec.name] for line in lines]
        if spec.datatype == "BYTES":
            values = [value.encode() for value in values]
        tensors[spec.name] = numpy.array(values, object if spec.datatype == "BYTES" else float).reshape(-1, 1)
    label, probabilities = Caller(descriptor, model).predict(tensors)
    assert label.tolist() == pipeline.predict(customers[:50]).tolist()
    assert probabilities.tolist() == pipeline.predict_proba(customers[:50]).tolist()


def test_a_model_that_tells_none_from_nan_gets_what_it_was_fitted_with(tmp_path):
    class Careful:
        def predict(self, frame):
            return numpy.array([1 if value is None else 2 for value in frame["country"]])

    frame = pandas.DataFrame({"country": pandas.Series(["NO", None] * 10, dtype=object), "age": 1.0})
    folder = slipway.pack(Careful(), "careful", frame, folder=tmp_path / "careful")
    assert [line["outputs"]["prediction"] for line in recorded(folder)] == [2, 1] * 10


def test_the_target_is_no_input(pipeline, customers, churned, tmp_path):
    frame = customers.assign(churned=churned)
    folder = slipway.pack(
        pipeline, "churn", frame[:50], baseline=frame, target="churned", folder=tmp_path / "churn"
    )
    assert "churned" not in folder.columns
    assert "churned" not in (folder.path / "baseline.csv").read_text("utf-8").splitlines()[0]


FORMS = {
    "array": lambda values: values,
    "frame": lambda values: pandas.DataFrame(values, columns=["a", "b", "c"]),
    "polars": lambda values: polars.DataFrame(values, schema=["a", "b", "c"]),
    "dictionary": lambda values: {"a": values[:, 0], "b": values[:, 1], "c": values[:, 2]},
    "records": lambda values: [dict(zip("abc", map(float, row))) for row in values],
}


@pytest.mark.parametrize("form", FORMS)
def test_examples_come_in_every_form(form, tmp_path):
    from sklearn.linear_model import LinearRegression

    values = numpy.random.default_rng(1).normal(size=(40, 3))
    model = LinearRegression().fit(values, values @ [1, 2, 3])
    folder = slipway.pack(model, "line", FORMS[form](values), folder=tmp_path / "line")
    assert [line["outputs"]["prediction"] for line in recorded(folder)] == model.predict(values).tolist()
    assert folder.task == "regression"


def in_a_notebook(tmp_path, code):
    """Runs code as a notebook's: in `__main__`, with modules beside it."""
    script = tmp_path / "notebook.py"
    script.write_text(textwrap.dedent(code), "utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_classes_and_functions_of_the_notebook_and_its_neighbours_travel_inside(tmp_path):
    (tmp_path / "features.py").write_text(
        "from scaling import by\n\ndef add(values):\n    return by(values) + 1\n"
    )
    (tmp_path / "scaling.py").write_text("FACTOR = 10\n\ndef by(values):\n    return values * FACTOR\n")
    printed = in_a_notebook(
        tmp_path,
        """
        import numpy, features, slipway

        class Rule:
            def predict(self, rows):
                return features.add(numpy.asarray(rows)).sum(axis=1)

        print(slipway.pack(Rule(), "rule", numpy.ones((5, 2)), folder="packed/rule").model)
        """,
    )
    assert printed == "model.pkl\n"
    # Opened where neither the class nor the modules are.
    (tmp_path / "features.py").unlink()
    (tmp_path / "scaling.py").unlink()
    line = json.loads((tmp_path / "packed" / "rule" / "examples.jsonl").read_text().splitlines()[0])
    assert line["outputs"]["prediction"] == 22
    opened = in_a_notebook(
        tmp_path,
        """
        import numpy, pickle
        print(pickle.load(open("packed/rule/model.pkl", "rb")).predict(numpy.ones((1, 2))))
        """,
    )
    assert opened == "[22.]\n"


def test_code_may_travel_as_a_folder(tmp_path, monkeypatch):
    code = tmp_path / "mine"
    code.mkdir()
    (code / "half_rule.py").write_text(
        "class Half:\n    def predict(self, rows):\n        return rows[:, 0] / 2\n"
    )
    # As when a whole model is packed, an environment and settings that lie there are no code.
    (code / "venv").mkdir()
    (code / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (code / ".env").write_text("PASSWORD=hunter2\n")
    monkeypatch.syspath_prepend(code)
    module = importlib.import_module("half_rule")
    folder = slipway.pack(module.Half(), "half", numpy.ones((4, 1)), code=code, folder=tmp_path / "half")
    assert [path.name for path in (folder.path / "code").iterdir()] == ["half_rule.py"]
    assert b"predict" not in (folder.path / folder.model).read_bytes()
    assert json.loads((folder.path / "worker.json").read_bytes())["code"] == "code"
    assert "  code: code\n" in (folder.path / "slipway.yaml").read_text()


def boosted(kind):
    random = numpy.random.default_rng(3)
    values = random.normal(size=(200, 4))
    labels = (values[:, 0] > 0).astype(int)
    if kind == "xgboost":
        import xgboost

        return xgboost.XGBClassifier(n_estimators=5).fit(values, labels), values
    if kind == "xgboost booster":
        import xgboost

        return xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(values, labels), 5), values
    if kind == "lightgbm":
        import lightgbm

        return lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(values, labels), values
    if kind == "lightgbm booster":
        import lightgbm

        return lightgbm.train(
            {"objective": "binary", "verbose": -1}, lightgbm.Dataset(values, labels), 5
        ), values
    import catboost

    return catboost.CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False).fit(
        values, labels
    ), values


@pytest.mark.parametrize(
    "kind, file",
    [
        ("xgboost", "model.ubj"), ("xgboost booster", "model.ubj"), ("lightgbm", "model.joblib"),
        ("lightgbm booster", "model.txt"),
        ("catboost", "model.cbm"),
    ],
)  # fmt: skip
def test_boosted_trees_are_kept_in_their_own_format(kind, file, tmp_path):
    model, values = boosted(kind)
    folder = slipway.pack(model, "boosted", values[:60], folder=tmp_path / "boosted")
    assert folder.model == file
    assert (folder.path / file).exists()
    assert len(recorded(folder)) == 60


def test_packing_again_replaces_what_was_packed(pipeline, customers, tmp_path):
    for count in (30, 20):
        folder = slipway.pack(pipeline, "churn", customers[:count], folder=tmp_path / "churn")
        assert len(recorded(folder)) == count
    assert [path.name for path in tmp_path.iterdir()] == ["churn"]


def test_named_versions_are_locked_instead_of_found_ones(pipeline, customers, tmp_path):
    pins = ["scikit-learn==1.5.2", "numpy==2.1.0"]
    folder = slipway.pack(pipeline, "churn", customers[:20], environment=pins, folder=tmp_path / "churn")
    lock = json.loads((folder.path / "environment.json").read_bytes())
    assert lock["requirements"] == sorted(pins) == list(folder.requirements)
    assert lock["schema"] == "slipway.environment/1"
