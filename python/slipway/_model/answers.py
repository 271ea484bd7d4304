# SPDX-License-Identifier: Apache-2.0
"""Turns what a model answers into the tensor that its signature promises, or says why it cannot be."""

from __future__ import annotations

import sys

import numpy as np

from .descriptor import TensorSpec
from .errors import AnswerUnusable
from .tensors import BYTES, NUMPY_TYPES


def as_tensor(answer: object, spec: TensorSpec, rows: int) -> np.ndarray:
    """The answer as exactly the datatype, the shape and the number of rows that are promised.

    Numbers take the promised precision where floats are promised, and None is NaN there; whole floats may become integers,
    and nothing else changes its kind. `rows` is −1 when the request has none."""
    if type(answer) is np.ndarray and answer.shape == (rows, *spec.shape[1:]) and spec.shape[0] == -1:
        # As promised, as nearly all are; only texts are looked at one by one.
        if answer.dtype == NUMPY_TYPES[spec.datatype] and spec.datatype != BYTES:
            return answer
    try:
        array = _as_array(answer, spec)
    except AnswerUnusable:
        raise
    except Exception as error:
        raise _unusable(answer, spec, rows, f"which is no array: {type(error).__name__}: {error}") from error
    shape = (rows if spec.shape and spec.shape[0] == -1 else size for size in spec.shape[:1])
    expected = (*shape, *spec.shape[1:])
    if not fits(array.shape, expected):
        # A column beside a vector: sizes of one at the end may be there or not, as long as rows stay rows.
        trimmed = array.reshape(_trimmed(array.shape)) if array.ndim > 1 else array
        wanted = _trimmed(expected)
        if not expected or not array.shape or not fits(trimmed.shape, wanted):
            raise _unusable(answer, spec, rows, "whose shape is another")
        array = trimmed.reshape(trimmed.shape + (1,) * (len(expected) - len(wanted)))
    return _cast(array, answer, spec, rows)


def said(answer: object) -> str:
    """What came, in a few words: its type, and shape and dtype where it has them."""
    kind = type(answer)
    name = kind.__name__ if kind.__module__ in ("builtins", "numpy") else f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    shape, dtype = getattr(answer, "shape", None), getattr(answer, "dtype", None)
    if isinstance(shape, tuple):
        return f"{name} of shape {list(shape)}" + (f", {dtype}" if dtype is not None else "")
    if isinstance(answer, (list, tuple)):
        return f"{name} of {len(answer)}"
    if isinstance(answer, dict):
        return f"dict of {', '.join(repr(key) for key in list(answer)[:10])}"
    return name


def _unusable(answer: object, spec: TensorSpec, rows: int, why: str) -> AnswerUnusable:
    asked = f" for {rows} rows" if rows >= 0 else ""
    return AnswerUnusable(
        f"The model answered with {said(answer)}{asked}, {why}; "
        f"the output “{spec.name}” is promised as {spec.datatype} {list(spec.shape)}."
    )


def fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Whether the shape is the expected one, where −1 is any size."""
    return len(shape) == len(expected) and all(size in (-1, came) for came, size in zip(shape, expected))


def _trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Without the sizes of one at its end; the first size is of rows, and stays."""
    end = len(shape)
    while end > 1 and shape[end - 1] == 1:
        end -= 1
    return shape[:end]


def _as_array(answer: object, spec: TensorSpec) -> np.ndarray:
    if type(answer) is np.ndarray:
        return answer
    if isinstance(answer, np.ma.MaskedArray):
        return answer.astype(object).filled(None)
    if isinstance(answer, (np.ndarray, np.generic)):
        return np.asarray(answer)
    if isinstance(answer, (list, tuple)):
        return _array_of_list(answer, spec)
    if isinstance(answer, (str, bytes, dict, type(None))):
        raise TypeError(f"a {type(answer).__name__}")
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu()
        if str(answer.dtype) == "torch.bfloat16":
            answer = answer.float()
    if hasattr(answer, "toarray"):
        return np.asarray(answer.toarray())
    for method in ("to_numpy", "numpy"):
        if callable(getattr(answer, method, None)):
            return np.asarray(getattr(answer, method)())
    return np.asarray(answer)


def _array_of_list(answer: list | tuple, spec: TensorSpec) -> np.ndarray:
    """numpy makes texts of numbers that stand beside a text; as objects, they stay what they are."""
    items = [
        item if isinstance(item, (str, bytes, int, float, list, tuple, np.generic, type(None))) else _as_array(item, spec)
        for item in answer
    ]
    array = np.asarray(items)
    return np.asarray(items, object) if array.dtype.kind in "USO" else array


def _cast(array: np.ndarray, answer: object, spec: TensorSpec, rows: int) -> np.ndarray:
    numpy_type = NUMPY_TYPES[spec.datatype]
    if spec.datatype == BYTES:
        return _texts(array, answer, spec, rows)
    if array.dtype == numpy_type:
        return array
    if array.dtype == object:
        array = _plain(array, answer, spec, rows)
    kind, wanted = array.dtype.kind, numpy_type.kind
    if kind not in "biuf":
        raise _unusable(answer, spec, rows, "which is not numbers")
    if wanted == "f":
        with np.errstate(over="ignore"):
            cast = array.astype(numpy_type)
        if numpy_type.itemsize < array.dtype.itemsize and (np.isinf(cast) != np.isinf(array)).any():
            raise _unusable(answer, spec, rows, f"which has values beyond {spec.datatype}")
        return cast
    if wanted == "b" and kind != "b":
        raise _unusable(answer, spec, rows, "which is not booleans")
    with np.errstate(invalid="ignore"):
        cast = array.astype(numpy_type)
    if not np.array_equal(cast, array):
        why = "which has NaN" if kind == "f" and np.isnan(array).any() else "which has values that are no such integers"
        raise _unusable(answer, spec, rows, why)
    return cast


def _plain(array: np.ndarray, answer: object, spec: TensorSpec, rows: int) -> np.ndarray:
    """An array of objects that are numbers, as numbers; None and pandas' missing values are NaN."""
    pandas = sys.modules.get("pandas")
    nothing = (None,) if pandas is None else (None, pandas.NA, pandas.NaT)
    items = [float("nan") if any(item is one for one in nothing) else item for item in array.ravel()]
    if not all(isinstance(item, (bool, int, float, np.number, np.bool_)) for item in items):
        raise _unusable(answer, spec, rows, "which is not numbers")
    return np.asarray(items).reshape(array.shape)


def _texts(array: np.ndarray, answer: object, spec: TensorSpec, rows: int) -> np.ndarray:
    if array.dtype.kind not in "OUST":
        raise _unusable(answer, spec, rows, "which is not texts")
    texts = np.empty(array.size, object)
    for index, item in enumerate(array.ravel().tolist()):
        if not isinstance(item, (str, bytes)):
            raise _unusable(answer, spec, rows, f"in which a {type(item).__name__} stands among the texts")
        try:
            texts[index] = item.encode() if isinstance(item, str) else item
        except UnicodeEncodeError as error:
            raise _unusable(answer, spec, rows, f"in which a text is no Unicode: {error.reason}") from error
    return texts.reshape(array.shape)
