# SPDX-License-Identifier: Apache-2.0
"""Known causes of differing answers and of slow ones, named before anything is compared."""
from __future__ import annotations

from . import parts, trees
from .signature import Call

SLOW = {"KNeighborsClassifier", "KNeighborsRegressor", "RadiusNeighborsClassifier", "SVC", "NuSVC", "SVR", "NuSVR",
        "OneClassSVM", "GaussianProcessRegressor", "GaussianProcessClassifier", "KernelRidge", "LocalOutlierFactor",
        "KNNImputer"}
SLOW_FROM = 5000


def of(model: object, call: Call) -> list[str]:
    return [*_rounded(call), *_split_between(model), *_own_code(model), *_slow(model), *_damaged(model, call)]


def _rounded(call: Call) -> list[str]:
    """How many float64 values of the rows are no float32."""
    import numpy
    changed = total = 0
    for values in call.table.columns.values():
        if values.dtype == numpy.float64:
            there = values[numpy.isfinite(values)]
            with numpy.errstate(over="ignore"):
                changed += int((there.astype(numpy.float32) != there).sum())
            total += there.size
    return [f"float32 would change {changed} of {total} float64 values of the rows"] if changed else []


def _split_between(model: object) -> list[str]:
    import numpy
    splits = trees.splits(model)
    every = numpy.array([value for values in splits.thresholds.values() for value in values])
    with numpy.errstate(over="ignore"):
        between = int((every.astype(numpy.float32) != every).sum()) if every.size else 0
    return [f"{between} of {every.size} thresholds of trees are no float32 number"] if between else []


def _own_code(model: object) -> list[str]:
    found = []
    for part in parts.walk(model):
        estimator = part.estimator
        name = parts.short(estimator)
        for role in ("tokenizer", "preprocessor", "analyzer"):
            if callable(getattr(estimator, role, None)) and hasattr(estimator, "ngram_range"):
                found.append(f"{name} has a {role} of its own, which is Python code that no converter can read")
        function = getattr(estimator, "func", None) if name == "FunctionTransformer" else None
        if function is not None:
            called = getattr(function, "__name__", type(function).__name__)
            what = "a lambda" if called == "<lambda>" else f"the function “{called}”"
            found.append(f"FunctionTransformer calls {what}, which is Python code that no converter can read")
    return found


def _slow(model: object) -> list[str]:
    found = []
    for part in parts.walk(model):
        estimator, name = part.estimator, parts.short(part.estimator)
        kept = getattr(estimator, "n_samples_fit_", None)
        for attribute in ("support_vectors_", "X_train_", "X_fit_", "_fit_X"):
            rows = getattr(estimator, attribute, None) if kept is None else None
            kept = rows.shape[0] if hasattr(rows, "shape") else kept
        if name in SLOW and kept and kept >= SLOW_FROM:
            found.append(f"{name} compares each row with {kept} kept rows: it is slow in every engine")
    return found


def _damaged(model: object, call: Call) -> list[str]:
    """XGBoost cuts the names of categories by their letters where it should by their bytes."""
    if not parts.kind(parts.last(model)).startswith("xgboost."):
        return []
    found = [name for name, kept in call.table.categories.items() if not all(str(value).isascii() for value in kept)]
    return [f"XGBoost keeps the categories of “{name}” wrongly, because some are not ASCII: it tells them apart by their "
            "order alone" for name in found]
