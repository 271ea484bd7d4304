# SPDX-License-Identifier: Apache-2.0
"""Whether the model answers rows that came over the wire as it answers the very object that was handed in."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._client.columns import is_pandas_frame
from .._model.answers import as_tensor
from .._model.descriptor import TensorSpec
from .._model.methods import method_of


def first_difference(
    model: Any, calls: list[dict[str, Any]], outputs: list[dict[str, Any]], answers: list[Any], given: Any
) -> int | None:
    """The first row whose recorded answer is another than that to `given`, rows as they were handed in.

    `None` also where `given` is nothing that the model itself takes, and where nothing can be compared.
    """
    methods = [call["method"] for call in calls]
    for call, output, recorded in zip(calls, outputs, answers):
        if methods.count(call["method"]) > 1:
            continue
        spec = TensorSpec.of(output, "outputs")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                direct = as_tensor(method_of(model, call["method"])(given), spec, len(recorded))
        except Exception:
            # The model takes these rows in another form only, in which it was asked.
            return None
        unequal = np.flatnonzero(_unequal(direct, recorded).reshape(len(recorded), -1).any(axis=1))
        if len(unequal):
            return int(unequal[0])
    return None


def _unequal(one: Any, other: Any) -> Any:
    if one.dtype.kind == "f":
        return ~np.isclose(one, other, rtol=1e-5, atol=1e-8, equal_nan=True)
    return one != other


def as_handed_in(rows: Any, names: list[str]) -> Any:
    """The model's columns of a pandas frame; arrays and texts as they are; None for what is neither."""
    if is_pandas_frame(rows):
        labels = {str(label): label for label in rows.columns}
        return rows[[labels[name] for name in names]] if set(names) <= set(labels) else rows
    return rows if isinstance(rows, (np.ndarray, list)) else None
