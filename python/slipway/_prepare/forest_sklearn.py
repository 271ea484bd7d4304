# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's trees and what is made of them, as graphs of double precision."""
from __future__ import annotations

from . import answers
from .forest import Builder, Forest, Tree, emit

FORESTS = ("RandomForestClassifier", "ExtraTreesClassifier", "RandomForestRegressor", "ExtraTreesRegressor")
TREES = ("DecisionTreeClassifier", "ExtraTreeClassifier", "DecisionTreeRegressor", "ExtraTreeRegressor")
BOOSTED = ("GradientBoostingClassifier", "GradientBoostingRegressor")
HISTOGRAM = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
ISOLATION = ("IsolationForest",)


class NoForest(Exception):
    """Why a model cannot be written as a forest."""


def graph(build: Builder, model, values: str) -> list[str]:
    """- Parameter values: the name of the model's input, [rows, columns] of doubles.
    - Returns: the names of the answers: label and probabilities, label and score, or prediction.
    """
    name = type(model).__name__
    if name in FORESTS or name in TREES:
        return _averaged(build, model, values)
    if name in BOOSTED:
        return _boosted(build, model, values)
    if name in HISTOGRAM:
        return _histogram(build, model, values)
    return _isolation(build, model, values)


def _tree(tree, values, target: int = 0, columns=None) -> Tree:
    """- Parameter columns: which of the model's columns the tree has, by the tree's numbers."""
    features = [int(f) if f >= 0 else -1 for f in tree.feature]
    if columns is not None:
        features = [int(columns[f]) if f >= 0 else -1 for f in features]
    missing = getattr(tree, "missing_go_to_left", None)
    lefts = [bool(flag) for flag in missing] if missing is not None else [False] * len(features)
    return Tree(features, tree.threshold.tolist(), tree.children_left.tolist(), tree.children_right.tolist(),
                [float(value) for value in values], lefts, target)


def _averaged(build: Builder, model, values: str) -> list[str]:
    members = list(getattr(model, "estimators_", [model]))
    if model.n_outputs_ != 1 and hasattr(model, "classes_"):
        raise NoForest("a forest of several classified outputs")
    is_classifier = hasattr(model, "classes_")
    width = len(model.classes_) if is_classifier else model.n_outputs_
    trees = []
    for member in members:
        leaves = member.tree_.value[:, 0, :] if is_classifier else member.tree_.value[:, :, 0]
        if is_classifier:
            leaves = leaves / leaves.sum(axis=1, keepdims=True)
        trees += [_tree(member.tree_, leaves[:, target], target) for target in range(width)]
    total = emit(build, Forest(trees, width, rounds_inputs=True), values)
    mean = total
    if len(members) > 1:
        import numpy
        mean = build.node("Div", total, build.constant(numpy.array([float(len(members))])))
    return [answers.decided(build, mean, model.classes_), mean] if is_classifier else [mean]


def _boosted(build: Builder, model, values: str) -> list[str]:
    import numpy
    first = model.init_
    if first != "zero" and type(first).__name__ not in ("DummyClassifier", "DummyRegressor"):
        raise NoForest("a gradient boosting with a first estimator of its own")
    width = model.estimators_.shape[1]
    base = numpy.zeros(width) if first == "zero" else model._raw_predict_init(
        numpy.zeros((1, model.n_features_in_), numpy.float32)).ravel()
    trees = [_tree(tree.tree_, tree.tree_.value[:, 0, 0] * model.learning_rate, target)
             for stage in model.estimators_ for target, tree in enumerate(stage)]
    raw = answers.plus(build, emit(build, Forest(trees, width, rounds_inputs=True), values), base)
    if not hasattr(model, "classes_"):
        return [raw]
    if width > 1:
        return [answers.decided(build, raw, model.classes_), answers.softmax(build, raw)]
    scale = 2.0 if model.loss == "exponential" else 1.0
    probabilities = answers.sigmoid(build, raw, scale)
    return [_not_below(build, raw, model.classes_), probabilities]


def _not_below(build: Builder, raw: str, classes) -> str:
    """The second class where the raw score is zero or more."""
    import numpy
    return answers.above(build, raw, float(numpy.nextafter(0.0, -1.0)), classes)


