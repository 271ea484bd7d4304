# SPDX-License-Identifier: Apache-2.0
"""Forests of every kind that the libraries grow, and rows that lie where trees decide."""

import json
from dataclasses import dataclass, field

import catboost
import lightgbm
import numpy
import pandas
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
    if kind in ("binary", "relevant"):
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
    "aft": ("positive", {"objective": "survival:aft", "aft_loss_distribution": "logistic"}),
    "pairs": ("rank", {"objective": "rank:pairwise"}),
    "map": ("relevant", {"objective": "rank:map"}),
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
# What a category may be called: of every length that its number is made in another way for, and whole numbers.
WORDS = ["", "a", "red", "blue", "eight888", "nine99999", "sixteen_letters_", "seventeen_letters", "Ü" * 16, "x" * 33,
         "thirty-two letters are in these!", "y" * 64, "z" * 65, "long " * 40, "東京", "0", "-7"]  # fmt: skip
CATEGORIES = {
    "counters": ("number", {"loss_function": "RMSE"}),
    "one_hot": ("binary", {"loss_function": "Logloss", "one_hot_max_size": 50}),
    "combinations": ("binary", {"loss_function": "Logloss", "one_hot_max_size": 3, "max_ctr_complexity": 4, "depth": 6}),
    "classes": ("classes", {"loss_function": "MultiClass", "max_ctr_complexity": 3}),
    "buckets": ("classes", {"loss_function": "MultiClass", "simple_ctr": ["Buckets:Prior=0.3"],
                            "combinations_ctr": ["Buckets", "Counter"]}),
    "means": ("number", {"loss_function": "RMSE", "simple_ctr": ["BinarizedTargetMeanValue:Prior=0.2"],
                         "combinations_ctr": ["BinarizedTargetMeanValue"], "max_ctr_complexity": 2}),
    "fine_means": ("number", {"loss_function": "RMSE", "simple_ctr": ["BinarizedTargetMeanValue:TargetBorderCount=5"],
                              "combinations_ctr": ["BinarizedTargetMeanValue:TargetBorderCount=4"]}),
    "targets": ("number", {"loss_function": "RMSE", "simple_ctr": ["Borders:TargetBorderCount=4:CtrBorderCount=300"],
                           "combinations_ctr": ["Buckets:TargetBorderCount=3", "Borders"]}),
    "counts_alone": ("number", {"loss_function": "RMSE", "simple_ctr": ["Counter:Prior=0.7"], "max_ctr_complexity": 3,
                                "combinations_ctr": ["Counter"], "counter_calc_method": "Full"}),
    "all": ("binary", {"loss_function": "Logloss", "one_hot_max_size": 6, "max_ctr_complexity": 3, "depth": 8,
                       "simple_ctr": ["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"],
                       "combinations_ctr": ["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"]}),
    # Some of its trees ask nothing.
    "bare": ("number", {"loss_function": "RMSE", "rsm": 0.2, "depth": 2}),
    "depth_wise": ("number", {"loss_function": "RMSE", "grow_policy": "Depthwise", "one_hot_max_size": 3}),
    "leaf_wise": ("classes", {"loss_function": "MultiClass", "grow_policy": "Lossguide", "max_leaves": 30, "depth": 9,
                              "max_ctr_complexity": 2}),
}  # fmt: skip
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
    "huber": ("number", {"loss_function": "Huber:delta=0.7"}),
    "expectile": ("number", {"loss_function": "Expectile:alpha=0.3"}),
    "power": ("number", {"loss_function": "Lq:q=3"}),
    "shares": ("positive", {"loss_function": "MAPE"}),
    "log_linear": ("positive", {"loss_function": "LogLinQuantile:alpha=0.6"}),
    "tweedie": ("count", {"loss_function": "Tweedie:variance_power=1.5"}),
    "quantiles": ("number", {"loss_function": "MultiQuantile:alpha=0.2,0.5,0.9"}),
    "focal": ("binary", {"loss_function": "Focal:focal_alpha=0.4;focal_gamma=2.0"}),
    "cox": ("positive", {"loss_function": "Cox"}),
    "queries": ("rank", {"loss_function": "QueryRMSE"}),
    "pairs": ("rank", {"loss_function": "YetiRank"}),
    "nan_largest": ("number", {"loss_function": "RMSE", "nan_mode": "Max"}),
    "deep": ("number", {"loss_function": "RMSE", "depth": 10}),
    "many_borders": ("number", {"loss_function": "RMSE", "border_count": 1000, "depth": 9, "nan_mode": "Max"}),
    "depth_wise": ("number", {"loss_function": "RMSE", "grow_policy": "Depthwise", "depth": 6}),
    "leaf_wise": ("binary", {"loss_function": "Logloss", "grow_policy": "Lossguide", "max_leaves": 40, "depth": 16}),
    "leaf_wise_classes": ("classes", {"loss_function": "MultiClass", "grow_policy": "Lossguide", "max_leaves": 12}),
    "depth_wise_largest": ("number", {"loss_function": "RMSE", "grow_policy": "Depthwise", "nan_mode": "Max"}),
}


