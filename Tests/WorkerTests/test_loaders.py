# SPDX-License-Identifier: Apache-2.0
"""A real model of each framework, trained here, opened by the worker, and compared with the original."""

import joblib
import numpy as np
import pandas as pd
import pytest
from contract import Connection
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from slipway._model.descriptor import Call, Column, Descriptor, TensorSpec
from workers import PYTHON, bare_environment

CANCER, MALIGNANT = load_breast_cancer(return_X_y=True, as_frame=True)
IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
DIABETES, PROGRESSION = load_diabetes(return_X_y=True, as_frame=True)
LABEL, SCORE = TensorSpec("label", "INT64", (-1,)), TensorSpec("score", "FP64", (-1,))
CLASSIFIED = (Call("predict", "label"), Call("predict_proba", "probabilities"))


def probabilities(classes, datatype="FP64"):
    return TensorSpec("probabilities", datatype, (-1, classes))


@pytest.fixture
def served(tmp_path):
    """Answers of the worker for rows of a frame: a function of loader, file, frame, outputs, calls and
    form."""

    def answers(loader, file, frame, outputs, calls, form="frame", dtype="float64"):
        spec = TensorSpec("values", {"float64": "FP64", "float32": "FP32"}[dtype], (-1, frame.shape[1]))
        columns = [Column(str(name), "values", dtype, index) for index, name in enumerate(frame)]
        descriptor = Descriptor(
            inputs=(spec,),
            outputs=tuple(outputs),
            loader=loader,
            model=file,
            form=form,
            columns=tuple(columns),
            calls=tuple(calls),
        )
        descriptor.write(tmp_path / "worker.json")
        with Connection(PYTHON, bare_environment(tmp_path)) as worker:
            worker.loaded(tmp_path)
            return worker.predict(values=np.ascontiguousarray(frame.to_numpy(dtype)))

    return answers


def pipeline():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(CANCER, MALIGNANT)


def same(answers, model, frame):
    np.testing.assert_array_equal(answers["label"], np.ravel(model.predict(frame)))
    np.testing.assert_allclose(answers["probabilities"], model.predict_proba(frame), rtol=1e-12)


@pytest.mark.parametrize("loader", ["joblib", "pickle", "cloudpickle", "skops"])
def test_scikit_learn(served, tmp_path, loader):
    import pickle

    import cloudpickle
    import skops.io

    model = pipeline()
    path = tmp_path / f"model.{loader}"
    if loader == "joblib":
        joblib.dump(model, path, compress=3)
    elif loader == "skops":
        skops.io.dump(model, path)
    else:
        path.write_bytes({"pickle": pickle, "cloudpickle": cloudpickle}[loader].dumps(model))
    same(served(loader, path.name, CANCER[:50], [LABEL, probabilities(2)], CLASSIFIED), model, CANCER[:50])


def test_skops_takes_types_it_does_not_know(served, tmp_path):
    from functools import partial

    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    model = make_pipeline(
        FunctionTransformer(partial(np.clip, a_min=0, a_max=100)), LogisticRegression(max_iter=5000)
    )
    model.fit(CANCER, MALIGNANT)
    skops.io.dump(model, tmp_path / "model.skops")
    assert skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    answers = served("skops", "model.skops", CANCER[:50], [LABEL, probabilities(2)], CLASSIFIED)
    same(answers, model, CANCER[:50])


@pytest.mark.parametrize("ending", ["json", "ubj"])
def test_xgboost_of_the_scikit_learn_api(served, tmp_path, ending):
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=10).fit(IRIS, SPECIES)
    model.save_model(tmp_path / f"model.{ending}")
    outputs = [LABEL, probabilities(3, "FP32")]
    same(served("xgboost", f"model.{ending}", IRIS, outputs, CLASSIFIED), model, IRIS)


@pytest.mark.parametrize("form", ["frame", "matrix"])
def test_an_xgboost_booster(served, tmp_path, form):
    import xgboost

    data = xgboost.DMatrix(DIABETES, PROGRESSION)
    booster = xgboost.train({"max_depth": 3}, data, 10)
    booster.save_model(tmp_path / "model.ubj")
    output = TensorSpec("score", "FP32", (-1,))
    answers = served("xgboost", "model.ubj", DIABETES, [output], [Call("predict", "score")], form)
    np.testing.assert_array_equal(answers["score"], booster.predict(data))


