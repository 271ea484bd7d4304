# SPDX-License-Identifier: Apache-2.0
"""Whole models by name: columns of every kind, then what decides."""

from __future__ import annotations

from typing import Callable

import edges
import lightgbm
import numpy
import xgboost
from sklearn import dummy, ensemble, linear_model, naive_bayes, neighbors, svm, tree
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest, chi2
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures,
    RobustScaler, StandardScaler, TargetEncoder)  # fmt: skip
from transformers import EXACT, NEAR, Case

NUMBERS, TEXTS = ["age", "income", "visits"], ["plan", "town"]
LOOSE = 1e-9
"""What is left of twelve digits after a large sum, or a power of e."""
SMALL = 1e-12


def columns(encoder=None, remainder="drop", **options):
    encoder = encoder or OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
        ("texts", make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), encoder), TEXTS)],
        remainder=remainder, **options)  # fmt: skip


def wanted(table, count=2):
    score = table["age"].fillna(40) / 12 + (table["plan"] == "gold") * 2 + numpy.random.default_rng(4).normal(size=len(table))
    return numpy.digitize(score, numpy.quantile(score, numpy.linspace(0, 1, count + 1)[1:-1]))


def on_table(model, relative=LOOSE, absolute=SMALL, count=2, names=None, amount=False, rows=None) -> Case:
    table = edges.frame(3, rows=400)
    target = numpy.exp(table["age"].fillna(40) / 30) if amount else wanted(table, count)
    if names:
        target = numpy.array(names)[target]
    # Numbers of every size would decide everything: only some rows have them.
    asked = edges.odd(edges.frame(5)) if rows is None else rows
    asked = asked[numpy.abs(asked["age"].fillna(0)) < 1e6]
    asked = asked[numpy.abs(asked["income"]) < 1e6]
    return Case(model.fit(table, target), asked, relative, absolute)


def on_matrix(model, relative=LOOSE, absolute=SMALL, count=2, amount=False, dtype=numpy.float64, shift=0.0) -> Case:
    values = edges.usual(6, dtype, 5) + dtype(shift)
    score = values @ numpy.arange(1, 6) + numpy.random.default_rng(1).normal(size=len(values))
    target = score if amount else numpy.digitize(score, numpy.quantile(score, numpy.linspace(0, 1, count + 1)[1:-1]))
    return Case(model.fit(values, target), (edges.usual(7, dtype, 5) + dtype(shift)), relative, absolute)


def on_texts(model, relative=LOOSE, absolute=SMALL) -> Case:
    texts = [text for text in edges.PROSE if text.strip()] * 3
    names = [["ship", "word", "ø"][index % 3] for index in range(len(texts))]
    return Case(model.fit(texts, names), edges.PROSE, relative, absolute)


