# SPDX-License-Identifier: Apache-2.0
"""Known answers for operations on tables: what NumPy, pandas, SciPy and scikit-learn make of the same values.

    .tools/venv-python/bin/python Tests/Fixtures/tables/make.py

Writes `operations.json`, `tokens.json` and `characters.json` beside it. A case has columns, operations as graph.json
spells them, and the columns that have to come out; `tolerance` is relative, 0 where every bit has to agree.
"""

import json
import math
import pathlib
import re
import sys
import unicodedata

import numpy
import pandas
import scipy.special
from sklearn import impute, linear_model, preprocessing
from sklearn.decomposition import PCA
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.utils import murmurhash3_32

HERE = pathlib.Path(__file__).parent
NAN, INF = math.nan, math.inf
TYPES = {"float64": "FP64", "float32": "FP32", "float16": "FP16", "int64": "INT64", "uint64": "UINT64", "int32": "INT32",
         "uint8": "UINT8", "int8": "INT8", "bool": "BOOL", "object": "BYTES", "str": "BYTES"}  # fmt: skip
cases = []


def plain(value):
    """A number as the fixtures spell it."""
    if isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def column(name, values, datatype=None):
    values = values if isinstance(values, numpy.ndarray) else numpy.array(values, dtype=object if isinstance(values[0], str) else None)
    entry = {"name": name, "datatype": datatype or TYPES[str(values.dtype)], "values": [plain(v) for v in values.ravel()]}
    if values.ndim == 2:
        entry["width"] = values.shape[1]
    return entry


def case(name, columns, operations, expected, tolerance=0.0):
    cases.append({"name": name, "columns": [column(*c) for c in columns.items()], "operations": operations,
                  "expected": [column(*c) for c in expected.items()], "tolerance": tolerance})  # fmt: skip


def numbers(array):
    return [plain(v) for v in numpy.asarray(array).ravel()]


def rows(array):
    return [[plain(v) for v in row] for row in numpy.asarray(array)]


def columns_of(matrix, prefix="c"):
    return {f"{prefix}{i}": matrix[:, i] for i in range(matrix.shape[1])}


def scaling():
    rng = numpy.random.default_rng(1)
    wide = numpy.vstack([rng.normal(3, 7, size=(40, 3)), [[NAN, INF, -INF], [0.0, -0.0, 1e30]]])
    for dtype in (numpy.float64, numpy.float32):
        with numpy.errstate(over="ignore"):
            matrix = wide.astype(dtype)
        known = matrix[:40]
        name = numpy.dtype(dtype).name
        standard = preprocessing.StandardScaler().fit(known)
        # It rounds its parameters first.
        subtract, divide = (numbers(p.astype(dtype)) for p in (standard.mean_, standard.scale_))
        names = list(columns_of(matrix))

        def check(what, operation, found):
            case(f"{what} {name}", columns_of(matrix), [{"op": "scale", "columns": names, **operation}], columns_of(found))

        def applied(transformer):
            with numpy.errstate(all="ignore"):
                found = [transformer.transform(part) for part in (matrix[:40], matrix[41:])]
            return numpy.vstack([found[0], matrix[40:41], found[1]])

        for what, transformer, keys in (
            ("StandardScaler", standard, {"subtract": subtract, "divide": divide}),
            ("RobustScaler", t := preprocessing.RobustScaler().fit(known), {"subtract": numbers(t.center_), "divide": numbers(t.scale_)}),
            ("MinMaxScaler", t := preprocessing.MinMaxScaler((-1, 2)).fit(known), {"multiply": numbers(t.scale_), "add": numbers(t.min_)}),
            ("MaxAbsScaler", t := preprocessing.MaxAbsScaler().fit(known), {"divide": numbers(t.scale_)}),
        ):
            found = applied(transformer)
            # NaN and the infinities come out as they went in: scikit-learn takes NaN only, NumPy says the same of the rest.
            found[40] = [NAN, INF, -INF]
            check(what, keys, found)
    half = numpy.array([0.1, 65504, 6e-8, -2.5, NAN, INF], dtype=numpy.float16)
    with numpy.errstate(over="ignore"):
        found = (half.astype(float) * 1.1).astype(numpy.float16)
        found = (found.astype(float) + 0.3).astype(numpy.float16)
    case("scale float16", {"x": half}, [{"op": "scale", "columns": ["x"], "multiply": [1.1], "add": [0.3]}], {"x": found})
    large = numpy.array([2**53 + 1, -(2**62) - 1, 7], dtype=numpy.int64)
    case("scale int64", {"x": large}, [{"op": "scale", "columns": ["x"], "subtract": [1.5]}], {"x": large - 1.5})
    values = numpy.array([-3.0, -0.5, 0.0, 2.0, 9.0, NAN, INF, -INF])
    case("clip", {"x": values}, [{"op": "clip", "columns": ["x"], "low": [-1], "high": [2.5]}], {"x": numpy.clip(values, -1, 2.5)})
    case("clip low", {"x": values}, [{"op": "clip", "columns": ["x"], "low": [0.25]}], {"x": numpy.maximum(values, 0.25)})
    single = values.astype(numpy.float32)
    case("clip float32", {"x": single}, [{"op": "clip", "columns": ["x"], "high": [0.1]}], {"x": numpy.minimum(single, numpy.float32(0.1))})


