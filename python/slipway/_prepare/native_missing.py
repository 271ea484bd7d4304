# SPDX-License-Identifier: Apache-2.0
"""What is missing: imputers, and what says where they were needed."""
from __future__ import annotations

from dataclasses import replace
from typing import Sequence

from .native_sheet import Sheet
from .native_table import Column, NoForm, Table, plain


def simple(sheet: Sheet, table: Table, imputer) -> Table:
    import numpy
    mark = imputer.missing_values
    if imputer.strategy in ("mean", "median"):
        table = sheet.numbers(table)
    elif imputer._fit_dtype.kind == "O":
        table = replace(table, is_objects=True)
    else:
        table = _typed(sheet, table)
    statistics = numpy.asarray(imputer.statistics_, object)
    there = [index for index, value in enumerate(statistics) if imputer.keep_empty_features or not _is_nan(value)]
    indicated = _indicated(sheet, table, imputer, mark)
    if len(there) < len(statistics):
        table = sheet.picked(table, there)
    fills = [statistics[index] for index in there]
    columns, position = [], 0
    for column in table.columns:
        own = fills[position:position + column.count]
        position += column.count
        columns.append(_imputed(sheet, column, mark, own))
    return table.of([*columns, *indicated])


def _typed(sheet: Sheet, table: Table) -> Table:
    """Numbers of one type; whole ones stay whole."""
    import numpy

    from .native_table import TYPES
    from .signature import DATATYPES
    if any(column.is_text or column.odd for column in table.columns):
        raise NoForm("texts where an imputer was trained with numbers")
    if table.is_objects:
        return sheet.numbers(table)
    kind = numpy.result_type(*(numpy.dtype(TYPES[column.datatype]) for column in table.columns))
    return table.of(sheet.cast(table.columns, DATATYPES[str(kind)]))


def _imputed(sheet: Sheet, column: Column, mark, fills: Sequence) -> Column:
    """The column with its entries of `fills` instead of what is missing; itself where nothing in it can be."""
    if column.odd:
        raise NoForm(column.odd)
    if not _can_be_missing(column, mark):
        return column
    if column.is_text and not all(isinstance(fill, str) for fill in fills):
        raise NoForm("a number instead of a missing text")
    if not column.is_text and any(isinstance(fill, str) for fill in fills):
        raise NoForm("a text instead of a missing number")
    # Whole numbers are replaced as fractions are, and are whole again afterwards.
    wide = column if column.is_text or column.datatype.startswith("FP") else sheet.cast([column], "FP64")[0]
    sheet.add("impute", [wide], fill=[fill if isinstance(fill, str) else plain([fill])[0] for fill in fills],
              missing=_mark(column, mark))
    wide = sheet.cast([wide], column.datatype)[0]
    return replace(wide, missing=False) if _is_nothing(mark) else wide


def _can_be_missing(column: Column, mark) -> bool:
    """Whether a value of the column can be what the imputer looks for."""
    if column.is_text:
        if _is_nan(mark):
            return column.missing is True
        if mark is None:
            return column.missing == "none"
        if _is_na(mark):
            return bool(column.missing)
        return isinstance(mark, str) and not (mark == "" and column.missing)
    if _is_nothing(mark):
        return column.datatype.startswith("FP") and mark is not None
    return not isinstance(mark, str)


def _mark(column: Column, mark):
    """`missing` of the operation; nothing where it is NaN or the empty text."""
    return None if _is_nothing(mark) or mark == "" else mark.item() if hasattr(mark, "item") else mark


def _is_nothing(mark) -> bool:
    return mark is None or _is_na(mark) or _is_nan(mark)


def _is_na(mark) -> bool:
    return type(mark).__name__ == "NAType"


def _is_nan(value) -> bool:
    return isinstance(value, float) and value != value


def _indicated(sheet: Sheet, table: Table, imputer, mark) -> list[Column]:
    """A column for each feature that was missing somewhere when it was trained: whether it is."""
    if not imputer.add_indicator:
        return []
    return marks(sheet, table, imputer.indicator_.features_, mark, range(table.count))


def marks(sheet: Sheet, table: Table, features: Sequence[int], mark, kept: Sequence[int] = ()) -> list[Column]:
    """- Parameter kept: values that are needed besides."""
    found = []
    for column in sheet.picked(table, [int(feature) for feature in features], kept).columns:
        can_be = _can_be_missing(column, mark)
        if can_be and _is_nothing(mark) and not column.is_text:
            sheet.add("apply", [column], function="is_missing")
            found += sheet.cast([column], "BOOL")
            continue
        keys = [_mark(column, mark)] if can_be else [0]
        for single in sheet.singles(Table((column,))):
            sheet.add("lookup", [single], keys=[keys if not column.is_text or can_be else [None]], values=[[int(can_be)]],
                      unseen=0, to="BOOL")
            found.append(replace(single, datatype="BOOL", missing=False))
    return found


def indicator(sheet: Sheet, table: Table, estimator) -> Table:
    if table.is_sparse:
        raise NoForm("MissingIndicator of sparse rows")
    features = range(table.count) if estimator.features == "all" else estimator.features_
    return table.of(marks(sheet, table, features, estimator.missing_values), is_objects=False)


def neighbours(sheet: Sheet, table: Table, imputer) -> Table:
    import numpy
    if imputer.metric != "nan_euclidean" or callable(imputer.weights):
        raise NoForm("KNNImputer with a metric or weights of its own")
    table = sheet.numbers(table)
    mark = imputer.missing_values
    indicated = _indicated(sheet, table, imputer, mark)
    if not _is_nan(mark):
        sheet.add("impute", table.columns, fill=[None] * table.count, missing=_mark(table.columns[0], mark))
    rows = numpy.where(imputer._mask_fit_X, numpy.nan, imputer._fit_X.astype(float))
    means = numpy.ma.array(imputer._fit_X, mask=imputer._mask_fit_X).mean(axis=0)
    fill = numpy.where(imputer._valid_mask, numpy.ma.filled(means, 0.0), 0.0)
    sheet.add("knn_impute", table.columns, rows=plain(rows), neighbours=int(imputer.n_neighbors), weights=imputer.weights,
              fill=plain(fill))
    if not imputer._valid_mask.all():
        if imputer.keep_empty_features:
            raise NoForm("KNNImputer that keeps a feature without values")
        table = sheet.picked(table, [int(index) for index in numpy.flatnonzero(imputer._valid_mask)])
    return table.of([*table.columns, *indicated])


WRITERS = {"SimpleImputer": simple, "MissingIndicator": indicator, "KNNImputer": neighbours}