def xgboost_forest(name, seed=0, rounds=25, ending="ubj"):
    kind, parameters = XGBOOST[name]
    categories = 2 if name in ("one_hot", "partitions") else 0
    values, score = table(seed, categories)
    kinds = ["c"] * categories + ["q"] * (COLUMNS - categories)
    data = xgboost.DMatrix(values.astype(numpy.float32), target(score, kind), feature_types=kinds,
                           enable_categorical=bool(categories))  # fmt: skip
    if kind in ("rank", "relevant"):
        data.set_group([20] * (ROWS // 20))
    if name == "aft":
        # Every third row is only known to have lasted longer.
        data.set_float_info("label_lower_bound", data.get_label())
        data.set_float_info("label_upper_bound", numpy.where(numpy.arange(ROWS) % 3, data.get_label(), numpy.inf))
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
    model.fit(values, wanted, group_id=numpy.arange(ROWS) // 20 if kind == "rank" else None)
    path = folder / "catboost.json"
    model.save_model(str(path), format="json")
    described = json.loads(path.read_text())
    thresholds = [(feature["flat_feature_index"], numpy.float32(border))
                  for feature in described["features_info"]["float_features"] for border in feature["borders"] or []]  # fmt: skip
    ways = {"logloss": "Probability", "cross_entropy": "Probability", "classes": "Probability",
            "one_versus_all": "Probability", "poisson": "Exponent", "leaf_wise": "Probability",
            "leaf_wise_classes": "Probability", "focal": "Probability", "tweedie": "Exponent"}  # fmt: skip

    def prediction(rows):
        found = model.predict(rows, prediction_type=ways.get(name, "RawFormulaVal"))
        return found[:, 1] if name in ("logloss", "cross_entropy", "leaf_wise", "focal") else found

    return Forest("catboost", "model.json", path.read_bytes(),
                  lambda rows: model.predict(rows, prediction_type="RawFormulaVal"), prediction, "FP64", thresholds,
                  # Its own powers of e are no nearer.
                  rounding=2.0**-50 if name in ("classes", "leaf_wise_classes", "poisson", "tweedie") else 2.0**-52)  # fmt: skip


def category_table(seed, count=ROWS):
    """Two columns of numbers, three of texts, and one of whole numbers, in turn."""
    rng = numpy.random.default_rng(seed)
    frame = pandas.DataFrame({
        "few": rng.choice(WORDS[:3], count), "x": rng.normal(size=count), "many": rng.choice(WORDS, count),
        "code": rng.choice([0, 1, -7, 12, 2**31, -(2**62), 345], count), "y": rng.normal(size=count),
        "rare": [f"c{number}" for number in rng.geometric(0.05, count)],
    })  # fmt: skip
    frame.loc[rng.random(count) < 0.1, "x"] = numpy.nan
    known = frame.x.fillna(0)
    score = known + frame.many.str.len() % 3 + (frame.few == "a") * (frame.code == 12) * 2 + (frame.rare == "c1") * known
    return frame, (score + rng.normal(size=count) / 3).to_numpy()


def category_forest(name, seed=0, rounds=30, folder=None):
    """CatBoost on columns of texts and whole numbers beside numbers."""
    kind, parameters = CATEGORIES[name]
    frame, score = category_table(seed)
    columns = ["few", "many", "code", "rare"]
    model = catboost.CatBoost({"iterations": rounds, "depth": 4, "thread_count": 1, "random_seed": seed, "verbose": False,
                               "allow_writing_files": False} | parameters)  # fmt: skip
    model.fit(frame, target(score, kind), cat_features=columns)
    path = folder / "catboost.json"
    model.save_model(str(path), format="json")

    def margins(rows):
        return model.predict(rows, prediction_type="RawFormulaVal")

    return Forest("catboost", "model.json", path.read_bytes(), margins, margins, "FP64")


def category_rows(seed, count=300):
    """Of the table, unseen categories, and numbers where the others decide."""
    rng = numpy.random.default_rng(seed + 1)
    rows, _ = category_table(seed + 1, count)
    unseen = {"few": WORDS + ["new"], "many": ["new", "red ", "RED", "w" * 100], "code": [7, 2**63 - 1, -(2**63), 13],
              "rare": ["c0", "c999", ""]}  # fmt: skip
    for column, values in unseen.items():
        chosen = rng.random(count) < 0.2
        rows.loc[chosen, column] = rng.choice(numpy.array(values, numpy.int64 if column == "code" else object), chosen.sum())
    rows.loc[rng.random(count) < 0.1, "y"] = 0.0
    for column in ("x", "y"):
        rows[column] = rows[column].astype(numpy.float32).astype(float)
    return rows


def edge_rows(forest, seed=0, count=200, usual=False):
    """Values at, next below and next above every kind of threshold, missing, unseen, zero of both signs and tiny ones.

    Usual ones are neither missing nor tiny: an engine may have a shorter way for them.
    """
    rng = numpy.random.default_rng(seed)
    values, _ = table(seed + 1000, forest.categories, missing=0 if usual else 0.1)
    rows = values[rng.integers(0, len(values), count)]
    single = forest.library != "lightgbm"
    largest = LARGE if single else numpy.inf
    special = [numpy.nan, 0.0, -0.0, 1e-36, -1e-36, 5e-324 if not single else 1e-45, largest, -largest]
    if usual:
        special = [0.0, -0.0, largest, -largest, 1.0]
    for row in rows:
        for column in range(forest.categories):
            if rng.random() < 0.3:
                row[column] = rng.choice([41 if usual else numpy.nan, 41, 100, 5000, 0])
        for _ in range(2):
            column = rng.integers(forest.categories, COLUMNS)
            row[column] = rng.choice(special)
        for _ in range(2 if forest.thresholds else 0):
            column, threshold = forest.thresholds[rng.integers(len(forest.thresholds))]
            towards = rng.choice([-numpy.inf, numpy.inf, numpy.nan])
            row[column] = threshold if numpy.isnan(towards) else numpy.nextafter(threshold, threshold.dtype.type(towards)
                                                                                if single else towards)  # fmt: skip
    return rows.astype(numpy.float32).astype(float) if single else rows