def functions():
    values = numpy.array([-INF, -1e300, -27.0, -2.5, -1.5, -1.0, -0.5, -1e-20, -0.0, 0.0, 1e-20, 0.5, 1.0, 1.5, 2.5, 3.7, 64.0, 700.0, 1e300, INF, NAN])
    made = {"log": numpy.log, "log1p": numpy.log1p, "log2": numpy.log2, "log10": numpy.log10, "exp": numpy.exp,
            "expm1": numpy.expm1, "sqrt": numpy.sqrt, "cbrt": numpy.cbrt, "square": numpy.square,
            "reciprocal": numpy.reciprocal, "abs": numpy.abs, "negative": numpy.negative, "sign": numpy.sign,
            "floor": numpy.floor, "ceil": numpy.ceil, "round": numpy.round, "trunc": numpy.trunc, "tanh": numpy.tanh,
            "sigmoid": scipy.special.expit, "is_missing": lambda x: numpy.isnan(x).astype(x.dtype)}  # fmt: skip
    exact = {"sqrt", "square", "reciprocal", "abs", "negative", "sign", "floor", "ceil", "round", "trunc", "is_missing"}
    for name, function in made.items():
        for dtype, tolerance in ((numpy.float64, 1e-15), (numpy.float32, 1e-6)):
            with numpy.errstate(all="ignore"):
                given = values.astype(dtype)
                found = function(given)
            case(f"apply {name} {numpy.dtype(dtype).name}", {"x": given}, [{"op": "apply", "columns": ["x"], "function": name}],
                 {"x": found}, 0 if name in exact else tolerance)  # fmt: skip
    angles = numpy.array([-7.0, -0.5, 0.0, 1.0, 100.0, NAN, INF])
    for name in ("sin", "cos", "tan"):
        with numpy.errstate(all="ignore"):
            case(f"apply {name}", {"x": angles}, [{"op": "apply", "columns": ["x"], "function": name}], {"x": getattr(numpy, name)(angles)}, 1e-14)


