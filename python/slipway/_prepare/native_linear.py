# SPDX-License-Identifier: Apache-2.0
"""Linear models, and the decisions and probabilities that are made of scores."""
from __future__ import annotations

from typing import Collection

from .native_sheet import Sheet
from .native_table import Column, NoForm, Table, plain

SOFTMAX, SIGMOID, SCORES = "softmax", "sigmoid", "scores"
CLASSIFIERS = {"LogisticRegression": SOFTMAX, "LogisticRegressionCV": SOFTMAX, "SGDClassifier": SIGMOID,
               "LinearSVC": SCORES, "RidgeClassifier": SCORES, "RidgeClassifierCV": SCORES, "Perceptron": SCORES,
               "PassiveAggressiveClassifier": SCORES, "LinearDiscriminantAnalysis": SOFTMAX}
REGRESSORS = ("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "Lars", "LarsCV",
              "LassoLars", "LassoLarsCV", "LassoLarsIC", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV",
              "BayesianRidge", "ARDRegression", "HuberRegressor", "TheilSenRegressor", "SGDRegressor",
              "PassiveAggressiveRegressor", "LinearSVR", "QuantileRegressor", "MultiTaskLasso", "MultiTaskLassoCV",
              "MultiTaskElasticNet", "MultiTaskElasticNetCV", "PoissonRegressor", "GammaRegressor", "TweedieRegressor")


def classifier(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    name, wanted = type(model).__name__, CLASSIFIERS[type(model).__name__]
    if isinstance(model.classes_, list) or (wanted == SIGMOID and "predict_proba" in wants and model.loss != "log_loss"):
        raise NoForm(f"{name} of several outputs, or with a loss of its own")
    if wanted == SOFTMAX and (getattr(model, "multi_class", "auto") == "ovr" or getattr(model, "solver", "") == "liblinear"):
        # As older releases have it for several classes: one against the others.
        wanted = SIGMOID
    scores = sheet.linear(table, _matrix(model.coef_), model.intercept_, "scores")
    return classified(sheet, scores, model.classes_, wants, wanted)


def classified(sheet: Sheet, scores: Column, classes, wants: Collection[str], kind: str) -> dict[str, Column]:
    """What a classifier answers to its scores, one for two classes."""
    found: dict[str, Column] = {}
    if "decision_function" in wants:
        found["decision_function"] = sheet.copied([scores])[0]
    if "predict" in wants:
        found["predict"] = decided(sheet, sheet.copied([scores])[0], classes, 0.0)
    if "predict_proba" in wants:
        if kind == SCORES:
            raise NoForm("probabilities of a model that has none")
        if scores.count > 1:
            probabilities = sheet.copied([scores])[0]
            if kind == SOFTMAX:
                sheet.add("softmax", [probabilities])
            else:
                sheet.add("apply", [probabilities], function="sigmoid")
                sheet.add("normalise", [probabilities], norm="l1")
        else:
            probabilities = both(sheet, sheet.copied([scores])[0])
        found["predict_proba"] = probabilities
    return found


def both(sheet: Sheet, score: Column) -> Column:
    """Of two classes, the probabilities of both: the second one's is the sigmoid of the score."""
    sheet.add("apply", [score], function="sigmoid")
    first = sheet.copied([score])[0]
    sheet.add("scale", [first], multiply=[-1.0], add=[1.0])
    return sheet.joined([first, score], "probabilities", score.datatype)


def decided(sheet: Sheet, scores: Column, classes, threshold: float | None = None) -> Column:
    """The class of the largest score; of one score, whether it is above the threshold."""
    import numpy
    listed = numpy.asarray(classes).tolist()
    kinds = {type(value) for value in listed}
    if len(kinds) != 1 or not kinds <= {str, int, float, bool}:
        raise NoForm("classes of different kinds")
    datatype = {str: "BYTES", int: "INT64", float: "FP64", bool: "BOOL"}[kinds.pop()]
    made = Column(sheet.graph.fresh("label"), datatype)
    sheet.add("decide", [scores], classes=listed, threshold=threshold if scores.count == 1 else None,
              **{"as": made.name})
    return made


def _matrix(coefficients):
    return coefficients.toarray() if hasattr(coefficients, "toarray") else coefficients


def regressor(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    made = sheet.linear(table, _matrix(model.coef_), getattr(model, "intercept_", 0.0), "prediction")
    if hasattr(model, "_base_loss"):
        link = type(model._base_loss.link).__name__
        if link == "LogLink":
            sheet.add("apply", [made], function="exp")
        elif link != "IdentityLink":
            raise NoForm(f"{type(model).__name__} with {link}")
    return {"predict": made}


def dummy_classifier(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    """Answers the same to every row."""
    import numpy
    if model.n_outputs_ != 1 or model.strategy not in ("prior", "most_frequent", "constant"):
        raise NoForm(f"DummyClassifier with the strategy “{model.strategy}”")
    shares = numpy.asarray(model.class_prior_, float)
    if model.strategy == "constant":
        chosen = numpy.asarray(model.classes_) == numpy.asarray(model.constant).ravel()[0]
    else:
        chosen = numpy.arange(len(shares)) == shares.argmax()
    found: dict[str, Column] = {}
    if "predict" in wants:
        found["predict"] = decided(sheet, constant(sheet, table, chosen.astype(float)), model.classes_)
    if "predict_proba" in wants:
        values = shares if model.strategy == "prior" else chosen.astype(float)
        found["predict_proba"] = constant(sheet, table, values)
    return found


def constant(sheet: Sheet, table: Table, values) -> Column:
    """The same values in every row, whatever stands in its first column."""
    source = sheet.picked(table, [0], [0]).columns[0]
    listed = plain(values)
    sheet.add("lookup", [source], keys=[[None]], values=[[listed]], unseen=listed, to="FP64")
    return Column(source.name, "FP64", len(listed))


def dummy_regressor(sheet: Sheet, table: Table, model, wants: Collection[str]) -> dict[str, Column]:
    import numpy
    return {"predict": constant(sheet, table, numpy.asarray(model.constant_, float).ravel())}


FINALS = {**dict.fromkeys(CLASSIFIERS, classifier), **dict.fromkeys(REGRESSORS, regressor),
          "DummyClassifier": dummy_classifier, "DummyRegressor": dummy_regressor}
