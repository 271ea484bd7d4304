# SPDX-License-Identifier: Apache-2.0
"""What a model is called with: the columns of rows, and the tensors that carry them."""
from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .problems import rows_unusable
from .rows import Table
from .said import Said

if TYPE_CHECKING:
    import numpy

DATATYPES = {"float64": "FP64", "float32": "FP32", "float16": "FP16", "int64": "INT64", "int32": "INT32",
             "int16": "INT16", "int8": "INT8", "uint64": "UINT64", "uint32": "UINT32", "uint16": "UINT16",
             "uint8": "UINT8", "bool": "BOOL"}
ONE_TENSOR = ("float64", "float32", "int64")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?Z?\Z")


@dataclass(frozen=True)
class Call:
    """How a model is called: `form` and `columns` as worker.json has them, and rows that fit."""

    form: str
    inputs: list[dict]
    columns: list[dict]
    table: Table

    def fields(self) -> dict:
        return {"form": self.form, "inputs": self.inputs, **({"columns": self.columns} if self.columns else {})}


def chosen(table: Table, said: Said, target: str | None) -> Table:
    """The columns of the rows that are the model's, in its order. - Raises Problem `rows_unusable`."""
    if not table.is_named:
        values = table.columns["input"]
        if said.count is not None and values.ndim == 2 and values.shape[1] != said.count:
            raise rows_unusable(f"The rows have {values.shape[1]} values each, and the model takes {said.count}.",
                                "Leave out the target, and give the columns that the model was trained on.")
        return table
    if target is not None and target not in table.columns:
        raise rows_unusable(f"The rows have no column “{target}”, which is named as the target.",
                            f"Their columns are {_listed(list(table.columns))}.")
    names = [name for name in table.columns if name != target]
    if said.names is not None:
        # LightGBM keeps other characters in its names as underscores.
        written = {_plain(name): name for name in names} | {name: name for name in names}
        lacking = [name for name in said.names if name not in written]
        if lacking:
            raise rows_unusable(f"The rows have no column “{lacking[0]}”, which the model was trained with.",
                                f"The model's columns are {_listed(said.names)}.")
        return table.select([written[name] for name in said.names])
    texts = [name for name in names if table.columns[name].dtype == object]
    if said.count is None and len(texts) == 1 and len(names) > 1 and not said.categories:
        return table.select(texts) if _is_prose(table.columns[texts[0]]) else table.select(names)
    if said.count is not None and len(names) != said.count:
        raise rows_unusable(f"The rows have {len(names)} columns ({_listed(names)}), and the model takes {said.count}.",
                            "Name the one that is no input with --target, and leave out the others.")
    return table.select(names)


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _is_prose(values: numpy.ndarray) -> bool:
    """Whether most texts are several words: then they, and not the columns beside them, are what is read."""
    there = [value for value in values if value]
    return bool(there) and sum(" " in value for value in there) > len(there) / 2


