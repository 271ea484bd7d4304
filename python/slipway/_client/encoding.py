# SPDX-License-Identifier: Apache-2.0
"""Rows as requests: tensors and columns as bytes of the Open Inference Protocol, or rows as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from .._model.tensors import DATATYPES, NUMPY_TYPES, encode
from ..errors import InputRefused
from .columns import (
    Array,
    Columns,
    is_missing,
    is_pandas_frame,
    is_polars_frame,
    of_mapping,
    of_objects,
    of_pandas,
    of_polars,
)
from .connections import Request
from .signature import Signature, Tensor

# Of what a prediction is about, and whom, in bytes.
LONGEST_KEY = 200


@dataclass(frozen=True)
class Encoded:
    request: Request
    # The index of a pandas frame, for the answer.
    index: Any = None
    # Whether it was made to fit the endpoint's signature, which may have changed since.
    needs_signature: bool = False


def encoded(endpoint: str, rows: Any, timeout: float, signature: Callable[[], Signature]) -> Encoded:
    """The request that asks `endpoint` about `rows`. `signature` is called only where rows do not name their
    values.
    """
    if is_pandas_frame(rows):
        return _by_column(endpoint, of_pandas(rows), timeout)
    if is_polars_frame(rows):
        return _by_column(endpoint, of_polars(rows), timeout)
    if isinstance(rows, Mapping):
        return _of_mapping(endpoint, rows, timeout, signature)
    if (
        isinstance(rows, Sequence)
        and not isinstance(rows, (str, bytes))
        and rows
        and isinstance(rows[0], Mapping)
    ):
        return Encoded(_rows(endpoint, _told_missing(rows, signature), timeout))
    tensors = _positional(rows, signature())
    return Encoded(
        _tensors(endpoint, tensors, timeout), getattr(rows, "index", None) if _is_series(rows) else None, True
    )


def _of_mapping(
    endpoint: str, rows: Mapping[Any, Any], timeout: float, signature: Callable[[], Signature]
) -> Encoded:
    if rows and all(
        isinstance(value, (str, bytes, bool, int, float, np.generic, type(None))) for value in rows.values()
    ):
        return Encoded(_rows(endpoint, _told_missing([rows], signature), timeout))
    columns = of_mapping(rows)
    if all(values.ndim == 1 for values in columns.values.values()):
        return _by_column(endpoint, columns, timeout)
    known = signature()
    tensors = {
        name: _fitted(values, tensor) if (tensor := known.input(name)) else values
        for name, values in columns.values.items()
    }
    return Encoded(_tensors(endpoint, tensors, timeout), needs_signature=True)


def _told_missing(
    rows: Sequence[Mapping[Any, Any]], signature: Callable[[], Signature]
) -> Sequence[Mapping[Any, Any]]:
    """NaN is a number, except where a text is expected: there it stands for a missing one, as in pandas."""
    if not any(
        isinstance(value, (float, np.floating)) and bool(np.isnan(value))
        for row in rows
        for value in row.values()
    ):
        return rows
    texts = {tensor.name for tensor in signature().inputs if tensor.datatype == "BYTES"}
    return [
        {name: None if str(name) in texts and is_missing(value) else value for name, value in row.items()}
        for row in rows
    ]


def _by_column(endpoint: str, columns: Columns, timeout: float) -> Encoded:
    """Each column as a tensor of its own, under its own name, and with its own type: the server fits it to
    the model's, and refuses what it could not keep. A missing text has no form there, so such rows go as
    JSON.
    """
    if not any(len(values) for values in columns.values.values()):
        raise InputRefused("There are no rows.", hint="Hand in at least one.", code="IN-007")
    if columns.have_missing_texts:
        names = list(columns.values)
        lists = [values.tolist() for values in columns.values.values()]
        return Encoded(
            _rows(endpoint, [dict(zip(names, row)) for row in zip(*lists)], timeout), columns.index
        )
    return Encoded(_tensors(endpoint, columns.values, timeout, {"content_type": "pd"}), columns.index)


def _positional(rows: Any, signature: Signature) -> dict[str, Array]:
    """Rows without names: one array for the only input, or one column for each of several, in their order."""
    values = next(iter(of_mapping({"rows": rows}).values.values()))
    if len(signature.inputs) == 1:
        tensor = signature.inputs[0]
        return {tensor.name: _fitted(values, tensor)}
    if values.ndim != 2 or values.shape[1] != len(signature.inputs):
        raise InputRefused(
            f"The rows have the shape {list(values.shape)}, and the endpoint takes {len(signature.inputs)} "
            f"inputs: {', '.join(tensor.name for tensor in signature.inputs[:12])}.",
            hint="Hand in a frame, or a dictionary of columns, with these names.",
            code="IN-007",
        )
    return {
        tensor.name: _fitted(values[:, position], tensor) for position, tensor in enumerate(signature.inputs)
    }


def _fitted(values: Array, tensor: Tensor) -> Array:
    """The array with the input's datatype and its number of dimensions."""
    if values.ndim == 1 and len(tensor.shape) == 2 and tensor.shape[1] in (1, -1):
        values = values.reshape(-1, 1)
    if values.ndim == 2 and values.shape[1] == 1 and len(tensor.shape) == 1:
        values = values.reshape(-1)
    fits = values.ndim == len(tensor.shape) and all(
        size in (-1, came) for size, came in zip(tensor.shape, values.shape)
    )
    if not fits:
        expected = ["?" if size < 0 else size for size in tensor.shape]
        raise InputRefused(
            f"The rows have the shape {list(values.shape)}, and “{tensor.name}” takes {expected}.",
            hint="One row alone is rows.reshape(1, -1).",
            code="IN-007",
            details={"field": tensor.name},
        )
    kind = NUMPY_TYPES.get(tensor.datatype)
    if kind is None or kind == values.dtype or (kind == object) != (values.dtype == object):
        # The server says what it expects.
        return values
    with np.errstate(invalid="ignore", over="ignore"):
        converted: Array = values.astype(kind)
    if kind.kind in "iub":
        is_kept = bool(np.array_equal(converted, values))
    else:
        # The nearest number is close enough; an infinity is not, where there was a number.
        is_kept = not bool((np.isinf(converted) & np.isfinite(values)).any())
    if not is_kept:
        raise InputRefused(
            f"“{tensor.name}” takes {tensor.datatype}, and there are values that it cannot hold.",
            hint="Round fractions and clip what is too large; where a value is missing, leave the row out.",
            code="IN-006",
            details={"field": tensor.name},
        )
    return converted


