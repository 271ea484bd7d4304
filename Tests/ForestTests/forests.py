# SPDX-License-Identifier: Apache-2.0
"""Forests of every kind that the libraries grow, and rows that lie where trees decide."""

import json
from dataclasses import dataclass, field

import catboost
import lightgbm
import numpy
import xgboost

COLUMNS, ROWS = 6, 400
# Of XGBoost and CatBoost: they refuse larger ones, and so would a caller of theirs.
LARGE = 1e30


@dataclass
class Forest:
    """A trained model as a file, and what its library answers."""

    library: str
    file: str
    content: bytes
    margins: object
    prediction: object
    datatype: str
    thresholds: list = field(default_factory=list)
    categories: int = 0
    # Of an answer after its transform: one unit in the last place, relative to the smallest number of its size.
    rounding: float = 2.0**-52
    options: dict = field(default_factory=dict)
    contributions: object = None


def table(seed, categories=0, missing=0.1, zeros=0.0):
    """Numbers, some of them missing; the first columns are categories."""
    rng = numpy.random.default_rng(seed)
    values = rng.normal(size=(ROWS, COLUMNS))
    values[:, 3] = numpy.round(values[:, 3] * 3)
    values[rng.random(values.shape) < zeros] = 0
    for column in range(categories):
        values[:, column] = rng.integers(0, 40 if column else 5, ROWS)
    values[rng.random(values.shape) < missing] = numpy.nan
    known = numpy.nan_to_num(values)
    score = known[:, 2] - known[:, 4] ** 2 + numpy.isin(known[:, 0], [1, 3, 7]) + rng.normal(size=ROWS) / 3
    return values, score


def target(score, kind):
    if kind == "classes":
        return numpy.digitize(score, numpy.quantile(score, [0.3, 0.7]))
    if kind == "binary":
        return (score > numpy.median(score)).astype(int)
    if kind == "share":
        return 1 / (1 + numpy.exp(-score))
    if kind == "positive":
        return numpy.exp(score / 2)
    if kind == "count":
        return numpy.round(numpy.exp(score / 2))
    if kind == "rank":
        return numpy.clip(numpy.round(score + 2), 0, 4).astype(int)
    return score