def _histogram(build: Builder, model, values: str) -> list[str]:
    import numpy
    if getattr(model, "_preprocessor", None) is not None:
        values = _encoded(build, model, values)
    width = model.n_trees_per_iteration_
    trees = [_grown(predictor, target) for stage in model._predictors for target, predictor in enumerate(stage)]
    raw = answers.plus(build, emit(build, Forest(trees, width), values), model._baseline_prediction)
    if not hasattr(model, "classes_"):
        link = type(model._loss.link).__name__
        if link not in ("IdentityLink", "LogLink"):
            raise NoForest(f"a gradient boosting with {link}")
        return [build.node("Exp", raw) if link == "LogLink" else raw]
    if width > 1:
        probabilities = answers.softmax(build, raw)
        return [answers.decided(build, raw, model.classes_), probabilities]
    return [answers.above(build, raw, 0.0, model.classes_) if _ties_low() else _not_below(build, raw, model.classes_),
            answers.sigmoid(build, raw)]


def _ties_low() -> bool:
    """Whether scikit-learn gives the first class to a raw score of exactly zero: up to 1.4, as the largest of two."""
    import sklearn
    return tuple(int(part) for part in sklearn.__version__.split(".")[:2]) < (1, 5)


def _grown(predictor, target: int) -> Tree:
    nodes = predictor.nodes
    members = {}
    for index, node in enumerate(nodes):
        if node["is_categorical"]:
            bits = predictor.raw_left_cat_bitsets[node["bitset_idx"]]
            members[index] = [float(v) for v in range(256) if bits[v // 32] >> (v % 32) & 1]
    return Tree([-1 if node["is_leaf"] else int(node["feature_idx"]) for node in nodes],
                nodes["num_threshold"].tolist(), [int(n) for n in nodes["left"]], [int(n) for n in nodes["right"]],
                nodes["value"].tolist(), [bool(flag) for flag in nodes["missing_go_to_left"]], target, members)


def _encoded(build: Builder, model, values: str) -> str:
    """Categorical columns first, as numbers of their categories; what is no category is missing."""
    import numpy
    chosen = numpy.asarray(model.is_categorical_, bool)
    kept = model._preprocessor.named_transformers_["encoder"].categories_
    columns = []
    for column, known in zip(numpy.flatnonzero(chosen), kept):
        own = build.node("Gather", values, build.constant(numpy.array([column])), axis=1)
        if numpy.asarray(known).dtype.kind not in "iufb":
            # Texts were made the numbers of their categories before they could stand in a matrix.
            columns.append(own)
            continue
        there = [float(value) for value in known if value == value]
        code = build.node("LabelEncoder", own, domain="ai.onnx.ml", keys_tensor=_doubles(there),
                          values_tensor=_doubles(range(len(there))), default_tensor=_doubles([numpy.nan]))
        columns.append(code)
    rest = build.node("Gather", values, build.constant(numpy.flatnonzero(~chosen)), axis=1)
    return build.node("Concat", *columns, rest, axis=1)


def _doubles(values):
    import numpy
    from onnx import numpy_helper
    return numpy_helper.from_array(numpy.array(list(values), numpy.float64), "values")


def _isolation(build: Builder, model, values: str) -> list[str]:
    """The score is 2 to the power of the mean depth at which a row stands alone, negated, as a share of the usual one."""
    import numpy
    from sklearn.ensemble._iforest import _average_path_length
    trees = []
    for number, (member, columns) in enumerate(zip(model.estimators_, model.estimators_features_)):
        depths = model._decision_path_lengths[number] + model._average_path_length_per_tree[number] - 1.0
        trees.append(_tree(member.tree_, depths, columns=columns))
    depth = emit(build, Forest(trees, rounds_inputs=True), values)
    usual = len(model.estimators_) * float(_average_path_length([model._max_samples])[0])
    power = build.node("Neg", build.node("Div", depth, build.constant(numpy.array([usual]))))
    outlying = build.node("Exp", answers.times(build, power, float(numpy.log(2.0))))
    score = build.node("Sub", build.node("Neg", outlying), build.constant(numpy.array([float(model.offset_)])))
    return [answers.above(build, score, float(numpy.nextafter(0.0, -1.0)), numpy.array([-1, 1])), score]
