# SPDX-License-Identifier: Apache-2.0
"""Builds the data frame that a model was trained with: labels, types, categories, missing values and
dates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from .arguments import Tensors, block_builder, decoded, element, missing_value, numbers
from .descriptor import Column, Descriptor
from .errors import DescriptorInvalid, InputRefused


def frame_builder(descriptor: Descriptor) -> Callable[[Tensors], pd.DataFrame]:
    columns = descriptor.columns
    labels = pd.Index([column.name for column in columns])
    dtypes = [_dtype(column) for column in columns]
    # Most frames are numbers of one type: one block is many times faster than a column at a time.
    if all(isinstance(dtype, np.dtype) and dtype == dtypes[0] and dtype.kind in "iufb" for dtype in dtypes):
        block = block_builder(columns, dtypes, dtypes[0], "F")
        return lambda tensors: pd.DataFrame(block(tensors), columns=labels, copy=False)
    readers = [
        _reader(column, dtype, descriptor.takes_texts(column.input)) for column, dtype in zip(columns, dtypes)
    ]

    def build(tensors: Tensors) -> pd.DataFrame:
        made = {}
        for index, (column, read) in enumerate(zip(columns, readers)):
            try:
                made[index] = read(element(tensors, column))
            except (ValueError, TypeError, OverflowError) as error:
                raise InputRefused(f"The column “{column.name}” takes {column.dtype}: {error}.") from error
        frame = pd.DataFrame(made, copy=False)
        frame.columns = labels
        return frame

    return build


def _dtype(column: Column):
    if column.dtype == "category":
        return pd.CategoricalDtype(list(column.categories), ordered=column.ordered)
    try:
        dtype = pd.api.types.pandas_dtype(column.dtype)
    except (TypeError, ValueError) as error:
        raise DescriptorInvalid(
            f"worker.json: the column “{column.name}” has the dtype “{column.dtype}”: {error}."
        ) from error
    # Before pandas 3, a column of “str” is one of objects.
    return np.dtype(object) if dtype.kind == "U" else dtype


def _reader(column: Column, dtype, texts: bool) -> Callable[[np.ndarray], object]:
    """From the column's elements to what becomes a column of a frame."""
    if isinstance(dtype, pd.CategoricalDtype):
        return _category_reader(dtype, texts)
    if dtype.kind in "Mm":
        return _time_reader(dtype, texts)
    if texts:
        missing = missing_value(column) if dtype == object or not column.missing else pd.NA
        if dtype == object or isinstance(dtype, pd.StringDtype):
            return lambda values: pd.Series(decoded(values, missing), dtype=dtype)
        raise DescriptorInvalid(
            f"worker.json: the column “{column.name}” is a text, and has the dtype “{column.dtype}”."
        )
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return lambda values: numbers(values, column, dtype)
    # pandas' own types: NaN is its missing value, and what does not fit raises.
    return lambda values: pd.Series(values).astype(dtype)


def _category_reader(dtype: pd.CategoricalDtype, texts: bool) -> Callable[[np.ndarray], object]:
    """A value that is no category is a missing one, as in pandas."""
    codes = {category: code for code, category in enumerate(dtype.categories)}

    def read(values: np.ndarray) -> pd.Categorical:
        items = decoded(values) if texts else values.tolist()
        return pd.Categorical.from_codes([codes.get(item, -1) for item in items], dtype=dtype)

    return read


def _time_reader(dtype, texts: bool) -> Callable[[np.ndarray], object]:
    """Texts as ISO 8601, integers as a count of the dtype's unit since 1970; an empty text is no time."""
    if not texts:
        return lambda values: pd.Series(values.astype("int64")).astype(dtype)
    if dtype.kind == "m":
        return lambda values: pd.Series(pd.to_timedelta(decoded(values, None))).astype(dtype)
    form = {} if int(pd.__version__.split(".")[0]) < 2 else {"format": "ISO8601"}
    zoned = isinstance(dtype, pd.DatetimeTZDtype)

    def read(values: np.ndarray) -> pd.Series:
        times = pd.Series(pd.to_datetime(decoded(values, None), utc=zoned, **form))
        return times.astype(dtype)

    return read
