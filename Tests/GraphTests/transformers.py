# SPDX-License-Identifier: Apache-2.0
"""Fitted transformers by name, each with rows that lie where it decides, and how near the graph has to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import edges
import numpy
import pandas
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer, FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder,
    OrdinalEncoder, PolynomialFeatures, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler, TargetEncoder)  # fmt: skip

EXACT, NEAR, SINGLE = 0.0, 1e-12, 1e-6
"""The same arithmetic; functions of another library, or sums in another order; the latter in single precision."""


@dataclass
class Case:
    model: object
    rows: object
    relative: float = EXACT
    absolute: float = 0.0


def on_numbers(transformer, relative=EXACT, dtype=numpy.float64, missing=True, absolute=0.0, rows=None) -> Case:
    fitted = transformer.fit(edges.usual(1, dtype), numpy.arange(200) % 2)
    return Case(fitted, edges.numbers(2, dtype, missing=missing) if rows is None else rows(fitted), relative, absolute)


def at_bins(binner) -> numpy.ndarray:
    values = [value for own in binner.bin_edges_ for value in own]
    return numpy.concatenate([edges.around(numpy.array(values), 3), edges.numbers(4, missing=False)])


def on_frame(transformer, columns, relative=EXACT, target=None) -> Case:
    """Trained on a frame without the edges, asked with them."""
    table = edges.frame(3)[columns]
    wanted = numpy.arange(len(table)) % 2 if target is None else target(len(table))
    return Case(transformer.fit(table, wanted), edges.odd(table), relative)


def on_texts(vectorizer, relative=EXACT, rows=None) -> Case:
    texts = [text for text in edges.PROSE if len(text) < 100] * 2 + ["two words three words", "the word and the ship"]
    return Case(vectorizer.fit(texts), [*edges.PROSE, *(rows or [])], relative)


def with_gaps(seed=0, mark=numpy.nan) -> numpy.ndarray:
    rng = numpy.random.default_rng(seed)
    values = rng.normal(3, 5, size=(150, 4)).round(1)
    values[rng.random(values.shape) < 0.2] = mark
    return values


def by_neighbours(imputer, relative=NEAR) -> Case:
    """Without two rows that are as near: which of them comes first is decided by no rule."""
    values, rows = (numpy.where(numpy.isnan(with_gaps(seed)), numpy.nan, numpy.random.default_rng(seed).normal(3, 5, (150, 4)))
                    for seed in (11, 12))
    rows[0] = numpy.nan
    rows[1, :3] = numpy.nan
    rows[2:6] = values[2:6]
    return Case(imputer.fit(values), rows, relative)


def imputed(imputer, mark=numpy.nan, relative=EXACT) -> Case:
    values = with_gaps(1, mark)
    rows = with_gaps(2, mark)
    rows[:3] = mark
    rows[3:18, 0] = edges.NUMBERS
    return Case(imputer.fit(values), rows, relative)


def empty_feature(imputer) -> Case:
    values = with_gaps(3)
    values[:, 1] = numpy.nan
    return Case(imputer.fit(values), with_gaps(4))


def text_matrix(transformer) -> Case:
    rng = numpy.random.default_rng(5)
    rows = rng.choice(["a", "b", "ß", "Σας", ""], size=(40, 3)).astype(object)
    asked = numpy.concatenate([rows, rng.choice([*edges.TEXTS, "a"], size=(60, 3)).astype(object)])
    return Case(transformer.fit(rows), asked)


def integers(transformer, relative=EXACT) -> Case:
    rng = numpy.random.default_rng(6)
    values = rng.integers(-3, 4, size=(80, 3))
    asked = numpy.concatenate([values, rng.integers(-9, 9, size=(60, 3)), numpy.array([[2**53 - 1, -(2**52), 2**31]])])
    return Case(transformer.fit(values, numpy.arange(80) % 2), asked, relative)


def floats_as_categories(transformer) -> Case:
    values = numpy.array([[0.0, 1.5], [-0.0, numpy.nan], [2.5, 1e300], [5e-324, 1.5], [0.1 + 0.2, numpy.nan]] * 6)
    asked = numpy.array([[0.0, 1.5], [-0.0, numpy.nan], [numpy.nan, 1e300], [5e-324, 0.0], [0.3, 1.5], [0.1 + 0.2, 2.0]])
    return Case(transformer.fit(values, numpy.arange(30) % 3), asked)


def classes(count):
    return lambda rows: numpy.random.default_rng(9).choice(["x", "y", "z"][:count], rows)


NUMBERS, CATEGORIES = ["age", "income"], ["plan", "town"]
SCALERS: dict[str, Callable[[], Case]] = {
    "standard": lambda: on_numbers(StandardScaler()),
    "standard_no_mean": lambda: on_numbers(StandardScaler(with_mean=False)),
    "standard_no_std": lambda: on_numbers(StandardScaler(with_std=False)),
    "standard_single": lambda: on_numbers(StandardScaler(), dtype=numpy.float32),
    "standard_integers": lambda: integers(StandardScaler()),
    "standard_frame": lambda: on_frame(StandardScaler(), ["age", "visits", "is member"]),
    "min_max": lambda: on_numbers(MinMaxScaler()),
    "min_max_clip": lambda: on_numbers(MinMaxScaler((-2, 3), clip=True)),
    "min_max_single": lambda: on_numbers(MinMaxScaler(clip=True), dtype=numpy.float32),
    "max_abs": lambda: on_numbers(MaxAbsScaler()),
    "max_abs_single": lambda: on_numbers(MaxAbsScaler(), dtype=numpy.float32),
    "robust": lambda: on_numbers(RobustScaler()),
    "robust_no_centre": lambda: on_numbers(RobustScaler(with_centering=False, quantile_range=(10, 90), unit_variance=True)),
    "robust_single": lambda: on_numbers(RobustScaler(), dtype=numpy.float32),
    "normalise_l1": lambda: on_numbers(Normalizer("l1"), NEAR),
    "normalise_l2": lambda: on_numbers(Normalizer("l2"), NEAR),
    "normalise_max": lambda: on_numbers(Normalizer("max")),
    "normalise_single": lambda: on_numbers(Normalizer("l2"), SINGLE, numpy.float32, rows=lambda _: edges.usual(3, numpy.float32)),
    "normalise_small": lambda: on_numbers(
        Normalizer("max"), rows=lambda _: numpy.array([[1e-15, 1e-16, 0], [2.3e-15, 0, 0], [0, 0, 0], [2.2e-15, 1e-15, 0]])),
    "binarise": lambda: on_numbers(Binarizer(threshold=0.5)),
    "binarise_at_zero": lambda: on_numbers(Binarizer()),
    "binarise_single": lambda: on_numbers(
        Binarizer(threshold=0.1), dtype=numpy.float32,
        rows=lambda _: edges.around(numpy.array([0.1, 0.0], numpy.float32), 3)),
    "bins_ordinal": lambda: on_numbers(KBinsDiscretizer(5, encode="ordinal", strategy="uniform"), rows=at_bins),
    "bins_one_hot": lambda: on_numbers(KBinsDiscretizer(4, encode="onehot", strategy="quantile"), rows=at_bins),
    "bins_dense": lambda: on_numbers(KBinsDiscretizer(4, encode="onehot-dense", strategy="kmeans"), rows=at_bins),
    "bins_single": lambda: on_numbers(
        KBinsDiscretizer(4, encode="ordinal", dtype=numpy.float32), dtype=numpy.float32, missing=False),
    "bins_of_a_constant": lambda: Case(
        KBinsDiscretizer(3, encode="onehot-dense").fit(numpy.tile([[1.0, 2.0]], (9, 1)) * [[1, k] for k in range(9)]),
        numpy.array([[1.0, 2.0], [5.0, -1.0], [-5.0, 99.0]])),
    "polynomial": lambda: on_numbers(PolynomialFeatures(3), missing=False),
    "polynomial_interactions": lambda: on_numbers(PolynomialFeatures((2, 3), interaction_only=True, include_bias=False)),
    "polynomial_single": lambda: on_numbers(PolynomialFeatures(2), dtype=numpy.float32),
    "yeo_johnson": lambda: on_numbers(PowerTransformer(), NEAR, absolute=1e-13),
    "yeo_johnson_plain": lambda: on_numbers(PowerTransformer(standardize=False), NEAR),
    "box_cox": lambda: Case(PowerTransformer("box-cox").fit(numpy.exp(edges.usual(3) / 5)),
                            numpy.abs(edges.numbers(4)) + 1e-300, NEAR, 1e-13),
    "quantile": lambda: on_numbers(QuantileTransformer(n_quantiles=50), rows=lambda q: numpy.concatenate(
        [edges.around(q.quantiles_[:, 0], 3), edges.numbers(5)])),
    "quantile_repeated": lambda: Case(
        QuantileTransformer(n_quantiles=20).fit(numpy.round(edges.usual(7) / 4)), numpy.round(edges.numbers(8) / 4)),
    "pca": lambda: on_numbers(PCA(2), 1e-10, missing=False, rows=lambda _: edges.usual(8)),
    "pca_white": lambda: on_numbers(PCA(2, whiten=True), 1e-10, rows=lambda _: edges.usual(8)),
    "svd": lambda: on_numbers(TruncatedSVD(2), 1e-10, rows=lambda _: edges.usual(8)),
    "variance": lambda: Case(VarianceThreshold(0.1).fit(edges.usual(1) * [1, 0, 1]), edges.numbers(2)),
    "best": lambda: on_numbers(SelectKBest(f_classif, k=2)),
    "best_of_many": lambda: Case(
        make_pipeline(PolynomialFeatures(2), SelectKBest(f_classif, k=4)).fit(edges.usual(1), numpy.arange(200) % 2),
        edges.usual(2)),
}  # fmt: skip
FUNCTIONS: dict[str, Callable[[], Case]] = {
    **{f"function_{function.__name__}": lambda function=function: on_numbers(FunctionTransformer(function), NEAR)
       for function in (numpy.log1p, numpy.expm1, numpy.sqrt, numpy.cbrt, numpy.exp, numpy.log, numpy.log2, numpy.log10,
                        numpy.tanh)},
    **{f"function_{function.__name__}": lambda function=function: on_numbers(FunctionTransformer(function), EXACT)
       for function in (numpy.square, numpy.absolute, numpy.negative, numpy.sign, numpy.floor, numpy.ceil, numpy.rint,
                        numpy.trunc, numpy.reciprocal)},
    "function_of_integers": lambda: integers(FunctionTransformer(numpy.cbrt), NEAR),
    "function_of_a_frame": lambda: on_frame(FunctionTransformer(numpy.square), ["age", "visits"]),
    "function_none": lambda: on_numbers(FunctionTransformer()),
}  # fmt: skip
MISSING: dict[str, Callable[[], Case]] = {
    **{f"impute_{strategy}": lambda strategy=strategy: imputed(SimpleImputer(strategy=strategy))
       for strategy in ("mean", "median", "most_frequent")},
    "impute_constant": lambda: imputed(SimpleImputer(strategy="constant", fill_value=-7.5)),
    "impute_indicated": lambda: imputed(SimpleImputer(add_indicator=True)),
    "impute_a_mark": lambda: imputed(SimpleImputer(missing_values=-1, add_indicator=True), -1.0),
    "impute_without_a_feature": lambda: empty_feature(SimpleImputer(add_indicator=True)),
    "impute_with_an_empty_feature": lambda: empty_feature(SimpleImputer(keep_empty_features=True)),
    "impute_integers": lambda: integers(SimpleImputer(missing_values=0, strategy="most_frequent")),
    "impute_texts": lambda: on_frame(SimpleImputer(strategy="most_frequent"), ["plan"]),
    "impute_texts_constant": lambda: on_frame(SimpleImputer(strategy="constant", fill_value="ø"), CATEGORIES),
    "indicate": lambda: imputed(MissingIndicator()),
    "indicate_all": lambda: imputed(MissingIndicator(features="all")),
    "indicate_texts": lambda: on_frame(MissingIndicator(features="all"), CATEGORIES),
    "neighbours": lambda: by_neighbours(KNNImputer()),
    # scikit-learn takes distances from products, which leaves a hundred-millionth where there is none.
    "neighbours_by_distance": lambda: by_neighbours(
        KNNImputer(n_neighbors=3, weights="distance", add_indicator=True), 1e-8),
    "neighbours_many": lambda: by_neighbours(KNNImputer(n_neighbors=1000)),
}  # fmt: skip
ENCODERS: dict[str, Callable[[], Case]] = {
    "one_hot": lambda: on_frame(OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES),
    "one_hot_strict": lambda: on_frame(OneHotEncoder(sparse_output=False), CATEGORIES),
    "one_hot_drop_first": lambda: on_frame(
        OneHotEncoder(drop="first", handle_unknown="ignore", sparse_output=False), CATEGORIES),
    "one_hot_drop_binary": lambda: on_frame(
        OneHotEncoder(drop="if_binary", handle_unknown="ignore", sparse_output=False), ["plan", "is member"]),
    "one_hot_rare": lambda: on_frame(
        OneHotEncoder(min_frequency=15, handle_unknown="infrequent_if_exist", sparse_output=False), CATEGORIES),
    "one_hot_few": lambda: on_frame(
        OneHotEncoder(max_categories=4, handle_unknown="infrequent_if_exist", drop="first", sparse_output=False), CATEGORIES),
    "one_hot_rare_ignored": lambda: on_frame(
        OneHotEncoder(min_frequency=0.1, handle_unknown="ignore", sparse_output=False), CATEGORIES),
    "one_hot_whole": lambda: on_frame(
        OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=numpy.int64), ["visits", "is member"]),
    "one_hot_single": lambda: on_frame(
        OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=numpy.float32), CATEGORIES),
    "one_hot_integers": lambda: integers(OneHotEncoder(handle_unknown="ignore")),
    "one_hot_floats": lambda: floats_as_categories(OneHotEncoder(handle_unknown="ignore")),
    "one_hot_text_matrix": lambda: text_matrix(OneHotEncoder(handle_unknown="ignore")),
    "ordinal": lambda: on_frame(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
    "ordinal_strict": lambda: on_frame(OrdinalEncoder(), CATEGORIES),
    "ordinal_missing": lambda: on_frame(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), CATEGORIES),
    "ordinal_unknown_is_nan": lambda: on_frame(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=numpy.nan), ["town"]),
    "ordinal_whole": lambda: on_frame(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=99, dtype=numpy.int64), ["town", "visits"]),
    "ordinal_rare": lambda: on_frame(
        OrdinalEncoder(min_frequency=15, handle_unknown="use_encoded_value", unknown_value=-5), CATEGORIES),
    "ordinal_floats": lambda: floats_as_categories(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=9)),
    "target_binary": lambda: on_frame(TargetEncoder(), CATEGORIES),
    "target_number": lambda: on_frame(
        TargetEncoder(), ["plan", "visits"], target=lambda rows: numpy.random.default_rng(1).normal(size=rows)),
    "target_classes": lambda: on_frame(TargetEncoder(), CATEGORIES, target=classes(3)),
}  # fmt: skip
TEXTS: dict[str, Callable[[], Case]] = {
    "count": lambda: on_texts(CountVectorizer()),
    "count_cased": lambda: on_texts(CountVectorizer(lowercase=False)),
    "count_bigrams": lambda: on_texts(CountVectorizer(ngram_range=(1, 3))),
    "count_stop": lambda: on_texts(CountVectorizer(stop_words="english", ngram_range=(1, 2))),
    "count_binary": lambda: on_texts(CountVectorizer(binary=True, max_features=20)),
    "count_letters": lambda: on_texts(CountVectorizer(analyzer="char", ngram_range=(1, 3))),
    "count_letters_in_words": lambda: on_texts(CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))),
    "count_short_words": lambda: on_texts(CountVectorizer(token_pattern=r"(?u)\b\w+\b")),
    "count_marks": lambda: on_texts(CountVectorizer(token_pattern=r"\S+")),
    "count_latin": lambda: on_texts(CountVectorizer(token_pattern=r"[a-z0-9]{3,}")),
    "count_words_given": lambda: on_texts(CountVectorizer(vocabulary=["word", "ship", "ß", "the"], lowercase=False)),
    "tfidf": lambda: on_texts(TfidfVectorizer(), NEAR),
    "tfidf_sublinear": lambda: on_texts(TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), norm="l1"), NEAR),
    "tfidf_plain": lambda: on_texts(TfidfVectorizer(use_idf=False, norm=None, binary=True)),
    "tfidf_single": lambda: on_texts(TfidfVectorizer(dtype=numpy.float32), SINGLE),
    "tfidf_of_counts": lambda: on_texts(make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True)), NEAR),
    "tfidf_of_hashes": lambda: on_texts(make_pipeline(HashingVectorizer(n_features=64, norm=None), TfidfTransformer()), NEAR),
    "hash": lambda: on_texts(HashingVectorizer(n_features=32), NEAR),
    "hash_unsigned": lambda: on_texts(HashingVectorizer(n_features=17, alternate_sign=False, norm=None, ngram_range=(1, 2))),
    "hash_letters": lambda: on_texts(HashingVectorizer(n_features=256, analyzer="char_wb", ngram_range=(3, 5), norm="l1"), NEAR),
    "hash_binary": lambda: on_texts(HashingVectorizer(n_features=8, binary=True, norm=None)),
    "hash_features": lambda: text_matrix(FeatureHasher(16, input_type="string")),
    "hash_features_unsigned": lambda: text_matrix(FeatureHasher(5, input_type="string", alternate_sign=False)),
}  # fmt: skip
ALL = SCALERS | FUNCTIONS | MISSING | ENCODERS | TEXTS
