# SPDX-License-Identifier: Apache-2.0
"""Boosted trees in the files of their own libraries, with missing numbers: served as the library itself predicts."""

import json

import catboost
import lightgbm
import numpy
import pandas
import pytest
import xgboost

import slipway


@pytest.fixture(scope="module")
def table():
    rng = numpy.random.default_rng(5)
    table = pandas.DataFrame(rng.normal(size=(600, 4)), columns=["width", "height", "depth", "weight of it"])
    table = table.mask(rng.random(table.shape) < 0.1)
    return table, (table.fillna(0).sum(axis=1) > 0).astype(int)


def xgboost_file(table, target, folder):
    model = xgboost.XGBClassifier(n_estimators=12, max_depth=3).fit(table, target)
    model.save_model(folder / "model.ubj")
    return folder / "model.ubj", model.predict_proba


def lightgbm_file(table, target, folder):
    table = table.rename(columns=lambda name: name.replace(" ", "_"))
    model = lightgbm.LGBMClassifier(n_estimators=12, verbose=-1).fit(table, target)
    model.booster_.save_model(folder / "model.txt")
    return folder / "model.txt", model.booster_.predict


def catboost_file(table, target, folder):
    model = catboost.CatBoostClassifier(iterations=12, depth=3, verbose=False, allow_writing_files=False)
    model.fit(table, target)
    model.save_model(str(folder / "model.cbm"))
    return folder / "model.cbm", model.predict_proba


@pytest.mark.parametrize("make", [xgboost_file, lightgbm_file, catboost_file])
def test_a_file_of_the_library_answers_as_the_library(server, tmp_path, table, make):
    rows, target = table
    file, original = make(rows, target, tmp_path)
    named = rows.rename(columns=lambda name: name.replace(" ", "_")) if make is lightgbm_file else rows
    named.head(200).to_csv(tmp_path / "sample.csv", index=False)
    name = make.__name__.replace("_", "-")
    report = json.loads(server.slipway(
        "deploy", file, "--examples", tmp_path / "sample.csv", "--name", name, "--format", "json").stdout)
    assert report["proven"] and report["conversion"]["served_by"] in ("native", "worker")
    unseen = named.tail(400)
    with slipway.Client(server.url, server.token) as client:
        outputs = client.predict(name, unseen).outputs
    floats = [values for values in outputs.values() if values.dtype.kind == "f"]
    expected = original(unseen)
    numpy.testing.assert_allclose(floats[0].reshape(400, -1), numpy.reshape(expected, (400, -1)), rtol=1e-4, atol=1e-5)