def imputing():
    matrix = numpy.array([[1.0, NAN, 3.5], [NAN, NAN, NAN], [2.0, -1.0, 0.0], [7.5, 4.0, -1.0]])
    for strategy in ("mean", "median", "most_frequent"):
        t = impute.SimpleImputer(strategy=strategy, add_indicator=True).fit(matrix)
        found = t.transform(matrix)
        operation = {"op": "impute", "columns": ["c0", "c1", "c2"], "fill": numbers(t.statistics_), "indicator": True}
        flags = {f"c{i}_missing": numpy.isnan(matrix)[:, i] for i in range(3)}
        case(f"SimpleImputer {strategy}", columns_of(matrix), [operation], columns_of(found[:, :3]) | flags)
    single = matrix.astype(numpy.float32)
    t = impute.SimpleImputer().fit(single)
    case("SimpleImputer float32", columns_of(single),
         [{"op": "impute", "columns": ["c0", "c1", "c2"], "fill": numbers(t.statistics_)}], columns_of(t.transform(single)))  # fmt: skip
    counts = numpy.array([[-1], [4], [9], [2**53 + 1]], dtype=numpy.int64)
    t = impute.SimpleImputer(missing_values=-1, strategy="constant", fill_value=5).fit(counts)
    case("SimpleImputer of marks", {"c0": counts[:, 0]},
         [{"op": "impute", "columns": ["c0"], "fill": [5], "missing": -1, "indicator": True}],
         {"c0": t.transform(counts)[:, 0].astype(float), "c0_missing": counts[:, 0] == -1})  # fmt: skip
    tenths = numpy.array([0.1, 0.2, NAN], dtype=numpy.float32)
    case("SimpleImputer of a mark in float32", {"x": tenths},
         [{"op": "impute", "columns": ["x"], "fill": [9], "missing": 0.1}], {"x": numpy.where(tenths == 0.1, numpy.float32(9), tenths)})  # fmt: skip
    texts = ["a", "", "?", "b", "é"]
    case("impute texts", {"x": texts}, [{"op": "impute", "columns": ["x"], "fill": ["none"], "indicator": True}],
         {"x": ["a", "none", "?", "b", "é"], "x_missing": [False, True, False, False, False]})  # fmt: skip
    case("impute marked texts", {"x": texts}, [{"op": "impute", "columns": ["x"], "fill": ["z"], "missing": "?", "indicator": True}],
         {"x": ["a", "", "z", "b", "é"], "x_missing": [False, False, True, False, False]})  # fmt: skip
    rng = numpy.random.default_rng(5)
    known = rng.normal(size=(25, 4))
    known[rng.random(known.shape) < 0.2] = NAN
    known[3] = [1, 2, 3, 4]
    asked = rng.normal(size=(30, 4))
    asked[rng.random(asked.shape) < 0.4] = NAN
    asked[0] = NAN
    asked[1] = [1, 2, NAN, 4]
    for weights in ("uniform", "distance"):
        for count in (1, 3):
            t = impute.KNNImputer(n_neighbors=count, weights=weights).fit(known)
            operation = {"op": "knn_impute", "columns": list(columns_of(asked)), "rows": [[None if math.isnan(v) else v for v in r] for r in known],
                         "neighbours": count, "weights": weights, "fill": numbers(numpy.nanmean(known, axis=0))}  # fmt: skip
            case(f"KNNImputer {weights} {count}", columns_of(asked), [operation], columns_of(t.transform(asked)), 1e-9)


