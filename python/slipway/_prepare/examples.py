# SPDX-License-Identifier: Apache-2.0
"""Rows and answers as tensors, as lines of examples.jsonl, and as CSV."""
from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Iterator

if TYPE_CHECKING:
    import numpy

    from .rows import Table

COUNT_LIMIT = 1000


def tensors(table: Table, inputs: list[dict], columns: list[dict]) -> dict[str, numpy.ndarray]:
    """One array for each input: what a request with these rows is once it has reached the worker."""
    import numpy
    arrays: dict[str, numpy.ndarray] = {}
    for spec in inputs:
        own = [table.columns[column["name"]] for column in columns if column["input"] == spec["name"]]
        own = [_texts(values) if spec["datatype"] == "BYTES" else values for values in own or [table.columns[spec["name"]]]]
        array = numpy.stack(own, axis=1) if columns else own[0]
        arrays[spec["name"]] = array.reshape(len(array), *[size for size in spec["shape"][1:]])
    return arrays


def _texts(values: numpy.ndarray) -> numpy.ndarray:
    """As bytes, each; a missing text is an empty one, a date its ISO text."""
    import numpy
    if values.dtype.kind == "M":
        values = [None if numpy.isnat(value) else str(value).removesuffix("T00:00:00.000000000") for value in values]
    out = numpy.empty(len(values), dtype=object)
    out[:] = [b"" if value is None else str(value).encode("utf-8") for value in values]
    return out


def lines(
    arrays: dict[str, numpy.ndarray], inputs: list[dict], columns: list[dict], nullable: set[str],
    answers: list[numpy.ndarray], outputs: list[dict],
) -> Iterator[str]:
    """Each row with its answers, as docs/formats/examples.md writes them."""
    count = len(next(iter(arrays.values())))
    for row in range(count):
        values = {}
        for column in columns:
            value = arrays[column["input"]][row].ravel()[column.get("offset", 0)]
            values[column["name"]] = plain(value, column["name"] in nullable)
        for spec in inputs if not columns else []:
            values[spec["name"]] = _value(arrays[spec["name"]][row], spec["name"] in nullable)
        recorded = {spec["name"]: _value(answer[row]) for spec, answer in zip(outputs, answers)}
        yield json.dumps({"inputs": values, "outputs": recorded}, ensure_ascii=False, allow_nan=False)


def _value(element, is_nullable: bool = False):
    """A plain value where a row has one, nested lists where it has several."""
    import numpy
    array = numpy.asarray(element)
    if array.ndim == 0:
        return plain(array.item() if array.dtype != object else element, is_nullable)
    if array.shape == (1,):
        return plain(array[0], is_nullable)
    return [_nested(part, is_nullable) for part in array]


def _nested(element, is_nullable: bool):
    import numpy
    array = numpy.asarray(element)
    return plain(element, is_nullable) if array.ndim == 0 else [_nested(part, is_nullable) for part in array]


def plain(value, is_nullable: bool = False):
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return None if is_nullable else "NaN"
        return "Infinity" if value > 0 else "-Infinity"
    return value


def sample(answers: list[numpy.ndarray], outputs: list[dict], count: int, limit: int, seed: int) -> numpy.ndarray:
    """Which rows to record, in their order: at random, with some of every class that was answered."""
    import numpy
    if count <= limit:
        return numpy.arange(count)
    random = numpy.random.default_rng(seed)
    order = random.permutation(count)
    kept: list[int] = []
    decision = next((a for spec, a in zip(outputs, answers) if spec["name"] == "label" and a.ndim == 1), None)
    if decision is not None:
        shuffled = decision[order]
        for value in dict.fromkeys(shuffled.tolist()):
            kept.extend(order[shuffled == value][:max(1, min(50, limit // 10))].tolist())
    chosen = list(dict.fromkeys([*kept[:limit], *order.tolist()]))[:limit]
    return numpy.sort(numpy.array(chosen))


def csv(table: Table, names: list[str]) -> Iterator[str]:
    """A header and rows; an empty cell is missing, `""` an empty text."""
    if not table.is_named and table.columns[names[0]].ndim > 1:
        values = table.columns[names[0]]
        values = values.reshape(len(values), -1)
        width = values.shape[1]
        yield ",".join(_cell(f"{names[0]}[{index}]" if width > 1 else names[0]) for index in range(width))
        columns = list(values.T)
    else:
        yield ",".join(_cell(name) for name in names)
        columns = [_texts_or_none(table.columns[name]) for name in names]
    for row in zip(*columns):
        yield ",".join(_cell(value) for value in row)


def _texts_or_none(values: numpy.ndarray):
    if values.dtype.kind != "M":
        return values
    return [text.decode() or None for text in _texts(values)]


def _cell(value) -> str:
    value = value.item() if hasattr(value, "item") else value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, float) else str(value)
    return '"' + text.replace('"', '""') + '"' if not text or any(c in text for c in ',"\r\n') else text
