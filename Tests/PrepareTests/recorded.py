# SPDX-License-Identifier: Apache-2.0
"""Reads examples.jsonl, as docs/formats/examples.md has it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import numpy as np
from slipway._model.tensors import NUMPY_TYPES


def read(lines: list[str], descriptor: dict) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """The tensors of recorded rows, and the answers that were recorded."""
    rows = [json.loads(line) for line in lines]
    columns = descriptor.get("columns", [])
    inputs = {}
    for spec in descriptor["inputs"]:
        own = sorted((c for c in columns if c["input"] == spec["name"]), key=lambda c: c.get("offset", 0))
        names = [column["name"] for column in own] or [spec["name"]]
        values = [[row["inputs"][name] for name in names] for row in rows]
        inputs[spec["name"]] = _array(values, NUMPY_TYPES[spec["datatype"]], spec["shape"], len(rows))
    outputs = [_array([row["outputs"][spec["name"]] for row in rows], NUMPY_TYPES[spec["datatype"]], spec["shape"],
                      len(rows)) for spec in descriptor["outputs"]]
    return inputs, outputs


def _array(values: list, dtype: np.dtype, shape: list[int], count: int) -> np.ndarray:
    flat = list(_flat(values))
    array = np.empty(len(flat), dtype)
    special = {None: math.nan, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    array[:] = ([value.encode("utf-8") for value in flat] if dtype == object else
                [special[value] if value is None or isinstance(value, str) else value for value in flat])
    return array.reshape(count, *shape[1:])


def _flat(values) -> Iterator:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value
