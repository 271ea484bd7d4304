# SPDX-License-Identifier: Apache-2.0
"""Rows as people have them, as columns of numpy arrays. pandas and polars are touched only when they are
handed in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputRefused

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Columns:
    """Columns by name. One of texts is an array of objects: `str` or `bytes`, and None where a text is
    missing.
    """

    values: Mapping[str, Array]
    # The index of the pandas frame that they came from.
    index: Any = None

    @property
    def have_missing_texts(self) -> bool:
        return any(
            values.dtype == object and any(value is None for value in values)
            for values in self.values.values()
        )


def is_pandas_frame(rows: object) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(rows, pandas.DataFrame)


def is_polars_frame(rows: object) -> bool:
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(rows, (polars.DataFrame, polars.LazyFrame))


def of_pandas(frame: Any) -> Columns:
    names = _names(frame.columns)
    kinds = set(frame.dtypes)
    if len(kinds) == 1 and isinstance(kind := kinds.pop(), np.dtype) and kind.kind in "fiub":
        # One block of numbers: the columns are views of it, and pandas is not asked about each.
        return Columns(dict(zip(names, _plain(frame.to_numpy()).T)), frame.index)
    series = [frame.iloc[:, position] for position in range(len(names))]
    return Columns({name: _pandas_column(values, name) for name, values in zip(names, series)}, frame.index)


def of_polars(frame: Any) -> Columns:
    frame = frame.collect() if hasattr(frame, "collect") else frame
    return Columns({name: _polars_column(frame[name], name) for name in frame.columns})


def of_mapping(rows: Mapping[Any, Any]) -> Columns:
    """Of columns by name: each a list, an array or a series."""
    names = _names(rows)
    return Columns({name: _column(values, name) for name, values in zip(names, rows.values())})


def _column(values: Any, name: str) -> Array:
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(values, pandas.Series):
        return _pandas_column(values, name)
    if polars is not None and isinstance(values, polars.Series):
        return _polars_column(values, name)
    if isinstance(values, np.ndarray) and values.dtype != object:
        return _plain(values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InputRefused(
            f"The column “{name}” is {values!r}, which is no column.",
            hint="Give a list or an array for each column; or, for one row, a list with one dictionary.",
            code="IN-005",
            details={"field": name},
        )
    return of_objects(list(values), name)


def _pandas_column(series: Any, name: str) -> Array:
    import pandas

    if isinstance(series.dtype, pandas.CategoricalDtype):
        series = series.astype(object)
    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in "fiub":
        return _plain(series.to_numpy())
    if getattr(kind, "kind", "") == "M":
        series = series.dt.tz_localize(None) if getattr(kind, "tz", None) is not None else series
        return _dates(series.to_numpy(dtype="datetime64[ns]"))
    missing = series.isna().to_numpy(dtype=bool)
    values = [None if is_missing else value for value, is_missing in zip(series.tolist(), missing)]
    if getattr(kind, "kind", "") in "fiu" and missing.any():
        # An integer that is missing makes the column one of floating-point numbers, as in a plain frame.
        return np.array([float("nan") if value is None else value for value in values], np.float64)
    return of_objects(values, name)


def _polars_column(series: Any, name: str) -> Array:
    if series.dtype.is_temporal():
        return _dates(series.to_numpy().astype("datetime64[ns]"))
    if series.dtype.is_numeric() and not series.dtype.is_decimal():
        return _plain(series.to_numpy())
    return of_objects(series.to_list(), name)


def of_objects(values: Sequence[Any], name: str) -> Array:
    """Numbers, truth values, texts, dates, or arrays of one shape; None, NaN and the like are missing."""
    there = [value for value in values if not is_missing(value)]
    if values and not there:
        # Of no kind that can be told: the server knows what is missing.
        return np.full(len(values), None, object)
    if any(isinstance(value, (list, tuple, np.ndarray)) for value in there):
        return _stacked(values, name)
    if all(isinstance(value, (bool, np.bool_)) for value in there) and len(there) == len(values):
        return np.array(values, bool)
    if all(
        isinstance(value, (bool, int, float, np.number, np.bool_)) or _is_decimal(value) for value in there
    ):
        if len(there) == len(values) and all(isinstance(value, (int, np.integer)) for value in there):
            return _integers(values, name)
        return np.array([float("nan") if is_missing(value) else float(value) for value in values], np.float64)
    if there and all(hasattr(value, "isoformat") or isinstance(value, np.datetime64) for value in there):
        moments = [np.datetime64("NaT") if is_missing(value) else _moment(value) for value in values]
        return _dates(np.array(moments, "datetime64[ns]"))
    odd = next((value for value in there if not isinstance(value, (str, bytes))), None)
    if odd is not None:
        raise InputRefused(
            f"The column “{name}” has texts and {odd!r}, which is {type(odd).__name__}.",
            hint="Make it one of texts, or one of numbers.",
            code="IN-005",
            details={"field": name},
        )
    texts = np.empty(len(values), object)
    texts[:] = [None if is_missing(value) else value for value in values]
    return texts


def _stacked(values: Sequence[Any], name: str) -> Array:
    try:
        return _plain(np.array([np.asarray(value) for value in values]))
    except ValueError as error:
        raise InputRefused(
            f"The values of the column “{name}” have different shapes.",
            hint="Give values of one shape.",
            code="IN-007",
            details={"field": name},
        ) from error


def _integers(values: Sequence[Any], name: str) -> Array:
    try:
        return np.array([int(value) for value in values], np.int64)
    except OverflowError:
        pass
    try:
        return np.array([int(value) for value in values], np.uint64)
    except OverflowError as error:
        raise InputRefused(
            f"The column “{name}” has an integer that does not fit into 64 bits.",
            hint="Send it as a text or as a floating-point number, whichever the model was trained with.",
            code="IN-006",
            details={"field": name},
        ) from error


def _plain(values: Array) -> Array:
    """Numbers and truth values in the machine's own byte order; texts as objects; dates as texts."""
    if values.dtype.kind == "M":
        return _dates(values.astype("datetime64[ns]"))
    if values.dtype.kind in "USO":
        texts = np.empty(values.size, object)
        texts[:] = values.ravel().tolist()
        return texts.reshape(values.shape)
    if values.dtype.kind not in "fiub" or values.dtype.itemsize > 8:
        raise InputRefused(
            f"Values of the type {values.dtype} cannot be sent.",
            hint="Convert them: .astype('float64').",
            code="IN-005",
        )
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _dates(values: Array) -> Array:
    """ISO texts, without the time where that is midnight: what `slipway pack` records of dates."""
    texts = np.empty(len(values), object)
    texts[:] = [
        None if np.isnat(value) else str(value).removesuffix("T00:00:00.000000000") for value in values
    ]
    return texts


def _moment(value: Any) -> Any:
    if getattr(value, "tzinfo", None) is not None:
        value = value.replace(tzinfo=None)
    return value if isinstance(value, np.datetime64) else np.datetime64(value.isoformat())


def _is_decimal(value: object) -> bool:
    decimal = sys.modules.get("decimal")
    return decimal is not None and isinstance(value, decimal.Decimal)


def is_missing(value: Any) -> bool:
    """None, NaN, NaT and pandas' NA: what is not equal to itself, or cannot say."""
    if value is None:
        return True
    if isinstance(value, (str, bytes, list, tuple, np.ndarray)):
        return False
    try:
        return bool(value != value)
    except TypeError:
        return True


def _names(labels: Iterable[Any]) -> list[str]:
    names = [str(label) for label in labels]
    twice = next((name for position, name in enumerate(names) if name in names[:position]), None)
    if twice is not None:
        raise InputRefused(
            f"The column “{twice}” is there twice.",
            hint="Give each column a name of its own.",
            code="IN-004",
            details={"field": twice},
        )
    return names
