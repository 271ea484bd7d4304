# SPDX-License-Identifier: Apache-2.0
"""Tensors, errors and specs as they stand in messages."""

from __future__ import annotations

import json
import sys
import traceback

import numpy as np

from .._model.descriptor import TensorSpec
from .._model.errors import one_line
from .._model.tensors import MalformedTensor, decode, encode

LONGEST_TRACE = 10_000

# Modules whose versions change answers, by the names of their packages.
PACKAGES = {
    "catboost": "catboost", "keras": "keras", "lightgbm": "lightgbm", "mlflow": "mlflow", "numpy": "numpy",
    "pandas": "pandas", "polars": "polars", "scipy": "scipy", "sklearn": "scikit-learn", "skops": "skops",
    "statsmodels": "statsmodels", "tensorflow": "tensorflow", "torch": "torch", "xgboost": "xgboost",
}  # fmt: skip


class MalformedRequest(Exception):
    """The message does not keep the protocol; its frame does."""


def read_tensors(inputs: object, data: memoryview) -> dict[str, np.ndarray]:
    """The tensors that the header announces, out of the bytes that follow it: all of them, and exactly."""
    tensors: dict[str, np.ndarray] = {}
    position = 0
    if not isinstance(inputs, list):
        raise MalformedRequest("“inputs” is no list")
    for entry in inputs:
        try:
            name, size = entry["name"], entry["parameters"]["binary_data_size"]
            datatype, shape = entry["datatype"], entry["shape"]
        except (KeyError, TypeError) as error:
            raise MalformedRequest(
                "an input lacks its name, datatype, shape or parameters.binary_data_size"
            ) from error
        if not (isinstance(name, str) and isinstance(datatype, str) and isinstance(shape, list)):
            raise MalformedRequest("an input's name or datatype is no text, or its shape no list")
        if type(size) is not int or not 0 <= size <= len(data) - position:
            raise MalformedRequest(f"the input “{name}” has {size!r} bytes, and {len(data) - position} are left")
        try:
            tensors[name] = decode(datatype, shape, data[position : position + size])
        except MalformedTensor as error:
            raise MalformedRequest(f"the input “{name}”: {error}") from error
        position += size
    if position != len(data) or len(tensors) != len(inputs):
        raise MalformedRequest(f"{len(data) - position} bytes are left over, or an input came twice")
    return tensors


def tensor_heads(specs: tuple[TensorSpec, ...]) -> list[str]:
    """The part of each output's header that is the same in every answer."""
    return [f'{{"name":{json.dumps(spec.name)},"datatype":"{spec.datatype}","shape":' for spec in specs]


def result(identifier: int, heads: list[str], arrays: list[np.ndarray]) -> tuple[str, list[bytes | memoryview]]:
    pieces = [encode(array) for array in arrays]
    outputs = ",".join([
        f'{head}{list(array.shape)},"parameters":{{"binary_data_size":{len(piece)}}}}}'
        for head, array, piece in zip(heads, arrays, pieces)
    ])
    return f'{{"kind":"result","id":{identifier},"outputs":[{outputs}]}}', pieces


def error(code: str, message: str | BaseException, identifier: int | None = None, **more: str) -> str:
    """An `error`; of an exception, with its trace."""
    answer: dict[str, object] = {"kind": "error", "code": code, **more}
    if identifier is not None:
        answer["id"] = identifier
    if isinstance(message, BaseException):
        answer["message"] = one_line(message)
        answer["trace"] = _trace(message)
    else:
        answer["message"] = message[:1000]
    return json.dumps(answer)


def _trace(exception: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(type(exception), exception, exception.__traceback__))
    except Exception:
        # An exception's own text is a model's code too.
        text = "".join(traceback.format_tb(exception.__traceback__))
    return text[-LONGEST_TRACE:].encode("utf-8", "replace").decode()


def versions() -> dict[str, str]:
    """What the model really runs with: the packages that were imported."""
    found = {package: getattr(sys.modules.get(module), "__version__", None) for module, package in PACKAGES.items()}
    return {package: version for package, version in found.items() if isinstance(version, str)}
