# SPDX-License-Identifier: Apache-2.0
"""Where the trees of a model split its columns."""
from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

from . import parts


@dataclass(frozen=True)
class Splits:
    """Thresholds by number of the column, sorted, each once; and whether some are of values made from the columns."""

    thresholds: dict[int, list[float]]
    are_hidden: bool

    @property
    def is_empty(self) -> bool:
        return not self.thresholds and not self.are_hidden


def splits(model: object, names: list[str] | None = None) -> Splits:
    found: dict[int, set[float]] = defaultdict(set)
    are_hidden = False
    for part in parts.walk(model):
        own = _own(part.estimator, names)
        if own and not part.is_direct:
            are_hidden = True
            continue
        for feature, threshold in own:
            column = part.features[feature] if part.features is not None else feature
            found[column].add(float(threshold))
    return Splits({column: sorted(values) for column, values in sorted(found.items())}, are_hidden)


def _own(estimator: object, names: list[str] | None) -> list[tuple[int, float]]:
    """The splits of one estimator, without those of its members."""
    tree = getattr(estimator, "tree_", None)
    if tree is not None and hasattr(tree, "threshold"):
        return [(int(f), float(t)) for f, t in zip(tree.feature, tree.threshold) if f >= 0]
    if hasattr(estimator, "_predictors"):
        return _histogram(estimator)
    module = type(estimator).__module__.split(".")[0]
    if module == "xgboost":
        return _xgboost(estimator)
    if module == "lightgbm":
        return _lightgbm(estimator)
    if module in ("catboost", "_catboost"):
        return _catboost(estimator)
    return []


def _histogram(estimator) -> list[tuple[int, float]]:
    """Of scikit-learn's HistGradientBoosting, which encodes categorical columns before the others."""
    if getattr(estimator, "_preprocessor", None) is not None:
        return []
    nodes = [node for stage in estimator._predictors for predictor in stage for node in predictor.nodes]
    return [(int(node["feature_idx"]), float(node["num_threshold"])) for node in nodes
            if not node["is_leaf"] and not node["is_categorical"]]


def _xgboost(estimator) -> list[tuple[int, float]]:
    import numpy
    booster = estimator.get_booster() if hasattr(estimator, "get_booster") else estimator
    if not hasattr(booster, "get_dump"):
        return []
    names = {name: index for index, name in enumerate(booster.feature_names or [])}
    found: list[tuple[int, float]] = []

    def visit(node: dict) -> None:
        if "split_condition" in node and isinstance(node["split_condition"], (int, float)):
            split = node["split"]
            index = names[split] if split in names else int(split[1:])
            found.append((index, float(numpy.float32(node["split_condition"]))))
        for child in node.get("children", []):
            visit(child)

    for text in booster.get_dump(dump_format="json"):
        visit(json.loads(text))
    return found


def _lightgbm(estimator) -> list[tuple[int, float]]:
    booster = getattr(estimator, "booster_", None) if hasattr(estimator, "_Booster") else estimator
    if booster is None or not hasattr(booster, "dump_model"):
        return []
    found: list[tuple[int, float]] = []

    def visit(node: dict) -> None:
        if node.get("decision_type") == "<=":
            found.append((int(node["split_feature"]), float(node["threshold"])))
        for side in ("left_child", "right_child"):
            if side in node:
                visit(node[side])

    for tree in booster.dump_model()["tree_info"]:
        visit(tree["tree_structure"])
    return found


def _catboost(estimator) -> list[tuple[int, float]]:
    """CatBoost numbers its columns of numbers apart; `get_borders` gives them by the column's own number."""
    if not hasattr(estimator, "get_borders") or not estimator.is_fitted():
        return []
    return [(int(column), float(border)) for column, borders in estimator.get_borders().items() for border in borders]
