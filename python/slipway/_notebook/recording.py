# SPDX-License-Identifier: Apache-2.0
"""Asks the model as it is in this process, before it is saved: its answers are the original's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .._prepare import examples, original, parts, said, signature
from .._prepare.asking import Caller
from .._prepare.rows import Table
from ..errors import ModelRefused
from .agreement import as_handed_in, first_difference

SEED = 0


@dataclass(frozen=True)
class Recording:
    """How the model is called, and what it answered to `table`."""

    model: Any
    call: signature.Call
    calls: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    task: str
    table: Table
    answers: list[Any]

    @property
    def kind(self) -> str:
        return parts.kind(self.model)

    @property
    def column_names(self) -> list[str]:
        return [str(column["name"]) for column in self.call.columns or self.call.inputs]

    def descriptor(self, fields: dict[str, str]) -> dict[str, Any]:
        """worker.json, with `fields` for what the saved file adds."""
        return original.descriptor(fields, self.call.fields(), self.calls, self.outputs)

    def write_examples(self, path: Path, descriptor: dict[str, Any]) -> int:
        """Returns how many there are."""
        kept = examples.sample(self.answers, self.outputs, self.table.count, examples.COUNT_LIMIT, SEED)
        listed = signature.report_columns(self.call)
        nullable = {column["name"] for column in listed if column["nullable"]}
        caller = Caller(descriptor, self.model)
        _write(path, caller.lines(self.table.take(kept), [answer[kept] for answer in self.answers], nullable))
        return len(kept)

    def write_baseline(self, folder: Path, table: Table) -> str:
        """Training data with the model's columns only. Returns the name of its file."""
        if not table.is_named:
            _write(folder / "baseline.jsonl", (_line(row) for row in table.columns["input"]))
            return "baseline.jsonl"
        lacking = [name for name in self.column_names if name not in table.columns]
        if lacking:
            raise ModelRefused(
                f"The training data has no column “{lacking[0]}”, which the model takes.",
                hint="Hand in the rows that the model was fitted with, under the same names.",
                code="rows_unusable",
                details={"column": lacking[0]},
            )
        _write(folder / "baseline.csv", examples.csv(table, self.column_names))
        return "baseline.csv"


def record(model: Any, loader: str, rows: Any, table: Table, target: str | None) -> Recording:
    """Asks the model about `table`, which is `rows` as they travel, and sees to it that it answers `rows` the same.

    Raises ModelRefused, or Problem of `_prepare.problems` when the model does not take the rows, or answers with
    no tensors.
    """
    about = said.of(model)
    chosen = signature.chosen(table, about, target)
    ways = signature.ways(chosen, about, loader)
    recording = _asked(model, loader, ways)
    row = _difference(recording, rows)
    if row is None:
        return recording
    with_none = _asked(
        model, loader, [replace(recording.call, columns=_missing_as_none(recording.call.columns))]
    )
    if _difference(with_none, rows) is None:
        return with_none
    raise ModelRefused(
        f"The model answers row {row} of the examples otherwise when its values are sent than as it is handed in.",
        hint="It depends on something that a request does not carry, such as the index, the type of a column or "
        "values from before: hand in plain columns, or give the model a seed.",
        code="predict_failed",
        details={"row": str(row)},
    )


def _asked(model: Any, loader: str, ways: list[signature.Call]) -> Recording:
    fields = {"loader": loader, "model": "model", "environment": "environment.json"}
    call, calls, outputs, task = original.answers_of(model, loader, ways, fields)
    caller = Caller(original.descriptor(fields, call.fields(), calls, outputs), model)
    return Recording(model, call, calls, outputs, task, call.table, caller.answers(call.table))


def _difference(recording: Recording, rows: Any) -> int | None:
    given = as_handed_in(rows, recording.column_names)
    if given is None:
        return None
    return first_difference(recording.model, recording.calls, recording.outputs, recording.answers, given)


def _missing_as_none(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some models were fitted with None where others were with NaN, and tell these apart."""
    return [column | ({"missing": "none"} if column.get("missing") else {}) for column in columns]


def _line(row: Any) -> str:
    """A row without names as JSON; a missing number is null."""
    if isinstance(row, np.ndarray):
        values = row.astype(object)
        values[np.isnan(row)] = None
        row = values.tolist()
    return json.dumps({"input": row}, ensure_ascii=False)


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line + "\n")


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