def shaping():
    rng = numpy.random.default_rng(7)
    matrix = rng.normal(1, 2, size=(30, 2))
    matrix[0] = [0, -0.0]
    matrix[1] = [NAN, 5]
    for lambdas in ([0, 2], [1, 0.5], [-1.5, 3], [2, 0]):
        t = preprocessing.PowerTransformer("yeo-johnson", standardize=False).fit(matrix[2:])
        t.lambdas_ = numpy.array(lambdas, dtype=float)
        case(f"yeo-johnson {lambdas}", columns_of(matrix), [{"op": "power", "columns": ["c0", "c1"], "method": "yeo-johnson", "lambdas": lambdas}],
             columns_of(t.transform(matrix)), 1e-13)  # fmt: skip
        positive = numpy.abs(matrix) + 0.01
        t = preprocessing.PowerTransformer("box-cox", standardize=False).fit(positive[2:])
        t.lambdas_ = numpy.array(lambdas, dtype=float)
        case(f"box-cox {lambdas}", columns_of(positive), [{"op": "power", "columns": ["c0", "c1"], "method": "box-cox", "lambdas": lambdas}],
             columns_of(t.transform(positive)), 1e-13)  # fmt: skip
    known = numpy.column_stack([rng.normal(size=50), rng.integers(0, 4, size=50), numpy.full(50, 2.0)])
    asked = numpy.vstack([rng.normal(size=(20, 3)) * 3, known[:15], [[NAN, NAN, NAN], [INF, -INF, 2], [known[:, 0].min(), 0, 1], [known[:, 0].max(), 3, 3]]])
    for dtype in (numpy.float64, numpy.float32):
        given, base = asked.astype(dtype), known.astype(dtype)
        t = preprocessing.QuantileTransformer(n_quantiles=21).fit(base)
        finite = given.copy()
        finite[numpy.isinf(finite)] = 1e30 * numpy.sign(finite[numpy.isinf(finite)])
        operation = {"op": "quantile", "columns": ["c0", "c1", "c2"], "quantiles": rows(t.quantiles_.T), "references": numbers(t.references_)}
        case(f"QuantileTransformer {numpy.dtype(dtype).name}", columns_of(given), [operation], columns_of(t.transform(finite)),
             1e-15 if dtype is numpy.float64 else 1e-7)  # fmt: skip
    for strategy in ("uniform", "quantile"):
        for encode in ("ordinal", "onehot-dense"):
            t = preprocessing.KBinsDiscretizer(4, strategy=strategy, encode=encode, **({"quantile_method": "linear"} if strategy == "quantile" else {})).fit(known[:, :1])
            given = numpy.concatenate([asked[:30, :1], t.bin_edges_[0][:, None]])
            found = t.transform(given)
            operation = {"op": "bucketise", "columns": ["c0"], "edges": [numbers(t.bin_edges_[0][1:-1])], "one_hot": encode != "ordinal"}
            case(f"KBinsDiscretizer {strategy} {encode}", columns_of(given), [operation], {"c0": found if encode != "ordinal" else found[:, 0]})
    case("bucketise missing", {"x": [NAN, 0.5]}, [{"op": "bucketise", "columns": ["x"], "edges": [[0, 1]]}], {"x": [NAN, 1.0]})
    case("bucketise missing one-hot", {"x": [NAN, 0.5]}, [{"op": "bucketise", "columns": ["x"], "edges": [[0, 1]], "one_hot": True}],
         {"x": numpy.array([[0.0, 0, 0], [0, 1, 0]])})  # fmt: skip
    small = numpy.vstack([rng.normal(size=(10, 3)), numpy.zeros((1, 3)), numpy.full((1, 3), 1e-17), numpy.full((1, 3), 1e-7), [[1e-3, 0, 0]]])
    for dtype, tolerance in ((numpy.float64, 1e-15), (numpy.float32, 2e-7)):
        for norm in ("l1", "l2", "max"):
            given = small.astype(dtype)
            found = preprocessing.Normalizer(norm).fit(given).transform(given)
            case(f"Normalizer {norm} {numpy.dtype(dtype).name}", columns_of(given), [{"op": "normalise", "columns": ["c0", "c1", "c2"], "norm": norm,
                                  # Of dense rows, scikit-learn takes what is as small as its rounding for 0.
                                  "least": 10 * float(numpy.finfo(dtype).eps)}],
                 columns_of(found), tolerance)  # fmt: skip
        for degree, interaction in ((2, False), (3, False), (3, True)):
            given = rng.normal(size=(8, 3)).astype(dtype)
            t = preprocessing.PolynomialFeatures(degree, interaction_only=interaction).fit(given)
            case(f"PolynomialFeatures {degree} {interaction} {numpy.dtype(dtype).name}", columns_of(given),
                 [{"op": "polynomial", "columns": ["c0", "c1", "c2"], "powers": rows(t.powers_), "as": "p"}], {"p": t.transform(given)}, tolerance)  # fmt: skip
    given = rng.normal(size=(12, 3))
    t = PCA(2).fit(given)
    case("PCA", columns_of(given), [{"op": "linear", "columns": ["c0", "c1", "c2"], "coefficients": rows(t.components_), "subtract": numbers(t.mean_), "as": "p"}],
         {"p": t.transform(given)}, 1e-12)  # fmt: skip
    t = linear_model.LinearRegression().fit(given, given @ [1.0, -2.0, 0.5] + 3)
    case("LinearRegression", columns_of(given), [{"op": "linear", "columns": ["c0", "c1", "c2"], "coefficients": [numbers(t.coef_)], "intercept": [t.intercept_], "as": "y"}],
         {"y": t.predict(given)[:, None]}, 1e-12)  # fmt: skip
    case("softmax", {"m": given * 50}, [{"op": "softmax", "columns": ["m"]}], {"m": scipy.special.softmax(given * 50, axis=1)}, 1e-13)
    case("decide of several", {"m": given}, [{"op": "decide", "columns": ["m"], "classes": ["a", "b", "c"], "as": "label"}],
         {"label": ["abc"[i] for i in given.argmax(axis=1)]})  # fmt: skip
    case("decide of one", {"m": numpy.array([0.5, 0.50001, 0.2, NAN])}, [{"op": "decide", "columns": ["m"], "classes": [2**62 + 1, -7], "as": "label"}],
         {"label": numpy.array([2**62 + 1, -7, 2**62 + 1, 2**62 + 1])})  # fmt: skip


