# SPDX-License-Identifier: Apache-2.0
"""Text categories that trees split by themselves are converted, known, unknown and missing ones."""

from __future__ import annotations

import agreement
import joblib
import numpy as np
import pandas as pd
import preparing
import pytest

KINDS = ["blue", "green", "red", "violet", "yellow"]


def table(count: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"size": random.normal(0, 1, count), "kind": random.choice(KINDS, count)})
    target = (frame["size"] + frame["kind"].isin(["green", "violet"]) * 1.5 > 0.7).to_numpy().astype(int)
    frame.loc[random.random(count) < 0.1, "kind"] = None
    return frame.assign(kind=pd.Categorical(frame["kind"], KINDS)), target


def models() -> dict:
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier
    from xgboost import XGBClassifier

    return {
        "scikit-learn": HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=20),
        "XGBoost": XGBClassifier(n_estimators=20, enable_categorical=True, max_cat_to_onehot=1),
        "LightGBM": LGBMClassifier(n_estimators=20, verbose=-1),
    }


@pytest.mark.parametrize("library", list(models()))
def test_a_forest_with_text_categories_is_converted(library, tmp_path):
    frame, target = table(2000, 0)
    joblib.dump(models()[library].fit(frame, target), tmp_path / "model.joblib")
    rows = preparing.save_rows(frame.head(300), tmp_path / "rows")
    result = preparing.prepare(tmp_path / "work", tmp_path / "model.joblib", rows=rows)
    assert result.status == 0, result.report
    assert result.report["columns"][1]["categories"] == KINDS
    model = result.candidates()[0]
    assert preparing.agrees(model, *result.recorded()) and preparing.agrees(model, *result.recorded("edges.jsonl"))
    unseen = preparing.tensors(preparing.save_rows(table(2000, 1)[0], tmp_path / "unseen"), result.descriptor)
    expected = result.caller().predict(unseen)
    assert not any(agreement.differing(a, b).any() for a, b in zip(expected, agreement.answers(model, unseen)))


def test_categories_of_xgboost_that_are_not_ascii_are_named(tmp_path):
    from xgboost import XGBClassifier

    frame, target = table(500, 0)
    frame["kind"] = frame["kind"].cat.rename_categories({"red": "rød"})
    model = XGBClassifier(n_estimators=3, enable_categorical=True).fit(frame, target)
    joblib.dump(model, tmp_path / "model.joblib")
    rows = preparing.save_rows(frame, tmp_path / "rows")
    notes = preparing.prepare(tmp_path / "work", tmp_path / "model.joblib", rows=rows).report["notes"]
    assert any("“kind” wrongly" in note for note in notes)
