# SPDX-License-Identifier: Apache-2.0
"""A fitted model as a project with graph.json, and examples with scikit-learn's own answers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy
import pandas
from slipway._model.calling import Caller
from slipway._model.descriptor import Descriptor
from slipway._prepare import examples, native_form, original, said, signature
from slipway._prepare.rows import Table, of_frame

FIELDS = {"loader": "joblib", "model": "model.joblib"}


def described(model, rows) -> tuple[dict, Table]:
    """What `slipway pack` would call the model with, and the rows as it reads them."""
    if isinstance(rows, pandas.DataFrame):
        table = signature.chosen(of_frame(rows), said.of(model), None)
    elif isinstance(rows, list):
        table = Table({"text": numpy.array(rows, object)})
    else:
        table = Table({"input": rows}, is_named=False)
    ways = [_of_texts(rows)] if getattr(rows, "dtype", None) == object else signature.ways(table, said.of(model), "joblib")
    call, calls, outputs, _ = original.answers_of(model, "joblib", ways, FIELDS)
    return original.descriptor(FIELDS, call.fields(), calls, outputs), call.table


def _of_texts(rows: numpy.ndarray) -> signature.Call:
    """A matrix of texts, as a notebook records it."""
    columns = [{"name": f"text{index}", "input": "input", "dtype": "object", "offset": index} for index in range(rows.shape[1])]
    table = Table({column["name"]: rows[:, index] for index, column in enumerate(columns)})
    return signature.Call("matrix", [{"name": "input", "datatype": "BYTES", "shape": [-1, rows.shape[1]]}], columns, table)


def answered(model, descriptor: dict, table: Table) -> tuple[Table, list]:
    """The rows that scikit-learn does not refuse, and its answers to them: to each alone, as to all."""
    caller = Caller(Descriptor.of(descriptor), model)

    def ask(part: Table):
        return caller.predict(examples.tensors(part, descriptor["inputs"], descriptor.get("columns", [])))

    kept, found = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row in range(table.count):
            try:
                found.append(ask(table.take(slice(row, row + 1))))
                kept.append(row)
            except Exception:
                continue
    assert kept, "scikit-learn refuses every row"
    return table.take(kept), [numpy.concatenate(parts) for parts in zip(*found)]


def write(folder: Path, model, rows, relative: float = 0.0, absolute: float = 0.0) -> int:
    """- Returns: how many rows there are to compare."""
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        descriptor, table = described(model, rows)
    native_form.write(model, descriptor, folder)
    table, answers = answered(model, descriptor, table)
    arrays = examples.tensors(table, descriptor["inputs"], descriptor.get("columns", []))
    # By input, since a graph knows no columns.
    lines = examples.lines(arrays, descriptor["inputs"], [], set(), answers, descriptor["outputs"])
    (folder / "examples.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")
    (folder / "slipway.yaml").write_text(
        "schema: slipway/1\nmodel: {task: other}\nproof:\n  examples: {data: examples.jsonl}\n"
        f"  tolerance: {{absolute: {absolute}, relative: {relative}, same_decision: false}}\n")
    return table.count


def graph(folder: Path) -> dict:
    return json.loads((folder / "graph.json").read_text("utf-8"))