XGBOOST = {
    "squared": ("number", {"objective": "reg:squarederror"}),
    "absolute": ("number", {"objective": "reg:absoluteerror"}),
    "huber": ("number", {"objective": "reg:pseudohubererror"}),
    "log_squared": ("positive", {"objective": "reg:squaredlogerror"}),
    "quantile": ("number", {"objective": "reg:quantileerror", "quantile_alpha": 0.8}),
    "quantiles": ("number", {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.5, 0.9]}),
    "logistic": ("binary", {"objective": "binary:logistic"}),
    "logistic_share": ("share", {"objective": "reg:logistic"}),
    "raw": ("binary", {"objective": "binary:logitraw"}),
    "hinge": ("binary", {"objective": "binary:hinge"}),
    "probabilities": ("classes", {"objective": "multi:softprob", "num_class": 3}),
    "classes": ("classes", {"objective": "multi:softmax", "num_class": 3}),
    "poisson": ("count", {"objective": "count:poisson"}),
    "gamma": ("positive", {"objective": "reg:gamma"}),
    "tweedie": ("count", {"objective": "reg:tweedie", "tweedie_variance_power": 1.4}),
    "cox": ("positive", {"objective": "survival:cox"}),
    "pairs": ("rank", {"objective": "rank:pairwise"}),
    "ndcg": ("rank", {"objective": "rank:ndcg"}),
    "dart": ("number", {"objective": "reg:squarederror", "booster": "dart", "rate_drop": 0.3}),
    "dart_classes": ("classes", {"objective": "multi:softprob", "num_class": 3, "booster": "dart", "rate_drop": 0.3}),
    "random_forest": ("number", {"objective": "reg:squarederror", "num_parallel_tree": 5, "subsample": 0.6, "eta": 1}),
    "random_classes": ("classes", {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 3, "subsample": 0.6}),
    "one_hot": ("binary", {"objective": "binary:logistic", "max_cat_to_onehot": 100}),
    "partitions": ("binary", {"objective": "binary:logistic", "max_cat_to_onehot": 1}),
    "leaf_wise": ("number", {"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0}),
    "deep": ("number", {"objective": "reg:squarederror", "max_depth": 14, "min_child_weight": 0}),
    "stumps": ("binary", {"objective": "binary:logistic", "max_depth": 1}),
}
LIGHTGBM = {
    "regression": ("number", {"objective": "regression"}),
    "l1": ("number", {"objective": "regression_l1"}),
    "huber": ("number", {"objective": "huber"}),
    "fair": ("number", {"objective": "fair"}),
    "quantile": ("number", {"objective": "quantile", "alpha": 0.8}),
    "mape": ("positive", {"objective": "mape"}),
    "root": ("positive", {"objective": "regression", "reg_sqrt": True}),
    "binary": ("binary", {"objective": "binary"}),
    "steep": ("binary", {"objective": "binary", "sigmoid": 2.5}),
    "cross_entropy": ("share", {"objective": "cross_entropy"}),
    "cross_entropy_lambda": ("share", {"objective": "cross_entropy_lambda"}),
    "classes": ("classes", {"objective": "multiclass", "num_class": 3}),
    "one_versus_all": ("classes", {"objective": "multiclassova", "num_class": 3}),
    "poisson": ("count", {"objective": "poisson"}),
    "gamma": ("positive", {"objective": "gamma"}),
    "tweedie": ("count", {"objective": "tweedie"}),
    "rank": ("rank", {"objective": "lambdarank"}),
    "xendcg": ("rank", {"objective": "rank_xendcg"}),
    "dart": ("number", {"objective": "regression", "boosting": "dart", "drop_rate": 0.3}),
    "goss": ("binary", {"objective": "binary", "data_sample_strategy": "goss"}),
    "random_forest": ("number", {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}),
    "random_binary": ("binary", {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}),
    "zeros_missing": ("binary", {"objective": "binary", "zero_as_missing": True}),
    "nothing_missing": ("binary", {"objective": "binary", "use_missing": False}),
    "categories": ("binary", {"objective": "binary", "min_data_per_group": 1, "cat_smooth": 1, "max_cat_to_onehot": 1}),
    "one_hot": ("binary", {"objective": "binary", "max_cat_to_onehot": 100, "min_data_per_group": 1}),
    "wide": ("number", {"objective": "regression", "num_leaves": 255, "min_data_in_leaf": 1}),
}
CATBOOST = {
    "rmse": ("number", {"loss_function": "RMSE"}),
    "mae": ("number", {"loss_function": "MAE"}),
    "quantile": ("number", {"loss_function": "Quantile:alpha=0.8"}),
    "logloss": ("binary", {"loss_function": "Logloss"}),
    "cross_entropy": ("share", {"loss_function": "CrossEntropy"}),
    "classes": ("classes", {"loss_function": "MultiClass"}),
    "one_versus_all": ("classes", {"loss_function": "MultiClassOneVsAll"}),
    "poisson": ("count", {"loss_function": "Poisson"}),
    "several": ("number", {"loss_function": "MultiRMSE"}),
    "nan_largest": ("number", {"loss_function": "RMSE", "nan_mode": "Max"}),
    "deep": ("number", {"loss_function": "RMSE", "depth": 10}),
}


def xgboost_forest(name, seed=0, rounds=25, ending="ubj"):
    kind, parameters = XGBOOST[name]
    categories = 2 if name in ("one_hot", "partitions") else 0
    values, score = table(seed, categories)
    kinds = ["c"] * categories + ["q"] * (COLUMNS - categories)
    data = xgboost.DMatrix(values.astype(numpy.float32), target(score, kind), feature_types=kinds,
                           enable_categorical=bool(categories))  # fmt: skip
    if kind == "rank":
        data.set_group([20] * (ROWS // 20))
    booster = xgboost.train({"max_depth": 5, "nthread": 1, "seed": seed} | parameters, data, rounds)

    def answers(**how):
        def of(rows):
            matrix = xgboost.DMatrix(rows.astype(numpy.float32), feature_types=kinds, enable_categorical=bool(categories))
            return booster.predict(matrix, **how)

        return of

    described = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    trees = described.get("gbtree", described)["model"]["trees"]
    thresholds = [(column, numpy.float32(value))
                  for tree in trees
                  for column, value, left in zip(tree["split_indices"], tree["split_conditions"], tree["left_children"])
                  if left >= 0 and column >= categories]  # fmt: skip
    return Forest("xgboost", f"model.{ending}", bytes(booster.save_raw(ending)), answers(output_margin=True), answers(),
                  "FP32", thresholds, categories, rounding=2.0**-23, contributions=answers(pred_contribs=True))  # fmt: skip


def lightgbm_forest(name, seed=0, rounds=25):
    kind, parameters = LIGHTGBM[name]
    categories = 2 if name in ("categories", "one_hot") else 0
    values, score = table(seed, categories, zeros=0.2 if name == "zeros_missing" else 0.0)
    data = lightgbm.Dataset(values, target(score, kind), group=[20] * (ROWS // 20) if kind == "rank" else None,
                            categorical_feature=list(range(categories)) or "auto")  # fmt: skip
    options = {"num_threads": 1, "verbose": -1, "seed": seed, "num_leaves": 15, "min_data_in_leaf": 5, "deterministic": True}
    booster = lightgbm.train(options | parameters, data, rounds)
    thresholds = []

    def visit(node):
        if "split_feature" in node:
            if node["decision_type"] == "<=":
                thresholds.append((node["split_feature"], float(node["threshold"])))
            visit(node["left_child"])
            visit(node["right_child"])

    for tree in booster.dump_model()["tree_info"]:
        visit(tree["tree_structure"])
    return Forest("lightgbm", "model.txt", booster.model_to_string().encode(),
                  lambda rows: booster.predict(rows, raw_score=True), booster.predict, "FP64", thresholds, categories,
                  contributions=lambda rows: shaped(booster.predict(rows, pred_contrib=True)))  # fmt: skip


def shaped(contributions):
    """LightGBM's lie side by side for several classes."""
    width = contributions.shape[1] // (COLUMNS + 1)
    return contributions if width == 1 else contributions.reshape(len(contributions), width, COLUMNS + 1)


def catboost_forest(name, seed=0, rounds=25, folder=None):
    kind, parameters = CATBOOST[name]
    values, score = table(seed)
    wanted = target(score, kind)
    if name == "several":
        wanted = numpy.stack([wanted, -2 * wanted], axis=1)
    model = catboost.CatBoost({"iterations": rounds, "depth": 4, "thread_count": 1, "random_seed": seed, "verbose": False,
                               "allow_writing_files": False} | parameters)  # fmt: skip
    model.fit(values, wanted)
    path = folder / "catboost.json"
    model.save_model(str(path), format="json")
    described = json.loads(path.read_text())
    thresholds = [(feature["flat_feature_index"], numpy.float32(border))
                  for feature in described["features_info"]["float_features"] for border in feature["borders"] or []]  # fmt: skip
    ways = {"logloss": "Probability", "cross_entropy": "Probability", "classes": "Probability",
            "one_versus_all": "Probability", "poisson": "Exponent"}  # fmt: skip

    def prediction(rows):
        found = model.predict(rows, prediction_type=ways.get(name, "RawFormulaVal"))
        return found[:, 1] if name in ("logloss", "cross_entropy") else found

    return Forest("catboost", "model.json", path.read_bytes(),
                  lambda rows: model.predict(rows, prediction_type="RawFormulaVal"), prediction, "FP64", thresholds,
                  # Its own powers of e are no nearer.
                  rounding=2.0**-50 if name in ("classes", "poisson") else 2.0**-52)  # fmt: skip


def edge_rows(forest, seed=0, count=200):
    """Values at, next below and next above every kind of threshold, missing, unseen, zero of both signs and tiny ones."""
    rng = numpy.random.default_rng(seed)
    values, _ = table(seed + 1000, forest.categories)
    rows = values[rng.integers(0, len(values), count)]
    single = forest.library != "lightgbm"
    largest = LARGE if single else numpy.inf
    special = [numpy.nan, 0.0, -0.0, 1e-36, -1e-36, 5e-324 if not single else 1e-45, largest, -largest]
    for row in rows:
        for column in range(forest.categories):
            if rng.random() < 0.3:
                row[column] = rng.choice([numpy.nan, 41, 100, 5000, 0])
        for _ in range(2):
            column = rng.integers(forest.categories, COLUMNS)
            row[column] = rng.choice(special)
        for _ in range(2 if forest.thresholds else 0):
            column, threshold = forest.thresholds[rng.integers(len(forest.thresholds))]
            towards = rng.choice([-numpy.inf, numpy.inf, numpy.nan])
            row[column] = threshold if numpy.isnan(towards) else numpy.nextafter(threshold, threshold.dtype.type(towards)
                                                                                if single else towards)  # fmt: skip
    return rows.astype(numpy.float32).astype(float) if single else rows
