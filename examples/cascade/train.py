# SPDX-License-Identifier: Apache-2.0
"""Trains the cascade example and records its answers.

A logistic regression of four measurements decides most cases. Where it is not sure, a larger model that looks at all thirty
is asked. The recorded answers are those of this script, on rows that neither model has seen.

    scripts/setup.sh python
    .tools/venv-python/bin/python examples/cascade/train.py
"""

import json
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED, UNSURE = 7, (0.1, 0.9)
HERE = Path(__file__).resolve().parent
FIRST = ["mean radius", "mean texture", "mean smoothness", "mean concavity"]


def main():
    data = load_breast_cancer(as_frame=True)
    train, test, train_target, test_target = train_test_split(
        data.data, data.target, test_size=0.35, random_state=SEED, stratify=data.target
    )
    quick = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[FIRST], train_target)
    thorough = GradientBoostingClassifier(n_estimators=80, random_state=SEED).fit(train, train_target)
    joblib.dump(quick, HERE / "quick.joblib")
    joblib.dump(thorough, HERE / "thorough.joblib")

    first = quick.predict_proba(test[FIRST])[:, 1]
    unsure = (UNSURE[0] <= first) & (first <= UNSURE[1])
    scores = np.where(unsure, thorough.predict_proba(test)[:, 1], first)
    alone = ((first >= 0.5) == test_target).mean()
    print(f"{unsure.mean():.0%} of rows get a second opinion; right are {alone:.3f} without, "
          f"{((scores >= 0.5) == test_target).mean():.3f} with it")
    train.assign(benign=train_target).to_csv(HERE / "train.csv", index=False)
    test.assign(score=scores, first=first).to_csv(HERE / "examples.csv", index=False)
    (HERE / "row.json").write_text(json.dumps([test.iloc[int(np.argmax(unsure))].to_dict()], indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