def encoding():
    plans = numpy.array([["basic"], ["gold"], ["é"], ["basic"], ["NaN"], ["gold"]], dtype=object)
    asked = numpy.array([["gold"], ["é"], ["e\u0301"], ["NaN"], [""], ["basic"], ["Gold"]], dtype=object)
    given = {"plan": list(asked[:, 0])}
    t = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(plans)
    case("OneHotEncoder", given, [{"op": "one_hot", "columns": ["plan"], "categories": [list(t.categories_[0])], "unseen": "zeros"}], {"plan": t.transform(asked)})
    first = preprocessing.OneHotEncoder(handle_unknown="ignore", drop="first", sparse_output=False).fit(plans)
    positions = [[-1] + list(range(len(first.categories_[0]) - 1))]
    import warnings

    warnings.simplefilter("ignore")
    case("OneHotEncoder that drops the first", given,
         [{"op": "one_hot", "columns": ["plan"], "categories": [list(first.categories_[0])], "unseen": "zeros", "positions": positions, "datatype": "FP32"}],
         {"plan": first.transform(asked).astype(numpy.float32)})  # fmt: skip
    rare = preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2, sparse_output=False).fit(plans)
    known = list(rare.categories_[0])
    kept = [name for name in known if name not in set(rare.infrequent_categories_[0])]
    positions = [[kept.index(name) if name in kept else len(kept) for name in known]]
    case("OneHotEncoder with rare ones joined", given,
         [{"op": "one_hot", "columns": ["plan"], "categories": [known], "positions": positions, "unseen_positions": [len(kept)]}],
         {"plan": rare.transform(asked)})  # fmt: skip
    numbers_ = numpy.array([[1.0], [NAN], [2.5], [-0.0]])
    t = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(numbers_)
    asked_numbers = numpy.array([[NAN], [0.0], [2.5], [3.0], [1.0]])
    case("OneHotEncoder of numbers", {"x": asked_numbers[:, 0]},
         [{"op": "one_hot", "columns": ["x"], "categories": [[None if math.isnan(v) else v for v in t.categories_[0]]], "unseen": "zeros"}],
         {"x": t.transform(asked_numbers)})  # fmt: skip
    large = numpy.array([[2**53], [2**53 + 1], [-(2**63)]], dtype=numpy.int64)
    t = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(large)
    asked_large = numpy.vstack([large, [[2**53 + 2]]])
    case("OneHotEncoder beyond 2^53", {"x": asked_large[:, 0]},
         [{"op": "one_hot", "columns": ["x"], "categories": [numbers(t.categories_[0])], "unseen": "zeros"}], {"x": t.transform(asked_large)})  # fmt: skip
    flags = numpy.array([True, False, True])
    case("one-hot of booleans", {"x": flags}, [{"op": "one_hot", "columns": ["x"], "categories": [[False, True]]}],
         {"x": numpy.column_stack([~flags, flags]).astype(float)})  # fmt: skip
    t = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(plans)
    case("OrdinalEncoder", given,
         [{"op": "lookup", "columns": ["plan"], "keys": [list(t.categories_[0])], "values": [list(range(len(t.categories_[0])))], "unseen": -1}],
         {"plan": t.transform(asked)[:, 0]})  # fmt: skip
    t = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=NAN, encoded_missing_value=-9).fit(numbers_)
    keys = [None if math.isnan(v) else v for v in t.categories_[0]]
    case("OrdinalEncoder of numbers", {"x": asked_numbers[:, 0]},
         [{"op": "lookup", "columns": ["x"], "keys": [keys], "values": [[-9 if k is None else i for i, k in enumerate(keys)]]}],
         {"x": t.transform(asked_numbers)[:, 0]})  # fmt: skip
    rng = numpy.random.default_rng(11)
    many = rng.choice(["a", "b", "c"], size=(60, 1)).astype(object)
    t = preprocessing.TargetEncoder(random_state=0).fit(many, rng.integers(0, 3, size=60).astype(str))
    wanted = numpy.array([["a"], ["c"], ["x"]], dtype=object)
    table = numpy.column_stack([e for e in t.encodings_])
    case("TargetEncoder of three classes", {"x": list(wanted[:, 0])},
         [{"op": "lookup", "columns": ["x"], "keys": [list(t.categories_[0])], "values": [rows(table)], "unseen": numbers(t.target_mean_)}],
         {"x": t.transform(wanted)})  # fmt: skip