def _listed(names: list[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def ways(table: Table, said: Said, loader: str) -> list[Call]:
    """The ways in which the model may take these rows, the likeliest first. The first that it answers is the one."""
    if not table.is_named:
        return [_array(table, kind) for kind in _array_types(table.columns["input"], loader)]
    table = _with_categories(table, said)
    kinds = {values.dtype for values in table.columns.values()}
    is_numeric = all(kind.kind in "fiub" for kind in kinds) and not table.categories
    has_names = said.names is not None
    if is_numeric and loader in ("torchscript", "torch", "keras"):
        return [_matrix(_cast(table, kind), "matrix") for kind in ("float32", "float64", "int64")]
    if is_numeric and not has_names and loader in ("code", "mlflow", "statsmodels"):
        same = len(kinds) == 1 and str(next(iter(kinds))) in ONE_TENSOR
        frame = _matrix(table, "frame") if same else _frame(table)
        return [frame, _matrix(_cast(table, "float64"), "matrix")]
    if is_numeric and (not has_names or (len(kinds) == 1 and str(next(iter(kinds))) in ONE_TENSOR)):
        table = table if len(kinds) == 1 and str(next(iter(kinds))) in ONE_TENSOR else _cast(table, "float64")
        if not has_names and said.count is None:
            # An object of one's own says nothing of what it takes.
            return [_matrix(table, "matrix"), _matrix(table, "frame")]
        return [_matrix(table, "frame" if has_names else "matrix")]
    if len(table.columns) == 1 and not has_names and said.count is None and not is_numeric:
        return [_texts(table), _frame(table)]
    found = [_frame(table)]
    dated = _with_dates(table)
    if dated is not None:
        found.append(_frame(dated))
    texts = {name: sorted({v for v in values if v is not None}) for name, values in table.columns.items()
             if values.dtype == object and name not in table.categories}
    if texts:
        found.append(_frame(replace(table, categories=table.categories | texts)))
    return found


def _array_types(values: numpy.ndarray, loader: str) -> list[str]:
    own = str(values.dtype)
    if values.dtype == object:
        return ["object"]
    if loader in ("torchscript", "torch", "keras") and own == "float64":
        return ["float32", "float64"]
    return [own if own in DATATYPES else "float64"]


def _array(table: Table, kind: str) -> Call:
    if kind == "object":
        return _texts(table)
    values = table.columns["input"].astype(kind)
    spec = {"name": "input", "datatype": DATATYPES[kind], "shape": [-1, *values.shape[1:]]}
    return Call("matrix", [spec], [], Table({"input": values}, is_named=False))


def _texts(table: Table) -> Call:
    name, values = next(iter(table.columns.items()))
    filled = values.copy()
    filled[[value is None for value in values]] = ""
    return Call("texts", [{"name": name, "datatype": "BYTES", "shape": [-1, 1]}], [],
                Table({name: filled}, is_named=False))


def _cast(table: Table, kind: str) -> Table:
    return Table({name: values.astype(kind) for name, values in table.columns.items()})


def _matrix(table: Table, form: str) -> Call:
    kind = str(next(iter(table.columns.values())).dtype)
    spec = {"name": "input", "datatype": DATATYPES[kind], "shape": [-1, len(table.columns)]}
    columns = [{"name": name, "input": "input", "dtype": kind, "offset": index}
               for index, name in enumerate(table.columns)]
    return Call(form, [spec], columns, table)


def _frame(table: Table) -> Call:
    """One tensor a column."""
    columns, inputs = [], []
    for name, values in table.columns.items():
        column = {"name": name, "input": name, "dtype": str(values.dtype)}
        datatype = DATATYPES.get(str(values.dtype), "BYTES")
        if name in table.categories:
            column |= {"dtype": "category", "categories": table.categories[name]}
        elif values.dtype.kind == "M":
            column["dtype"] = "datetime64[ns]"
        if datatype == "BYTES" and has_missing(values):
            column["missing"] = True
        columns.append(column)
        inputs.append({"name": name, "datatype": datatype, "shape": [-1, 1]})
    return Call("frame", inputs, columns, table)


def has_missing(values: numpy.ndarray) -> bool:
    import numpy
    if values.dtype == object:
        return any(value is None for value in values)
    return bool(numpy.isnat(values).any() if values.dtype.kind == "M" else
                values.dtype.kind == "f" and numpy.isnan(values).any())


def _with_categories(table: Table, said: Said) -> Table:
    known = {name: kept for name, kept in said.categories.items() if name in table.columns}
    texts = [name for name, values in table.columns.items() if values.dtype == object or name in table.categories]
    if not known and said.ordered_categories and len(texts) == len(said.ordered_categories):
        known = dict(zip(texts, said.ordered_categories))
    return replace(table, categories=table.categories | known)


def _with_dates(table: Table) -> Table | None:
    import numpy
    dated = {}
    for name, values in table.columns.items():
        if values.dtype == object and name not in table.categories:
            there = [value for value in values if value is not None]
            if there and all(DATE.match(value) for value in there):
                dated[name] = numpy.array([v.rstrip("Z") if v is not None else "NaT" for v in values], "datetime64[ns]")
    return replace(table, columns=table.columns | dated) if dated else None


def report_columns(call: Call, said_columns: list[dict] | None = None) -> list[dict]:
    """The values of a row as the report has them: a matrix without names is one value with a shape."""
    optional = {column["name"] for column in said_columns or [] if column["nullable"]}
    if not call.columns:
        spec = call.inputs[0]
        kind = next((k for k, datatype in DATATYPES.items() if datatype == spec["datatype"]), "string")
        shape = spec["shape"][1:] if spec["shape"][1:] != [1] else []
        return [{"name": spec["name"], "type": kind, "nullable": _is_nullable(call.table.columns[spec["name"]]),
                 **({"shape": shape} if shape else {})}]
    found = []
    for column in call.columns:
        values = call.table.columns[column["name"]]
        kind = str(values.dtype) if str(values.dtype) in DATATYPES else "string"
        nullable = (_is_nullable(values) or "missing" in column
                    or (column["name"] in optional and values.dtype.kind == "f"))
        found.append({"name": column["name"], "type": kind, "nullable": nullable}
                     | ({"categories": column["categories"]} if "categories" in column else {})
                     | ({"missing": True} if column.get("missing") else {}))
    return found


def _is_nullable(values: numpy.ndarray) -> bool:
    return values.dtype.kind == "f" and has_missing(values)
