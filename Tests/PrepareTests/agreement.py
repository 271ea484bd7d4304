# SPDX-License-Identifier: Apache-2.0
"""Runs a converted model in Python's onnxruntime, and compares its answers as the server does."""

from __future__ import annotations

import numpy as np

ABSOLUTE, RELATIVE = 1e-5, 1e-4


def answers(model: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Texts go in and come out as bytes, as in the worker."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = {name: _each(array, lambda value: value.decode("utf-8")) for name, array in inputs.items()}
    return [_each(array, lambda value: value.encode("utf-8")) for array in session.run(None, given)]


def _each(array: np.ndarray, change) -> np.ndarray:
    if array.dtype != object:
        return array
    out = np.empty(array.size, object)
    out[:] = [change(value) for value in array.ravel()]
    return out.reshape(array.shape)


def differing(expected: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Which rows differ by more than the tolerance; all of them when the shapes do."""
    if expected.shape != actual.shape:
        return np.ones(len(expected), bool)
    if expected.dtype.kind != "f":
        apart = expected != actual
    else:
        expected, actual = expected.astype(float), actual.astype(float)
        with np.errstate(invalid="ignore"):
            near = np.abs(actual - expected) <= ABSOLUTE + RELATIVE * np.abs(expected)
        apart = ~(near | (expected == actual) | (np.isnan(expected) & np.isnan(actual)))
    return np.asarray(apart).reshape(len(expected), -1).any(axis=1)
