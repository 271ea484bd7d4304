# SPDX-License-Identifier: Apache-2.0
"""graph.json: the steps of a native graph, and how they begin with what a model's descriptor says."""
from __future__ import annotations

import json
from pathlib import Path

from .native_sheet import Sheet, Source
from .native_table import TYPES, Column, NoForm, Table

SCHEMA, NAME = "slipway.graph/1", "graph.json"


class Graph:
    """- Parameter folder: where graph.json is written, and the files of its models."""

    def __init__(self, descriptor: dict, folder: Path):
        self.descriptor, self.folder = descriptor, folder
        self.steps: list[dict] = []
        self.files: list[str] = []
        self._names = {spec["name"] for spec in descriptor["inputs"]}
        self._steps = {"input"}

    def fresh(self, name: str) -> str:
        """A name that no column has yet."""
        return _unused(name, "~", self._names)

    def step(self, name: str) -> str:
        return _unused(name, "-", self._steps)

    def add(self, step: dict) -> None:
        self.steps.append(step)

    def write(self, outputs: list[dict]) -> list[str]:
        """- Returns: the files of the graph, graph.json first."""
        described = {"schema": SCHEMA, "inputs": self.descriptor["inputs"], "steps": self.steps, "outputs": outputs}
        text = json.dumps(described, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        (self.folder / NAME).write_text(text + "\n", "utf-8")
        return [NAME, *self.files]


def _unused(name: str, mark: str, taken: set[str]) -> str:
    base, number = name.rsplit(mark, 1)[0], 1
    while name in taken:
        number += 1
        name = f"{base}{mark}{number}"
    taken.add(name)
    return name


def beginning(graph: Graph) -> tuple[Sheet, Table]:
    """A step that begins with the model's own columns. - Raises NoForm for inputs that are none."""
    descriptor = graph.descriptor
    for spec in descriptor["inputs"]:
        if len(spec["shape"]) > 2 or -1 in spec["shape"][1:]:
            raise NoForm(f"the input “{spec['name']}”, which is no matrix")
    columns = descriptor.get("columns") or []
    inputs = tuple(_column(spec, [one for one in columns if one["input"] == spec["name"]])
                   for spec in descriptor["inputs"])
    whole = Table(inputs, is_objects=descriptor["form"] == "matrix" and any(column.is_text for column in inputs))
    sheet = Sheet(graph, Source(("input",), whole), "prepare")
    if not columns:
        return sheet, whole
    starts, position = {}, 0
    for column in inputs:
        starts[column.name] = position
        position += column.count
    table = sheet.picked(whole, [starts[one["input"]] + one.get("offset", 0) for one in columns])
    table = _typed(sheet, table, columns)
    if descriptor["form"] == "frame":
        table = Table(table.columns, tuple(one["name"] for one in columns))
    return sheet, table


def _column(spec: dict, columns: list[dict]) -> Column:
    """An input as a column. What stands in it has to be of one kind."""
    kinds = {(one.get("missing", False), _odd(one, spec)) for one in columns} or {(False, None)}
    if len(kinds) > 1:
        raise NoForm(f"the input “{spec['name']}”, whose columns are of different kinds")
    missing, odd = kinds.pop()
    return Column(spec["name"], spec["datatype"], spec["shape"][1] if len(spec["shape"]) > 1 else None, missing, odd)


def _odd(column: dict, spec: dict) -> str | None:
    dtype = column["dtype"]
    if dtype == "category" or "categories" in column:
        return f"the column “{column['name']}” of categories"
    is_known = dtype in TYPES.values() if spec["datatype"] != "BYTES" else not dtype.startswith(("datetime", "timedelta"))
    return None if is_known else f"the column “{column['name']}” of {dtype}"


def _typed(sheet: Sheet, table: Table, columns: list[dict]) -> Table:
    """Where a request's datatype is another than what the model is called with. - Raises NoForm."""
    datatypes = {dtype: datatype for datatype, dtype in TYPES.items()}
    found, position = [], 0
    for column in table.columns:
        own = {datatypes.get(one["dtype"], "BYTES") for one in columns[position:position + column.count]}
        position += column.count
        if column.odd or column.is_text or own == {column.datatype}:
            found.append(column)
        elif len(own) == 1:
            found += sheet.cast([column], own.pop())
        else:
            raise NoForm(f"the input “{column.name}”, whose columns are of different types")
    return Table(tuple(found), is_objects=table.is_objects)
