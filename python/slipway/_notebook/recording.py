# SPDX-License-Identifier: Apache-2.0
"""Asks the model as it is in this process, before it is saved: its answers are the original's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._prepare import examples, original, parts, said, signature
from .._prepare.asking import Caller
from .._prepare.rows import Table
from ..errors import ModelRefused

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

    def write_baseline(self, path: Path, table: Table) -> None:
        """Training data with the model's columns only."""
        if not table.is_named:
            _write(path, examples.csv(table, ["input"]))
            return
        lacking = [name for name in self.column_names if name not in table.columns]
        if lacking:
            raise ModelRefused(
                f"The training data has no column “{lacking[0]}”, which the model takes.",
                hint="Hand in the rows that the model was fitted with, under the same names.",
                code="rows_unusable",
                details={"column": lacking[0]},
            )
        _write(path, examples.csv(table, self.column_names))


def record(model: Any, loader: str, table: Table, target: str | None) -> Recording:
    """- Raises Problem of `_prepare.problems` when the model does not take the rows, or answers with no
    tensors.
    """
    about = said.of(model)
    chosen = signature.chosen(table, about, target)
    fields = {"loader": loader, "model": "model", "environment": "environment.json"}
    ways = signature.ways(chosen, about, loader)
    call, calls, outputs, task = original.answers_of(model, loader, ways, fields)
    caller = Caller(original.descriptor(fields, call.fields(), calls, outputs), model)
    return Recording(model, call, calls, outputs, task, call.table, caller.answers(call.table))


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line + "\n")


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
