# SPDX-License-Identifier: Apache-2.0
"""XGBoost, LightGBM and CatBoost: their scikit-learn API, their own, categories, and ranking."""
import numpy as np

import data
from corpus import Pipeline, joblib_file, on_table, pipeline


def _file(name):
    def save(model, folder):
        model.save_model(f"{folder}/{name}")
        return name
    return save


def _frame(model, table, sample, save, more=None):
    return Pipeline(model, sample, more or (lambda count: data.more(table, count, 11)), save)


@pipeline
def xgboost_classifier():
    from xgboost import XGBClassifier
    table, target = data.bundled("breast_cancer")
    return on_table(XGBClassifier(n_estimators=80, n_jobs=1), table, target)


@pipeline
def xgboost_multiclass():
    from xgboost import XGBClassifier
    table, target = data.bundled("wine")
    return on_table(XGBClassifier(n_estimators=40, n_jobs=1), table, target)


@pipeline
def xgboost_regressor():
    from xgboost import XGBRegressor
    return on_table(XGBRegressor(n_estimators=100, n_jobs=1), *data.friedman(), save=_file("model.ubj"))


@pipeline
def xgboost_dart():
    from xgboost import XGBRegressor
    return on_table(XGBRegressor(n_estimators=40, booster="dart", rate_drop=0.1, n_jobs=1), *data.friedman())


@pipeline
def xgboost_native():
    import xgboost
    table, target = data.bundled("breast_cancer")
    model = xgboost.train({"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(table, target), 60)
    return _frame(model, table, table.head(300), _file("model.json"))


@pipeline
def xgboost_ranker():
    from xgboost import XGBRanker
    table, target = data.friedman()
    groups = np.repeat(np.arange(len(table) // 10), 10)
    return on_table(XGBRanker(n_estimators=40, n_jobs=1), table, (target // 6).astype(int), fit={"qid": groups})


@pipeline
def lightgbm_classifier():
    from lightgbm import LGBMClassifier
    return on_table(LGBMClassifier(n_estimators=80, n_jobs=1, verbose=-1), *data.bundled("breast_cancer"))


@pipeline
def lightgbm_regressor():
    from lightgbm import LGBMRegressor
    return on_table(LGBMRegressor(n_estimators=80, n_jobs=1, verbose=-1), *data.friedman())


@pipeline
def lightgbm_native():
    import lightgbm
    table, target = data.bundled("wine")
    model = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1},
                           lightgbm.Dataset(table, target), 30)
    return _frame(model, table, table, _file("model.txt"))


@pipeline
def lightgbm_categories():
    from lightgbm import LGBMClassifier
    table, target = data.churn()
    table = table[["age", "income", "calls", "plan", "country"]].head(20_000).copy()
    for name in ("plan", "country"):
        table[name] = table[name].astype("category")
    return on_table(LGBMClassifier(n_estimators=40, n_jobs=1, verbose=-1), table, target.head(20_000))


@pipeline
def catboost_classifier():
    from catboost import CatBoostClassifier
    model = CatBoostClassifier(80, verbose=False, thread_count=1, random_seed=0, allow_writing_files=False)
    return on_table(model, *data.bundled("breast_cancer"), save=_file("model.cbm"))


@pipeline
def catboost_regressor():
    from catboost import CatBoostRegressor
    model = CatBoostRegressor(80, verbose=False, thread_count=1, random_seed=0, allow_writing_files=False)
    return on_table(model, *data.friedman(), save=_file("model.cbm"))


@pipeline
def catboost_categories():
    from catboost import CatBoostClassifier
    table, target = data.churn()
    table = table[["age", "income", "calls", "country", "town"]].head(20_000)
    model = CatBoostClassifier(40, verbose=False, thread_count=1, random_seed=0, allow_writing_files=False,
                               cat_features=["country", "town"])
    return on_table(model, table, target.head(20_000), save=joblib_file)