@pytest.mark.parametrize("form", ["frame", "matrix"])
def test_lightgbm(served, tmp_path, form):
    import lightgbm

    model = lightgbm.LGBMRegressor(n_estimators=10, verbose=-1).fit(DIABETES, PROGRESSION)
    model.booster_.save_model(tmp_path / "model.txt")
    answers = served("lightgbm", "model.txt", DIABETES, [SCORE], [Call("predict", "score")], form)
    np.testing.assert_array_equal(answers["score"], model.predict(DIABETES))


def test_a_catboost_classifier(served, tmp_path):
    import catboost

    model = catboost.CatBoostClassifier(iterations=10, verbose=0, allow_writing_files=False).fit(
        IRIS, SPECIES
    )
    model.save_model(str(tmp_path / "model.cbm"))
    same(served("catboost", "model.cbm", IRIS, [LABEL, probabilities(3)], CLASSIFIED), model, IRIS)


def test_a_catboost_regressor(served, tmp_path):
    import catboost

    model = catboost.CatBoostRegressor(iterations=10, verbose=0, allow_writing_files=False).fit(
        DIABETES, PROGRESSION
    )
    model.save_model(str(tmp_path / "model.cbm"))
    answers = served("catboost", "model.cbm", DIABETES, [SCORE], [Call("predict", "score")])
    np.testing.assert_array_equal(answers["score"], model.predict(DIABETES))


@pytest.mark.parametrize("formula", [True, False], ids=["formula", "matrix"])
def test_statsmodels(served, tmp_path, formula):
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    table = DIABETES[["bmi", "bp"]]
    if formula:
        results = smf.ols("progression ~ bmi + bp", table.assign(progression=PROGRESSION)).fit()
    else:
        results = sm.OLS(PROGRESSION.to_numpy(), table.to_numpy()).fit()
    results.save(str(tmp_path / "model.pickle"))
    form = "frame" if formula else "matrix"
    answers = served("statsmodels", "model.pickle", table, [SCORE], [Call("predict", "score")], form)
    expected = results.predict(table if formula else table.to_numpy())
    np.testing.assert_allclose(answers["score"], expected, rtol=1e-12)


def test_an_mlflow_directory(served, tmp_path):
    import mlflow.sklearn

    model = pipeline()
    mlflow.sklearn.save_model(model, str(tmp_path / "model"), serialization_format="cloudpickle")
    answers = served("mlflow", "model", CANCER[:50], [LABEL], [Call("predict", "label")])
    np.testing.assert_array_equal(answers["label"], model.predict(CANCER[:50]))


def test_a_class_of_the_notebook_travels_with_cloudpickle(served, tmp_path):
    import cloudpickle

    namespace = {"__name__": "__main__"}
    exec("class Mine:\n    def predict(self, frame):\n        return frame['bmi'] * 2.0\n", namespace)
    (tmp_path / "model.pkl").write_bytes(cloudpickle.dumps(namespace["Mine"]()))
    answers = served("cloudpickle", "model.pkl", DIABETES, [SCORE], [Call("predict", "score")])
    np.testing.assert_array_equal(answers["score"], DIABETES["bmi"] * 2.0)


def test_versions_and_signature_are_said_when_it_is_loaded(tmp_path):
    joblib.dump(pipeline(), tmp_path / "model.joblib")
    columns = [Column(name, "values", "float64", index) for index, name in enumerate(CANCER)]
    spec = TensorSpec("values", "FP64", (-1, 30))
    Descriptor(
        inputs=(spec,),
        outputs=(LABEL,),
        loader="joblib",
        model="model.joblib",
        form="frame",
        columns=tuple(columns),
        calls=(Call("predict", "label"),),
    ).write(tmp_path / "worker.json")
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        loaded = worker.load(tmp_path)
    import sklearn

    assert loaded["packages"]["scikit-learn"] == sklearn.__version__
    assert loaded["packages"]["pandas"] == pd.__version__
    assert loaded["inputs"] == [spec.json()] and loaded["outputs"] == [LABEL.json()]
