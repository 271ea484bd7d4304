# SPDX-License-Identifier: Apache-2.0
"""LightGBM's trees, read from its dump, as a graph of double precision."""
from __future__ import annotations

from . import answers
from .forest import Builder, Forest, Tree, emit
from .forest_sklearn import NoForest

IDENTITY = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom",
            "none", "")
EXPONENTIAL = ("poisson", "gamma", "tweedie")
SIGMOID = ("binary", "cross_entropy")


def graph(build: Builder, model, values: str) -> list[str]:
    """As forest_sklearn.graph, for a Booster or a model of the scikit-learn API."""
    booster = getattr(model, "booster_", None) if hasattr(model, "_Booster") else model
    described = booster.dump_model()
    width = described["num_tree_per_iteration"]
    trees = [_tree(tree["tree_structure"], index % width) for index, tree in enumerate(described["tree_info"])]
    objective, _, options = str(described.get("objective", "")).partition(" ")
    raw = emit(build, Forest(trees, width), values)
    if described.get("average_output"):
        raw = answers.times(build, raw, width / max(len(trees), 1))
    return _answers(build, model, raw, objective, options.split())


def _tree(root: dict, target: int) -> Tree:
    tree = Tree([], [], [], [], [], [], target)
    _visit(root, tree)
    return tree


def _visit(node: dict, tree: Tree) -> int:
    index = len(tree.features)
    is_leaf = "leaf_value" in node
    tree.features.append(-1 if is_leaf else int(node["split_feature"]))
    tree.values.append(float(node.get("leaf_value", 0.0)))
    for values, empty in ((tree.thresholds, 0.0), (tree.lefts, 0), (tree.rights, 0), (tree.missing_left, False)):
        values.append(empty)
    if is_leaf:
        if "leaf_coeff" in node:
            raise NoForest("LightGBM's trees with linear leaves")
        return index
    if node["missing_type"] == "Zero":
        raise NoForest("LightGBM's trees that take zero for missing")
    if node["decision_type"] == "==":
        tree.members[index] = [float(value) for value in str(node["threshold"]).split("||")]
    else:
        tree.thresholds[index] = float(node["threshold"])
        # Where nothing was missing in training, LightGBM takes a missing value for zero.
        is_zero = node["missing_type"] == "None"
        tree.missing_left[index] = 0.0 <= tree.thresholds[index] if is_zero else bool(node["default_left"])
    tree.lefts[index] = _visit(node["left_child"], tree)
    tree.rights[index] = _visit(node["right_child"], tree)
    return index


def _answers(build: Builder, model, raw: str, objective: str, options: list[str]) -> list[str]:
    classes = getattr(model, "classes_", None) if hasattr(model, "_Booster") else None
    given = dict(option.split(":", 1) for option in options if ":" in option)
    if objective in SIGMOID:
        probabilities = answers.sigmoid(build, raw, float(given.get("sigmoid", 1.0)))
        second = build.node("Gather", probabilities, build.constant([1]), axis=1)
        return [second] if classes is None else [answers.decided(build, probabilities, classes), probabilities]
    if objective in ("multiclass", "multiclassova"):
        scaled = answers.times(build, raw, float(given.get("sigmoid", 1.0)))
        probabilities = (answers.softmax(build, raw) if objective == "multiclass"
                         else answers.normalised_sigmoids(build, scaled))
        return [probabilities] if classes is None else [answers.decided(build, probabilities, classes), probabilities]
    if classes is not None:
        raise NoForest(f"LightGBM's classifier with the objective {objective}")
    if "sqrt" in options:
        return [build.node("Mul", build.node("Sign", raw), build.node("Mul", raw, raw))]
    if objective in EXPONENTIAL:
        return [build.node("Exp", raw)]
    if objective in IDENTITY:
        return [raw]
    raise NoForest(f"LightGBM's objective {objective}")
