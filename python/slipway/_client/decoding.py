# SPDX-License-Identifier: Apache-2.0
"""Answers as arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from .._model.tensors import NUMPY_TYPES, MalformedTensor, decode
from ..errors import ServerFailed
from .columns import Array
from .connections import Reply
from .prediction import Prediction
from .signature import Signature


def decoded(reply: Reply, endpoint: str, index: Any, signature: Callable[[], Signature]) -> Prediction:
    """`signature` is called for answers as JSON rows only, which do not say the types of their numbers."""
    try:
        if "inference-header-content-length" in reply.headers:
            return _of_tensors(reply, endpoint, index)
        return _of_rows(reply, endpoint, index, signature())
    except (ValueError, KeyError, TypeError, MalformedTensor) as error:
        raise ServerFailed(
            f"The answer cannot be read: {error}.",
            hint="Check that a Slipway server is there, and nothing in between answers for it.",
            status=reply.status,
        ) from error


def _of_tensors(reply: Reply, endpoint: str, index: Any) -> Prediction:
    length = int(reply.headers["inference-header-content-length"])
    head = json.loads(reply.body[:length])
    data = memoryview(reply.body)
    outputs: dict[str, Array] = {}
    position = length
    for output in head["outputs"]:
        end = position + output["parameters"]["binary_data_size"]
        outputs[output["name"]] = _own(decode(output["datatype"], output["shape"], data[position:end]))
        position = end
    return Prediction(
        outputs, head["parameters"]["prediction_id"], endpoint, int(head["model_version"]), index
    )


def _own(values: Array) -> Array:
    """Arrays that can be written to, and texts instead of bytes where they are some."""
    if values.dtype != object:
        own: Array = values.copy()
        return own
    texts = np.empty(values.size, object)
    texts[:] = [_text(value) for value in values.ravel().tolist()]
    return texts.reshape(values.shape)


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _of_rows(reply: Reply, endpoint: str, index: Any, signature: Signature) -> Prediction:
    body = json.loads(reply.body)
    rows = body["predictions"]
    outputs = {
        tensor.name: _array([row[tensor.name] for row in rows], NUMPY_TYPES[tensor.datatype])
        for tensor in signature.outputs
    }
    return Prediction(outputs, body["id"], endpoint, int(body["version"]), index)


def _array(values: list[Any], kind: np.dtype[Any]) -> Array:
    if kind != object:
        # “NaN” and “Infinity” are texts in JSON, and numbers to numpy.
        array: Array = np.array(values, str if _has_text(values) else None).astype(kind)
        return array
    return np.array(values, object)


def _has_text(values: list[Any]) -> bool:
    return any(_has_text(value) if isinstance(value, list) else isinstance(value, str) for value in values)
