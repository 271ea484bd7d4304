# SPDX-License-Identifier: Apache-2.0
"""Trains the churn example and records its answers.

A table of customers is made up: missing ages, skewed incomes, a plan, a country of which "NO" is one, the day they signed up,
and what they last wrote. Two libraries of boosted trees learn on the same preprocessing, which is scikit-learn's here and
the graph's in slipway.yaml. The recorded answers are those of this script, on rows that no model has seen.

    scripts/setup.sh python
    .tools/venv-python/bin/python examples/churn/train.py
"""

import json
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

SEED, THRESHOLD, WEIGHTS = 7, 0.42, (0.6, 0.4)
HERE = Path(__file__).resolve().parent
PLANS, COUNTRIES = ["basic", "family", "gold"], ["DE", "FR", "NO", "SE", "Åland"]


def table(rows: int, random: np.random.Generator) -> pd.DataFrame:
    age = random.integers(18, 90, rows).astype(float)
    frame = pd.DataFrame({
        "age": np.where(random.random(rows) < 0.08, np.nan, age),
        "income": np.round(random.lognormal(10.3, 0.8, rows), 2),
        "plan": random.choice(PLANS, rows, p=[0.5, 0.3, 0.2]),
        "country": random.choice(COUNTRIES, rows),
        "signup": pd.to_datetime("2019-01-01") + pd.to_timedelta(random.integers(0, 2500, rows), unit="D"),
    })  # fmt: skip
    odds = (-1.2 + 0.03 * (45 - age) - 0.9 * (frame["plan"] == "gold") + 0.5 * (frame["country"] == "NO")
            + 0.6 * (frame["signup"].dt.month == 12) - 0.4 * (np.log(frame["income"]) - 10.3))
    frame["churned"] = (random.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    frame["signup"] = frame["signup"].dt.strftime("%Y-%m-%d")
    return frame


def month_and_weekday(frame: pd.DataFrame) -> np.ndarray:
    days = pd.to_datetime(frame.iloc[:, 0])
    return np.column_stack([days.dt.month, days.dt.day_of_week]).astype(float)


def main():
    frame = table(4000, np.random.default_rng(SEED))
    train, test = train_test_split(frame, test_size=0.25, random_state=SEED, stratify=frame["churned"])
    columns = [name for name in frame.columns if name != "churned"]
    prepare = ColumnTransformer([
        ("age", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age"]),
        ("income", make_pipeline(FunctionTransformer(np.log1p), StandardScaler()), ["income"]),
        ("kinds", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["plan", "country"]),
        ("signup", FunctionTransformer(month_and_weekday), ["signup"]),
    ])  # fmt: skip
    features = prepare.fit_transform(train[columns])
    boost = xgboost.XGBClassifier(n_estimators=60, max_depth=4, learning_rate=0.1, random_state=SEED)
    light = lightgbm.LGBMClassifier(n_estimators=60, num_leaves=15, learning_rate=0.1, random_state=SEED, verbose=-1)
    boost.fit(features, train["churned"])
    light.fit(features, train["churned"])
    boost.save_model(HERE / "boost.ubj")
    light.booster_.save_model(HERE / "light.txt")

    seen = prepare.transform(test[columns])
    scores = (WEIGHTS[0] * boost.predict_proba(seen)[:, 1] + WEIGHTS[1] * light.predict_proba(seen)[:, 1])
    print(f"area under the curve on {len(test)} rows held out: {roc_auc_score(test['churned'], scores):.4f}")
    train.to_csv(HERE / "train.csv", index=False)
    recorded = test[columns].assign(score=scores, churns=np.where(scores >= THRESHOLD, "yes", "no")).head(200)
    recorded.to_csv(HERE / "examples.csv", index=False)
    row = json.loads(test[columns].dropna().head(1).to_json(orient="records"))
    (HERE / "row.json").write_text(json.dumps(row, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
