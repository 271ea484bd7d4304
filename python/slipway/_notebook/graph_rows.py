# SPDX-License-Identifier: Apache-2.0
"""Rows of a graph: what it takes, with types, and the answers that were recorded beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._client.columns import _dates, is_pandas_frame, is_polars_frame
from .._prepare.examples import COUNT_LIMIT, csv, plain, sample
from .._prepare.rows import Table
from ..errors import ModelRefused
from .recording import SEED
from .tables import table_of

Array = npt.NDArray[Any]
Columns = dict[str, Array]
# Beyond it, a floating-point number does not hold every integer.
EXACT = 2**53


@dataclass(frozen=True)
class GraphRows:
    """Columns by name, their types in the words of `slipway.yaml`, and the answers by output, if there are any."""

    inputs: Columns
    types: dict[str, str]
    answers: Columns
    baseline: Columns | None

    def lines(self) -> Iterable[str]:
        """Some of the rows with their answers, as docs/formats/examples.md writes them."""
        answers = list(self.answers.values())
        specs = [{"name": name} for name in self.answers]
        for row in sample(answers, specs, _count(self.inputs), COUNT_LIMIT, SEED):
            line = {"inputs": {name: plain(values[row], True) for name, values in self.inputs.items()}}
            if self.answers:
                line["outputs"] = {name: _answer(values[row]) for name, values in self.answers.items()}
            yield json.dumps(line, ensure_ascii=False, allow_nan=False)

    def baseline_lines(self) -> Iterable[str]:
        return csv(Table(self.baseline or {}), list(self.inputs))


def rows_of(
    examples: Any, baseline: Any, target: str | None, outputs: list[str], original: Callable[[Any], Any] | None
) -> GraphRows:
    """Columns of `examples` that are named as outputs are answers; else `original` is asked for them. Raises
    ModelRefused.
    """
    given = _columns(examples, "examples")
    trained_on = None if baseline is None else _columns(baseline, "baseline")
    if target is not None and target not in given and target not in (trained_on or {}):
        raise _unusable(f"The rows have no column “{target}”, which is named as the target.", target)
    of_outputs = [name for name in given if _is_of(name, outputs)]
    inputs = {name: values for name, values in given.items() if name != target and name not in of_outputs}
    if original is not None and of_outputs:
        raise _unusable(
            f"The examples have a column “{of_outputs[0]}”, named as an output, and original= answers too.",
            of_outputs[0],
            "Hand in one of them: rows without answers, or no original=.",
        )
    answers = _answers(given, outputs) | _written_down(examples, outputs)
    if original is not None:
        answers = _asked(original, _without(examples, inputs, target), outputs, _count(given))
    if trained_on is not None:
        trained_on = {name: _found(trained_on, name) for name in inputs}
    types = {
        name: _type([values, *([trained_on[name]] if trained_on else [])], name) for name, values in inputs.items()
    }
    fitting = [
        columns and {name: _as_type(values, types[name]) for name, values in columns.items()}
        for columns in (inputs, trained_on)
    ]
    return GraphRows(fitting[0] or {}, types, answers, fitting[1])


def _columns(rows: Any, what: str) -> Columns:
    table = table_of(rows, what)
    if not table.is_named:
        raise ModelRefused(
            f"The {what} have no names of columns, by which a graph reads them.",
            hint="Hand in a frame, a dictionary of columns or a list of dictionaries.",
            code="rows_unusable",
        )
    return {name: _travelling(np.asarray(values), name) for name, values in table.columns.items()}


def _travelling(values: Array, name: str) -> Array:
    """Numbers, booleans and texts, as requests carry them."""
    if values.dtype.kind == "M":
        return _dates(values.astype("datetime64[ns]"))
    if values.dtype.kind in "OUS":
        texts = np.empty(values.shape, object)
        texts.ravel()[:] = [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values.ravel().tolist()]
        return texts
    return values


def _is_of(name: str, outputs: list[str]) -> bool:
    return any(name == output or name.startswith(f"{output}[") for output in outputs)


def _answers(columns: Mapping[str, Array], outputs: list[str]) -> Columns:
    """One array for each output that has a column, or columns `name[0]`, `name[1]`, …"""
    found: Columns = {}
    for output in outputs:
        parts: list[Array] = []
        while f"{output}[{len(parts)}]" in columns:
            parts.append(columns[f"{output}[{len(parts)}]"])
        if output in columns or parts:
            found[output] = columns[output] if output in columns else np.stack(parts, axis=1)
            _check_answers(found[output], output)
    return found


def _check_answers(values: Array, output: str) -> None:
    lacking = [row for row, value in enumerate(values) if value is None]
    if lacking:
        raise _unusable(f"Row {lacking[0]} of the examples has no answer “{output}”.", output)


def _written_down(examples: Any, outputs: list[str]) -> Columns:
    """The answers of a file of JSON lines, which stand apart from the rows."""
    if not isinstance(examples, (str, os.PathLike)) or Path(examples).suffix.lower() not in (".jsonl", ".ndjson"):
        return {}
    rows = [json.loads(line) for line in Path(examples).read_text("utf-8-sig").splitlines() if line.strip()]
    recorded = [row.get("outputs") or {} for row in rows]
    names = [name for name in outputs if any(name in answers for answers in recorded)]
    if not names:
        return {}
    return _answers(_columns({name: [answers.get(name) for answers in recorded] for name in names}, "answers"), names)


def _asked(original: Callable[[Any], Any], rows: Any, outputs: list[str], count: int) -> Columns:
    answered = _columns(original(rows), "answers of original=")
    answers = _answers(answered, outputs)
    lacking = [name for name in outputs if name not in answers]
    if lacking:
        raise _unusable(
            f"original= answers with {', '.join(f'“{name}”' for name in list(answered)[:12])}, and with no "
            f"“{lacking[0]}”.",
            lacking[0],
            "Let it return a dictionary or a frame with a column for each output of the graph.",
        )
    if _count(answered) != count:
        raise _unusable(
            f"original= answers {count} rows with {_count(answered)}.",
            outputs[0],
            "Let it return one answer for each row, in their order.",
        )
    return answers


def _without(rows: Any, inputs: Columns, target: str | None) -> Any:
    """The rows in the form in which they were handed in; those of a file as arrays by name."""
    if is_pandas_frame(rows):
        return rows[[label for label in rows.columns if str(label) != target]].copy()
    if is_polars_frame(rows):
        return rows.select(list(inputs))
    if isinstance(rows, Mapping):
        return {name: values for name, values in rows.items() if str(name) != target}
    if isinstance(rows, (str, os.PathLike)):
        return dict(inputs)
    return [{name: value for name, value in row.items() if str(name) != target} for row in rows]


def _type(arrays: list[Array], name: str) -> str:
    known = [values for values in arrays if values.dtype != object or any(v is not None for v in values.ravel())]
    if any(values.ndim > 1 for values in known):
        raise _unusable(f"The column “{name}” has several values in a row.", name, "Give each a column of its own.")
    if any(values.dtype == object for values in known):
        if not all(values.dtype == object for values in known):
            raise _unusable(
                f"The column “{name}” has texts in one of examples and baseline, and numbers in the other.", name
            )
        return "string"
    if known and all(values.dtype.kind == "b" for values in known):
        return "bool"
    if known and all(values.dtype.kind in "iu" for values in known):
        largest = max(int(values.max()) for values in known)
        if largest > EXACT or min(int(values.min()) for values in known) < -EXACT:
            return "int64" if largest < 2**63 else "uint64"
    return "float64"


def _as_type(values: Array, kind: str) -> Array:
    if kind != "float64" or values.dtype.kind in "iu":
        return values
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _answer(element: Any) -> Any:
    array = np.asarray(element)
    return plain(element) if array.ndim == 0 else [_answer(part) for part in array]


def _found(columns: Columns, name: str) -> Array:
    if name not in columns:
        raise _unusable(
            f"The baseline has no column “{name}”, which the examples have.",
            name,
            "Hand in both with the same columns; name what the models predict as target=.",
        )
    return columns[name]


def _count(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _unusable(message: str, column: str, hint: str = "Hand in rows as the graph takes them.") -> ModelRefused:
    return ModelRefused(message, hint=hint, code="rows_unusable", details={"column": column})
