# SPDX-License-Identifier: Apache-2.0
"""What is no estimator: statsmodels, and objects with `predict`."""
import cloudpickle
import pandas as pd

import data
from corpus import Pipeline, pipeline


def pickled(model, folder):
    with open(f"{folder}/model.pkl", "wb") as file:
        cloudpickle.dump(model, file)
    return "model.pkl"


@pipeline
def statsmodels_ols():
    import statsmodels.api
    table, target = data.friedman()
    model = statsmodels.api.OLS(target, table).fit()
    return Pipeline(model, table.head(300), lambda count: data.more(table, count, 11), pickled)


@pipeline
def rule_of_thumb():
    """A class of one's own, as notebooks are full of."""
    class Rule:
        def predict(self, rows: pd.DataFrame):
            return (rows["age"].fillna(40) * 0.02 + (rows["plan"] == "pro") * 0.5).to_numpy()

    table = data.churn()[0][["age", "plan"]]
    return Pipeline(Rule(), table.head(300), lambda count: data.more(table.head(20_000), count, 11), pickled)