FRAMES: dict[str, Callable[[], Case]] = {
    "logistic": lambda: on_table(make_pipeline(columns(), linear_model.LogisticRegression(max_iter=500))),
    "logistic_texts": lambda: on_table(
        make_pipeline(columns(), linear_model.LogisticRegression(max_iter=500)), count=3, names=["a", "b", "ç"]),
    "logistic_passing": lambda: on_table(
        make_pipeline(columns(remainder="passthrough"), linear_model.LogisticRegression(max_iter=500))),
    "logistic_pandas": lambda: on_table(make_pipeline(
        columns(OneHotEncoder(handle_unknown="ignore", sparse_output=False)).set_output(transform="pandas"),
        linear_model.LogisticRegression(max_iter=500))),
    "selected_by_type": lambda: on_table(make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), RobustScaler()), make_column_selector(dtype_include=numpy.number)),
            (OneHotEncoder(handle_unknown="ignore", min_frequency=20), make_column_selector(dtype_include=object)),
            remainder="passthrough"),
        linear_model.RidgeClassifier())),
    "twice_the_same_column": lambda: on_table(make_pipeline(
        ColumnTransformer([
            ("bins", make_pipeline(SimpleImputer(), KBinsDiscretizer(4)), ["age", "income"]),
            ("logs", make_pipeline(FunctionTransformer(numpy.abs), FunctionTransformer(numpy.log1p)), ["income", "visits"]),
            ("gaps", SimpleImputer(add_indicator=True), ["age"]),
            ("nothing", "drop", ["town"])]),
        linear_model.LogisticRegression(max_iter=500))),
    "target_encoder": lambda: on_table(make_pipeline(
        columns(TargetEncoder(random_state=0)), linear_model.LogisticRegression(max_iter=500)), count=3),
    "ordinal_forest": lambda: on_table(make_pipeline(
        columns(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        ensemble.RandomForestClassifier(20, random_state=0))),
    "histograms": lambda: on_table(make_pipeline(
        make_column_transformer(
            (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=numpy.nan), TEXTS), remainder="passthrough"),
        ensemble.HistGradientBoostingClassifier(max_iter=20))),
    "xgboost_sparse": lambda: on_table(make_pipeline(
        columns(sparse_threshold=1.0), xgboost.XGBClassifier(n_estimators=20, max_depth=3)), 1e-5, 1e-6),
    "xgboost_dense": lambda: on_table(make_pipeline(
        columns(sparse_threshold=0.0), xgboost.XGBClassifier(n_estimators=20, max_depth=3)), 1e-5, 1e-6, count=3),
    "xgboost_amount": lambda: on_table(make_pipeline(columns(), xgboost.XGBRegressor(n_estimators=20)), 1e-5, amount=True),
    "lightgbm": lambda: on_table(make_pipeline(columns(), lightgbm.LGBMClassifier(n_estimators=20, verbose=-1)), names=["n", "y"]),
    "svc": lambda: on_table(make_pipeline(columns(sparse_threshold=0.0), svm.SVC()), 1e-4, 1e-5),
    "neighbours": lambda: on_table(make_pipeline(columns(sparse_threshold=0.0), neighbors.KNeighborsClassifier(5))),
    "knn_imputer": lambda: on_table(make_pipeline(
        ColumnTransformer([("n", KNNImputer(n_neighbors=3), ["age", "income"])]), linear_model.LogisticRegression())),
    "ridge": lambda: on_table(make_pipeline(columns(), linear_model.Ridge()), amount=True),
    "gamma": lambda: on_table(make_pipeline(columns(), linear_model.GammaRegressor(max_iter=500)), amount=True),
    "tree": lambda: on_table(make_pipeline(columns(), tree.DecisionTreeRegressor(max_depth=5)), EXACT, 0.0, amount=True),
    "dummy": lambda: on_table(dummy.DummyClassifier(strategy="prior"), EXACT, 0.0, names=["a", "b"]),
    "dummy_constant": lambda: on_table(dummy.DummyClassifier(strategy="constant", constant=1), EXACT, 0.0, count=3),
    "dummy_mean": lambda: on_table(dummy.DummyRegressor(), EXACT, 0.0, amount=True),
    "voting": lambda: on_table(make_pipeline(columns(), ensemble.VotingClassifier([
        ("line", linear_model.LogisticRegression(max_iter=500)), ("trees", ensemble.RandomForestClassifier(9, random_state=0)),
        ("boosted", lightgbm.LGBMClassifier(n_estimators=9, verbose=-1))], voting="soft", weights=[2, 1, 3])), names=["n", "y"]),
    "voting_hard": lambda: on_table(make_pipeline(columns(), ensemble.VotingClassifier([
        ("line", linear_model.LogisticRegression(max_iter=500)), ("ridge", linear_model.RidgeClassifier()),
        ("tree", tree.DecisionTreeClassifier(max_depth=4))])), count=3, names=["a", "b", "ç"]),
    "voting_amount": lambda: on_table(make_pipeline(columns(), ensemble.VotingRegressor([
        ("line", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=4))])), amount=True),
    "stacking": lambda: on_table(make_pipeline(columns(), ensemble.StackingClassifier([
        ("line", linear_model.LogisticRegression(max_iter=500)), ("tree", tree.DecisionTreeClassifier(max_depth=4)),
        ("line_svc", svm.LinearSVC(max_iter=5000))])), names=["n", "y"]),
    "stacking_passing": lambda: on_table(make_pipeline(columns(), ensemble.StackingRegressor([
        ("line", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=4))], passthrough=True)), amount=True),
    "searched": lambda: on_table(GridSearchCV(make_pipeline(columns(), linear_model.LogisticRegression(max_iter=500)),
                                              {"logisticregression__C": [0.1, 1.0]}, cv=2)),
}  # fmt: skip
MATRICES: dict[str, Callable[[], Case]] = {
    "matrix_logistic": lambda: on_matrix(make_pipeline(MinMaxScaler(), linear_model.LogisticRegression())),
    "matrix_columns": lambda: on_matrix(make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [0, 3]), ("b", MinMaxScaler(), slice(1, 3))], remainder="passthrough"),
        linear_model.LogisticRegression(max_iter=500)), count=3),
    "matrix_union": lambda: on_matrix(make_pipeline(
        FeatureUnion([("pca", PCA(2)), ("scaled", StandardScaler()), ("as_it_is", "passthrough")],
                     transformer_weights={"pca": 0.5}),
        linear_model.LogisticRegression(max_iter=500))),
    "matrix_products": lambda: on_matrix(make_pipeline(
        StandardScaler(), PolynomialFeatures(3, include_bias=False), SelectFromModel(linear_model.Lasso(0.5)),
        linear_model.Ridge()), amount=True),
    "matrix_single": lambda: on_matrix(
        make_pipeline(StandardScaler(), linear_model.LogisticRegression()), 1e-4, 1e-5, dtype=numpy.float32),
    "matrix_single_trees": lambda: on_matrix(
        make_pipeline(StandardScaler(), xgboost.XGBRegressor(n_estimators=9)), 1e-5, 1e-6, amount=True, dtype=numpy.float32),
    "normal_bayes": lambda: on_matrix(make_pipeline(StandardScaler(), naive_bayes.GaussianNB()), count=3),
    "flag_bayes": lambda: on_matrix(naive_bayes.BernoulliNB(binarize=3.0)),
    "category_bayes": lambda: on_matrix(make_pipeline(
        KBinsDiscretizer(4, encode="ordinal"), naive_bayes.CategoricalNB()), count=3),
    "complement_bayes": lambda: on_matrix(make_pipeline(MinMaxScaler(clip=True), naive_bayes.ComplementNB()), count=3),
    "perceptron": lambda: on_matrix(linear_model.Perceptron(), count=3),
    "sgd_log": lambda: on_matrix(make_pipeline(
        StandardScaler(), linear_model.SGDClassifier(loss="log_loss", random_state=0)), count=3),
    "discriminant": lambda: on_matrix(LinearDiscriminantAnalysis(), count=3),
    "discriminant_binary": lambda: on_matrix(LinearDiscriminantAnalysis()),
    "poisson": lambda: on_matrix(make_pipeline(
        StandardScaler(), linear_model.TweedieRegressor(power=0, max_iter=500)), amount=True),
    "huber": lambda: on_matrix(make_pipeline(StandardScaler(), linear_model.HuberRegressor(max_iter=500)), amount=True),
    **{f"mixture_{kind}": lambda kind=kind: on_matrix(make_pipeline(
        StandardScaler(), GaussianMixture(3, covariance_type=kind, random_state=0)))
       for kind in ("full", "tied", "diag", "spherical")},
    "kernel": lambda: on_matrix(make_pipeline(StandardScaler(), KernelRidge(kernel="rbf")), amount=True),
    "kernel_products": lambda: on_matrix(make_pipeline(StandardScaler(), KernelRidge()), amount=True),
    "means": lambda: on_matrix(make_pipeline(StandardScaler(), KMeans(4, random_state=0, n_init=1))),
}  # fmt: skip
PROSE: dict[str, Callable[[], Case]] = {
    "tfidf_logistic": lambda: on_texts(make_pipeline(TfidfVectorizer(), linear_model.LogisticRegression())),
    "count_bayes": lambda: on_texts(make_pipeline(CountVectorizer(), naive_bayes.MultinomialNB())),
    "hashing_sgd": lambda: on_texts(make_pipeline(HashingVectorizer(n_features=512), linear_model.SGDClassifier(random_state=0))),
    "letters_svc": lambda: on_texts(make_pipeline(
        make_union(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)), CountVectorizer(ngram_range=(1, 2))),
        MaxAbsScaler(), svm.LinearSVC())),
    "chosen_words": lambda: on_texts(make_pipeline(
        CountVectorizer(), SelectKBest(chi2, k=20), TruncatedSVD(5, random_state=0), linear_model.LogisticRegression())),
    "words_forest": lambda: on_texts(make_pipeline(
        TfidfVectorizer(max_features=50), ensemble.RandomForestClassifier(9, random_state=0))),
}  # fmt: skip
ALL = FRAMES | MATRICES | PROSE
