# SPDX-License-Identifier: Apache-2.0
"""Builds what a model is called with from the tensors of a request, in the `form` that its descriptor
says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from .descriptor import Column, Descriptor
from .errors import InputRefused
from .tensors import BYTES

Tensors = Mapping[str, np.ndarray]


def argument_builder(descriptor: Descriptor) -> Callable[[Tensors], object]:
    """A function from tensors to the model's argument; what can be decided once is decided here."""
    if descriptor.form == "frame":
        from .frames import frame_builder

        return frame_builder(descriptor)
    names = [spec.name for spec in descriptor.inputs]
    if descriptor.form == "tensors":
        return lambda tensors: {name: tensors[name] for name in names}
    if descriptor.form == "texts":
        return lambda tensors: decoded(tensors[names[0]])
    matrix = _matrix_of_columns(descriptor) if descriptor.columns else _matrix_of_inputs(descriptor)
    if descriptor.form == "list":
        return lambda tensors: matrix(tensors).tolist()
    return matrix


def one_by_one(argument: object, form: str | None) -> Iterable[object]:
    """The rows of the argument: a dictionary for each row of a frame or of tensors, an element of anything
    else."""
    if form == "frame":
        return argument.to_dict(orient="records")
    if form == "tensors":
        rows = len(next(iter(argument.values())))
        return [{name: array[row] for name, array in argument.items()} for row in range(rows)]
    return argument


def element(tensors: Tensors, column: Column) -> np.ndarray:
    """One value a row: element `offset` of each row of the column's tensor."""
    array = tensors[column.input]
    return array.reshape(len(array), -1)[:, column.offset]


def decoded(array: np.ndarray, missing: object = "") -> list:
    """The texts of a BYTES tensor, with `missing` in place of empty ones."""
    try:
        return [value.decode() or missing for value in array.ravel()]
    except UnicodeDecodeError as error:
        raise InputRefused(f"A text is not UTF-8: {error.reason} at byte {error.start}.") from error


def missing_value(column: Column) -> object:
    """What an empty text of an object column stands for."""
    return {False: "", True: float("nan"), "none": None}[column.missing]


def whole(values: np.ndarray, column: Column, dtype: np.dtype) -> np.ndarray:
    """The values as integers or booleans of `dtype`; numpy would make something of NaN and fractions too."""
    with np.errstate(invalid="ignore"):
        cast = values.astype(dtype)
    if not np.array_equal(cast, values):
        raise InputRefused(f"The column “{column.name}” takes {dtype}, and has a value that is none.")
    return cast


def numbers(values: np.ndarray, column: Column, dtype: np.dtype) -> np.ndarray:
    if dtype.kind in "iub" and values.dtype.kind != dtype.kind:
        return whole(values, column, dtype)
    return values.astype(dtype, copy=False)


def _matrix_of_columns(descriptor: Descriptor) -> Callable[[Tensors], np.ndarray]:
    """One array of all columns: of one numeric type where there is one that holds them, else of objects."""
    columns = descriptor.columns
    if any(descriptor.takes_texts(column.input) for column in columns):

        def objects(tensors: Tensors) -> np.ndarray:
            matrix = np.empty((len(tensors[columns[0].input]), len(columns)), object)
            for index, column in enumerate(columns):
                values = element(tensors, column)
                matrix[:, index] = (
                    decoded(values, missing_value(column)) if values.dtype == object else values.tolist()
                )
            return matrix

        return objects
    dtypes = [np.dtype(column.dtype) for column in columns]
    common = np.result_type(*dtypes)
    return block_builder(columns, dtypes, common, "C")


def block_builder(
    columns: tuple[Column, ...], dtypes: list[np.dtype], common: np.dtype, order: str
) -> Callable[[Tensors], np.ndarray]:
    """One array of all columns, and no copy at all when it is one tensor as it came."""
    source = columns[0].input
    in_order = all(column.input == source and column.offset == index for index, column in enumerate(columns))

    def block(tensors: Tensors) -> np.ndarray:
        array = tensors[source]
        rows = len(array)
        if in_order and array.dtype == common and array.size == rows * len(columns):
            return array.reshape(rows, len(columns))
        made = np.empty((rows, len(columns)), common, order)
        for index, column in enumerate(columns):
            made[:, index] = numbers(element(tensors, column), column, dtypes[index])
        return made

    return block


def _matrix_of_inputs(descriptor: Descriptor) -> Callable[[Tensors], np.ndarray]:
    names = [spec.name for spec in descriptor.inputs]
    texts = any(spec.datatype == BYTES for spec in descriptor.inputs)

    def readable(array: np.ndarray) -> np.ndarray:
        if array.dtype != object:
            return array.astype(object) if texts else array
        values = np.empty(array.size, object)
        values[:] = decoded(array)
        return values.reshape(array.shape)

    if len(names) == 1:
        return lambda tensors: readable(tensors[names[0]])

    def joined(tensors: Tensors) -> np.ndarray:
        arrays = [readable(tensors[name]) for name in names]
        return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)

    return joined
