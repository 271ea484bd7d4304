# SPDX-License-Identifier: Apache-2.0
"""XGBoost's trees, read from the library's own JSON, as a graph of double precision."""
from __future__ import annotations

import json

from . import answers
from .forest import LT, Builder, Forest, Tree, emit
from .forest_sklearn import NoForest

SIGMOID = ("binary:logistic", "reg:logistic")
EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox")
IDENTITY = ("reg:squarederror", "reg:absoluteerror", "reg:quantileerror", "reg:pseudohubererror", "reg:squaredlogerror",
            "rank:ndcg", "rank:pairwise", "rank:map", "binary:logitraw")
SOFTMAX = ("multi:softprob", "multi:softmax")


def graph(build: Builder, model, values: str) -> list[str]:
    """As forest_sklearn.graph, for a Booster or a model of the scikit-learn API."""
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    objective = learner["objective"]["name"]
    gradient = learner["gradient_booster"]
    weights = None
    if gradient.get("name") == "dart":
        weights, gradient = gradient["weight_drop"], gradient["gbtree"]
    if gradient.get("name") == "gblinear":
        raise NoForest("XGBoost's gblinear")
    described = gradient["model"]
    parallel = int(described["gbtree_model_param"].get("num_parallel_tree", 1) or 1)
    parameters = learner["learner_model_param"]
    width = max(int(parameters.get("num_class", 0)), int(parameters.get("num_target", 1)), 1)
    last = _last_round(model)
    stop = len(described["trees"]) if last is None else (last + 1) * parallel * width
    trees = [_tree(tree, described["tree_info"][index], 1.0 if weights is None else weights[index])
             for index, tree in enumerate(described["trees"][:stop])]
    # XGBoost compares and sums float32; its thresholds and leaves are doubles that float32 holds.
    raw = emit(build, Forest(trees, width, LT, rounds_inputs=True), values)
    raw = answers.plus(build, raw, _base(parameters["base_score"], objective, width))
    return _answers(build, model, raw, objective, width, hasattr(model, "get_booster"))


def _last_round(model) -> int | None:
    """With early stopping, the scikit-learn API answers with the best round."""
    if not hasattr(model, "get_booster"):
        return None
    try:
        return int(model.best_iteration)
    except AttributeError:
        return None


def _tree(tree: dict, target: int, weight: float) -> Tree:
    import numpy
    if int(tree["tree_param"].get("size_leaf_vector", 1) or 1) > 1:
        raise NoForest("XGBoost's trees with several values a leaf")
    lefts, rights = tree["left_children"], tree["right_children"]
    conditions = numpy.array(tree["split_conditions"], numpy.float32).astype(float).tolist()
    features = [-1 if left < 0 else feature for left, feature in zip(lefts, tree["split_indices"])]
    if any(tree.get("split_type", [])):
        lefts, rights, members, missing = _categorical(tree, lefts, rights)
    else:
        members, missing = {}, [bool(flag) for flag in tree["default_left"]]
    return Tree(features, conditions, list(lefts), list(rights), [value * weight for value in conditions], missing,
                target, members)


def _categorical(tree: dict, lefts: list[int], rights: list[int]):
    """XGBoost keeps the categories that go right: those nodes are turned around."""
    lefts, rights = list(lefts), list(rights)
    missing = [bool(flag) for flag in tree["default_left"]]
    members: dict[int, list[float]] = {}
    for node, start, size in zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"]):
        members[node] = [float(value) for value in tree["categories"][start:start + size]]
        lefts[node], rights[node] = rights[node], lefts[node]
        missing[node] = not missing[node]
    return lefts, rights, members, missing


def _base(text: str, objective: str, width: int) -> list[float]:
    """The base score as a margin; from XGBoost 3.1 on, one of each output."""
    import numpy
    values = json.loads(text) if text.startswith("[") else [float(text)]
    base = numpy.array(values, numpy.float32).astype(float)
    if objective in SIGMOID:
        base = -numpy.log(1.0 / base - 1.0)
    elif objective in EXPONENTIAL:
        base = numpy.log(base)
    return numpy.broadcast_to(base, (width,)).tolist()


def _answers(build: Builder, model, raw: str, objective: str, width: int, is_estimator: bool) -> list[str]:
    is_classifier = is_estimator and hasattr(model, "classes_")
    if objective in SIGMOID and width == 1:
        probabilities = answers.sigmoid(build, raw)
        second = build.node("Gather", probabilities, build.constant([1]), axis=1)
        return [answers.above(build, second, 0.5, model.classes_), probabilities] if is_classifier else [second]
    if objective in SOFTMAX:
        probabilities = answers.softmax(build, raw)
        if is_classifier:
            return [answers.decided(build, probabilities, model.classes_), probabilities]
        if objective == "multi:softprob":
            return [probabilities]
    if is_classifier:
        raise NoForest(f"XGBoost's classifier with the objective {objective}")
    if objective in EXPONENTIAL:
        return [build.node("Exp", raw)]
    if objective in IDENTITY:
        return [raw]
    raise NoForest(f"XGBoost's objective {objective}")
