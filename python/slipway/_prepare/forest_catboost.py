# SPDX-License-Identifier: Apache-2.0
"""CatBoost's symmetric trees of numeric columns, read from its JSON, as a graph of double precision."""
from __future__ import annotations

import json
import tempfile
from pathlib import Path

from . import answers
from .forest import Builder, Forest, Tree, emit
from .forest_sklearn import NoForest

EXPONENTIAL = ("Poisson", "Tweedie")
SIGMOID = ("Logloss", "CrossEntropy")
SOFTMAX = ("MultiClass",)


def graph(build: Builder, model, values: str) -> list[str]:
    """As forest_sklearn.graph."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        described = json.loads(path.read_text("utf-8"))
    features = described["features_info"]
    for kind in ("categorical_features", "text_features", "embedding_features"):
        if features.get(kind):
            raise NoForest(f"CatBoost with {kind.replace('_', ' ')}")
    if "oblivious_trees" not in described:
        raise NoForest("CatBoost's trees that are not symmetric")
    floats = {entry["feature_index"]: entry for entry in features["float_features"]}
    scale, bias = described.get("scale_and_bias", [1.0, [0.0]])
    width = max(len(bias), 1)
    trees = [tree for described_tree in described["oblivious_trees"]
             for tree in _trees(described_tree, floats, width, scale)]
    raw = answers.plus(build, emit(build, Forest(trees, width, rounds_inputs=True), values), bias or [0.0])
    return _answers(build, model, raw, width)


def _trees(described: dict, floats: dict[int, dict], width: int, scale: float) -> list[Tree]:
    """One tree for each output: at each depth the same split, whose bit is set where the value is larger."""
    import numpy
    splits = described.get("splits") or []
    if any(split["split_type"] != "FloatFeature" for split in splits):
        raise NoForest("CatBoost with splits that are not of numbers")
    depth = len(splits)
    inner = 2**depth - 1
    features, thresholds, lefts, rights, missing = [], [], [], [], []
    for node in range(inner):
        level = (node + 1).bit_length() - 1
        split = splits[depth - 1 - level]
        entry = floats[split["float_feature_index"]]
        features.append(int(entry.get("flat_feature_index", split["float_feature_index"])))
        thresholds.append(float(numpy.float32(split["border"])))
        lefts.append(2 * node + 1)
        rights.append(2 * node + 2)
        missing.append(entry.get("nan_value_treatment") != "AsTrue")
    leaves = numpy.asarray(described["leaf_values"], float).reshape(2**depth, width) * scale
    empty = [0] * 2**depth
    return [Tree(features + [-1] * 2**depth, thresholds + [0.0] * 2**depth, lefts + empty, rights + empty,
                 [0.0] * inner + leaves[:, target].tolist(), missing + [False] * 2**depth, target)
            for target in range(width)]


def _answers(build: Builder, model, raw: str, width: int) -> list[str]:
    loss = str(model.get_all_params().get("loss_function", "")).split(":")[0]
    is_classifier = hasattr(model, "predict_proba")
    if is_classifier and loss in SIGMOID and width == 1:
        return [answers.above(build, raw, 0.0, model.classes_), answers.sigmoid(build, raw)]
    if is_classifier and loss in SOFTMAX:
        return [answers.decided(build, raw, model.classes_), answers.softmax(build, raw)]
    if is_classifier:
        raise NoForest(f"CatBoost's classifier with the loss {loss}")
    if loss in EXPONENTIAL and type(model).__name__ == "CatBoostRegressor":
        return [build.node("Exp", raw)]
    return [raw]