def hashing():
    texts = ["", "a", "ab", "abc", "abcd", "abcde", "hello world", "é", "日本語", "😀 and more text behind it", least_hash_text()]
    for buckets in (1, 7, 16, 33):
        for signed in (True, False):
            hasher = FeatureHasher(buckets, input_type="string", alternate_sign=signed)
            found = hasher.transform([[text] for text in texts]).toarray()
            case(f"FeatureHasher {buckets} {signed}", {"x": texts}, [{"op": "hash", "columns": ["x"], "buckets": buckets, "signed": signed}], {"x": found})
    return [[text, murmurhash3_32(text, positive=True)] for text in texts]


def least_hash_text():
    """Eight printable characters whose hash is -2^31, for which scikit-learn has a case of its own."""
    mask = 0xFFFFFFFF

    def rotated(x, r):
        return (x << r | x >> (32 - r)) & mask

    def unxored(h, shift):
        result = h
        for _ in range(32 // shift + 1):
            result = h ^ result >> shift
        return result

    def mixed(word):
        return rotated(word * 0xCC9E2D51 & mask, 15) * 0x1B873593 & mask

    h = unxored(0x80000000, 16)
    h = unxored(h * pow(0xC2B2AE35, -1, 1 << 32) & mask, 13)
    h = unxored(h * pow(0x85EBCA6B, -1, 1 << 32) & mask, 16) ^ 8
    wanted = rotated((h - 0xE6546B64) * pow(5, -1, 1 << 32) & mask, 19)
    for number in range(100_000):
        head = b"%04x" % number if number < 65536 else b""
        if len(head) != 4:
            break
        state = (rotated(mixed(int.from_bytes(head, "little")), 13) * 5 + 0xE6546B64) & mask
        word = wanted ^ state
        word = rotated(word * pow(0x1B873593, -1, 1 << 32) & mask, 17) * pow(0xCC9E2D51, -1, 1 << 32) & mask
        tail = word.to_bytes(4, "little")
        if all(0x30 <= byte < 0x7F for byte in tail):
            text = (head + tail).decode()
            assert murmurhash3_32(text) == -(2**31), text
            return text
    raise LookupError("no such text")


def dates():
    texts = ["1970-01-01", "2000-02-29", "1900-02-28", "1900-03-01", "2024-12-31T23:59:59.999", "2020-12-31", "2021-01-03", "2021-01-04",
             "2026-11-26 18:30", "2026-11-26T18:30:05Z", "2026-01-01T00:30:00+02:00", "2025-12-31T23:30:00-05:30", "1969-12-31T23:59:59.5",
             "1904-02-29T12:00:00", "2015-12-31", "2016-01-01", "2009-12-31", "1700-03-01", "2100-02-28", "2260-12-31T00:00:01", ""]  # fmt: skip
    names = ["year", "quarter", "month", "week", "day", "day_of_year", "weekday", "hour", "minute", "second", "days", "seconds", "is_weekend", "is_month_start", "is_month_end"]

    def parts(moment):
        if moment is None:
            return [NAN] * len(names)
        seconds = moment.timestamp() if moment.tzinfo else (moment - pandas.Timestamp("1970-01-01")) / pandas.Timedelta(seconds=1)
        return [moment.year, moment.quarter, moment.month, moment.isocalendar().week, moment.day, moment.dayofyear, moment.weekday(), moment.hour, moment.minute,
                moment.second, math.floor(seconds / 86400), seconds, moment.weekday() >= 5, moment.is_month_start, moment.is_month_end]  # fmt: skip

    def check(name, given, moments):
        found = numpy.array([parts(m) for m in moments], dtype=float)
        case(name, {"at": given}, [{"op": "parts", "columns": ["at"], "parts": names}], {f"at_{n}": found[:, i] for i, n in enumerate(names)}, 1e-15)

    check("parts of texts", texts, [pandas.Timestamp(t) if t else None for t in texts])
    seconds = numpy.array([0.0, -1.0, -0.5, 86399.0, 86400.0, 951782400.0, -2208988800.0, 1e9, 4e9, NAN])
    check("parts of seconds", seconds, [None if math.isnan(s) else pandas.Timestamp(s, unit="s") for s in seconds])
    whole = numpy.array([0, -86401, 1_700_000_000], dtype=numpy.int64)
    check("parts of whole seconds", whole, [pandas.Timestamp(int(s), unit="s") for s in whole])


def texts():
    given = ["", "ABC", "ΣΟΦΟΣ", "ΟΔΥΣΣΕΥΣ ΣΑΣ", "Σ", "ΑΣ.", "ΑΣ.Α", "Α'Σ", "İstanbul", "ǅ", "ẞ", "straße", "ﬁn", "\u0130\u0307", "  a\tb \n", "\u00a0x\u3000", "\u200bx\u200b",
             "\x1cx\x1f", "ŉ", "ΐ", "É", "E\u0301", "ᏸ", "Ა", "😀", "\u0345Α"]  # fmt: skip
    for name, function in (("lower", str.lower), ("upper", str.upper), ("strip", str.strip)):
        case(name, {"x": given}, [{"op": name, "columns": ["x"]}], {"x": [function(t) for t in given]})


DOCUMENTS = ["The cat sat on the mat. The end!", "", "a I x", "Ünïcode wörds, naïve café; 日本語 テスト", "cat cat CAT dog_2 dog-3", "  tabs\tand\nnew  lines ", "x1 2y ３ 四"]


def counting():
    known = DOCUMENTS[:5]
    for name, options, keys in (
        ("words", {}, {}),
        ("words and pairs", {"ngram_range": (1, 2)}, {"ngrams": [1, 2]}),
        ("threes", {"ngram_range": (3, 3)}, {"ngrams": [3, 3]}),
        ("without stop words", {"stop_words": ["the", "cat"], "ngram_range": (1, 2)}, {"stop": ["the", "cat"], "ngrams": [1, 2]}),
        ("a pattern", {"token_pattern": r"(?u)\b\w+\b"}, {"pattern": r"(?u)\b\w+\b"}),
        ("another pattern", {"token_pattern": r"[a-z0-9_-]{2,}"}, {"pattern": r"[a-z0-9_-]{2,}"}),
        ("characters", {"analyzer": "char", "ngram_range": (1, 3)}, {"characters": "text", "ngrams": [1, 3]}),
        ("characters in words", {"analyzer": "char_wb", "ngram_range": (2, 5)}, {"characters": "words", "ngrams": [2, 5]}),
        ("binary", {"binary": True}, {"binary": True}),
    ):
        t = CountVectorizer(**options).fit(known)
        words = [str(w) for w in t.get_feature_names_out()]
        operations = [{"op": "lower", "columns": ["text"]}, {"op": "count", "columns": ["text"], "words": words, **keys}]
        case(f"CountVectorizer {name}", {"text": DOCUMENTS}, operations, {"text": t.transform(DOCUMENTS).toarray().astype(float)})
        for norm in ("l1", "l2", None):
            for sublinear in (True, False):
                t = TfidfVectorizer(norm=norm, sublinear_tf=sublinear, **options).fit(known)
                operations = [{"op": "lower", "columns": ["text"]},
                              {"op": "count", "columns": ["text"], "words": words, "weights": numbers(t.idf_), "sublinear": sublinear, **keys}
                              | ({"norm": norm} if norm else {})]  # fmt: skip
                if name in ("words", "binary"):
                    case(f"TfidfVectorizer {name} {norm} {sublinear}", {"text": DOCUMENTS}, operations, {"text": t.transform(DOCUMENTS).toarray()}, 1e-14)
    for norm in ("l1", "l2", None):
        for signed in (True, False):
            for binary in (True, False):
                t = HashingVectorizer(n_features=8, norm=norm, alternate_sign=signed, binary=binary, ngram_range=(1, 2))
                operations = [{"op": "lower", "columns": ["text"]},
                              {"op": "count", "columns": ["text"], "buckets": 8, "signed": signed, "binary": binary, "ngrams": [1, 2]} | ({"norm": norm} if norm else {})]  # fmt: skip
                case(f"HashingVectorizer {norm} {signed} {binary}", {"text": DOCUMENTS}, operations, {"text": t.transform(DOCUMENTS).toarray()}, 1e-15)


def arranging():
    mixed = {"a": numpy.array([1, 2], dtype=numpy.int8), "b": numpy.array([2**53 + 1, -5], dtype=numpy.int64), "c": numpy.array([0.5, NAN], dtype=numpy.float32)}
    names = list(mixed)
    case("concatenate", mixed, [{"op": "concatenate", "columns": names, "as": "m"}], {"m": numpy.column_stack([mixed[n].astype(float) for n in names])})
    whole = {"a": mixed["a"], "b": mixed["b"]}
    case("concatenate whole numbers", whole, [{"op": "concatenate", "columns": ["b", "a"], "as": "m"}], {"m": numpy.column_stack([whole["b"], whole["a"]])})
    big = {"a": numpy.array([2**64 - 1, 3], dtype=numpy.uint64), "b": numpy.array([7, 255], dtype=numpy.uint8)}
    case("concatenate unsigned numbers", big, [{"op": "concatenate", "columns": ["a", "b"], "as": "m"}], {"m": numpy.column_stack([big["a"], big["b"]])})
    single = {"a": mixed["a"], "c": mixed["c"]}
    case("concatenate to float32", single, [{"op": "concatenate", "columns": ["a", "c"], "as": "m"}], {"m": numpy.column_stack([single["a"], single["c"]])})
    case("cast down", {"x": numpy.array([1.9, -1.9, 0.0, -0.0])}, [{"op": "cast", "columns": ["x"], "to": "INT8"}], {"x": numpy.array([1, -1, 0, 0], dtype=numpy.int8)})
    far = numpy.array([2**53 + 1, 2**62 + 2**38 + 1, -(2**63)], dtype=numpy.int64)
    case("cast to float32", {"x": far}, [{"op": "cast", "columns": ["x"], "to": "FP32"}], {"x": far.astype(numpy.float32)})
    case("cast to float64", {"x": far}, [{"op": "cast", "columns": ["x"], "to": "FP64"}], {"x": far.astype(float)})
    case("cast to bool", {"x": numpy.array([0.0, -0.0, 0.1, INF])}, [{"op": "cast", "columns": ["x"], "to": "BOOL"}], {"x": [False, False, True, True]})
    case("cast to texts", {"x": far}, [{"op": "cast", "columns": ["x"], "to": "BYTES"}], {"x": [str(v) for v in far]})
    case("cast booleans to texts", {"x": numpy.array([True, False])}, [{"op": "cast", "columns": ["x"], "to": "BYTES"}], {"x": ["True", "False"]})
    case("cast texts", {"x": ["1.5", "-3", "", "1e3", "nan", "-inf"]}, [{"op": "cast", "columns": ["x"], "to": "FP64"}], {"x": [1.5, -3.0, NAN, 1000.0, NAN, -INF]})
    case("cast texts to whole numbers", {"x": ["9223372036854775807", "-5", "+7"]}, [{"op": "cast", "columns": ["x"], "to": "INT64"}],
         {"x": numpy.array([2**63 - 1, -5, 7])})  # fmt: skip


def tokens():
    patterns = [r"(?u)\b\w\w+\b", r"\b\w+\b", r"\w\w\w+", r"\S+", r"[a-z]{2,}", r"[^\s,;.!]+", r"\d+", r"[A-Za-z_]+", r"[\w-]{3,}", r"[+--]+", r"[a-]+", r"\W+", r"[\.\]]+", r"[^a-z]{2,}"]
    return [{"pattern": p, "text": t, "tokens": re.findall(p, t)} for p in patterns for t in DOCUMENTS + ["a--b..c]] ++,,-- _x_ -a- aa-aa"]]


def characters():
    """Which characters are white, digits, or part of words, as ranges; of those that this Python knows."""

    def ranges(test):
        found = []
        for code in range(sys.maxunicode + 1):
            if 0xD800 <= code < 0xE000 or not test(chr(code)):
                continue
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
        return found

    return {"known": ranges(lambda c: unicodedata.category(c) != "Cn"), "space": ranges(str.isspace),
            "word": ranges(lambda c: re.fullmatch(r"\w", c)), "digit": ranges(lambda c: re.fullmatch(r"\d", c))}  # fmt: skip


def main():
    for part in (scaling, functions, imputing, shaping, encoding, dates, texts, counting, arranging):
        part()
    hashes = hashing()

    def write(name, lines):
        (HERE / name).write_text("[\n" + ",\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines) + "\n]\n")

    write("operations.json", cases)
    write("hashes.json", hashes)
    write("tokens.json", tokens())
    (HERE / "characters.json").write_text(json.dumps(characters(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