def _tensors(
    endpoint: str, tensors: Mapping[str, Array], timeout: float, parameters: Mapping[str, Any] | None = None
) -> Request:
    pieces = [encode(_bytes(values)) for values in tensors.values()]
    head = json.dumps(
        {
            "inputs": [
                {
                    "name": name,
                    "datatype": DATATYPES[values.dtype],
                    "shape": list(values.shape),
                    "parameters": {"binary_data_size": len(piece)},
                }
                for (name, values), piece in zip(tensors.items(), pieces)
            ],
            "parameters": {"binary_data_output": True, **(parameters or {})},
        }
    ).encode()
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(head)),
        **_deadline(timeout),
    }
    return Request("POST", f"/v2/models/{quote(endpoint, safe='')}/infer", (head, *pieces), headers)


def _bytes(values: Array) -> Array:
    """Texts as bytes."""
    if values.dtype != object:
        return values
    elements = np.empty(values.size, object)
    elements[:] = [
        value if isinstance(value, bytes) else str(value).encode() for value in values.ravel().tolist()
    ]
    return elements.reshape(values.shape)


def about(key: str | None, subject: str | None) -> dict[str, str]:
    """What a prediction is about, and whom, as headers."""
    headers = {}
    for name, value in (("key", key), ("subject", subject)):
        if value is None:
            continue
        raw = str(value).encode()
        is_text = raw == raw.strip() and all(byte >= 0x20 and byte != 0x7F for byte in raw)
        if not 0 < len(raw) <= LONGEST_KEY or not is_text:
            raise InputRefused(
                f"{name} is {str(value)[:40]!r}.",
                hint=f"Give 1 to {LONGEST_KEY} bytes of text, without control characters and without spaces around it.",
                code="IN-006",
            )
        # Headers go out as Latin-1: the bytes that come are UTF-8.
        headers[f"slipway-{name}"] = raw.decode("latin-1")
    return headers


def _rows(endpoint: str, rows: Sequence[Mapping[Any, Any]], timeout: float) -> Request:
    body = json.dumps(
        [{str(name): _plain(value) for name, value in row.items()} for row in rows], allow_nan=False
    )
    headers = {"Content-Type": "application/json", **_deadline(timeout)}
    return Request("POST", f"/v1/endpoints/{quote(endpoint, safe='')}/predict", (body.encode(),), headers)


def _plain(value: Any) -> Any:
    """A value as JSON has it; NaN and infinities are texts there."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, (bool, int, float, str)):
        return value
    if is_missing(value):
        return None
    if isinstance(value, bytes):
        return value.decode()
    # A date, a decimal number: as in a column.
    return of_objects([value], "rows").tolist()[0]


def _deadline(timeout: float) -> dict[str, str]:
    """The server drops what nobody waits for any more."""
    return {"slipway-timeout": f"{max(1, int(timeout * 1000))}ms"} if timeout < 86400 else {}


def _is_series(rows: Any) -> bool:
    return type(rows).__module__.partition(".")[0] == "pandas"
