# SPDX-License-Identifier: Apache-2.0
"""Rows that look like what a model will meet, as columns of numpy arrays."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from . import csv_rows
from .problems import Problem, one_line, rows_unusable

if TYPE_CHECKING:
    import numpy

HEADER = "Give CSV, JSON lines, Parquet or .npy, one row for each prediction; docs/formats/examples.md shows them."


@dataclass
class Table:
    """Columns by name, in their order; a text column is an object array of `str`, and `None` where it is missing.

    Rows without names (`.npy`) are one column called `input`, of shape [rows, …].
    """

    columns: dict[str, numpy.ndarray]
    categories: dict[str, list] = field(default_factory=dict)
    is_named: bool = True

    @property
    def count(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, indices) -> Table:
        return Table({name: values[indices] for name, values in self.columns.items()}, self.categories, self.is_named)

    def select(self, names: list[str]) -> Table:
        return Table({name: self.columns[name] for name in names},
                     {name: self.categories[name] for name in names if name in self.categories}, self.is_named)

    def replacing(self, name: str, values: numpy.ndarray) -> Table:
        return Table(self.columns | {name: values}, self.categories, self.is_named)


def read(path: Path) -> Table:
    """- Raises Problem `rows_unusable`."""
    readers: dict[str, Callable[[Path], Table]] = {
        ".csv": _read_csv, ".jsonl": _read_json_lines, ".ndjson": _read_json_lines, ".parquet": _read_parquet,
        ".npy": _read_npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise rows_unusable(f"The rows “{path.name}” are of no known form.", HEADER)
    if not path.is_file():
        raise rows_unusable(f"The rows “{path.name}” are not there.", "Give the path of an existing file.")
    try:
        table = reader(path)
    except Problem:
        raise
    except (ValueError, OSError, KeyError, ArithmeticError) as error:
        raise rows_unusable(f"The rows “{path.name}” cannot be read: {one_line(error)}", HEADER) from error
    if table.count == 0:
        raise rows_unusable(f"The rows “{path.name}” hold no row.", HEADER)
    return table


def _read_csv(path: Path) -> Table:
    return Table(csv_rows.columns(path.read_text("utf-8-sig")))


def _read_json_lines(path: Path) -> Table:
    names: dict[str, None] = {}
    rows = []
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        row = json.loads(line)
        row = row.get("inputs", row) if isinstance(row, dict) else row
        if not isinstance(row, dict):
            raise rows_unusable(f"Line {number} of “{path.name}” is no object.", HEADER)
        names |= dict.fromkeys(row)
        rows.append(row)
    if len(names) == 1 and rows and isinstance(next(iter(rows[0].values()), None), list):
        return _unnamed(_array([next(iter(row.values())) for row in rows]))
    return Table({name: typed([row.get(name) for row in rows], name) for name in names})


def _read_parquet(path: Path) -> Table:
    try:
        import pandas
        frame = pandas.read_parquet(path)
    except ImportError as error:
        raise rows_unusable("Reading Parquet needs pandas and pyarrow, which are not there.",
                            "Install them beside the model's packages, or give CSV.") from error
    return of_frame(frame)


def _read_npy(path: Path) -> Table:
    import numpy
    return _unnamed(numpy.load(path, allow_pickle=False))


def _unnamed(values: numpy.ndarray) -> Table:
    if values.ndim == 0:
        raise rows_unusable("The array of rows has no dimension for rows.", HEADER)
    if values.dtype.kind in "US":
        return Table({"input": _text(values)}, is_named=False)
    if values.dtype.kind not in "fiub":
        raise rows_unusable(f"The array of rows holds {values.dtype}, which is no tensor.", HEADER)
    return Table({"input": values.reshape(-1, 1) if values.ndim == 1 else values}, is_named=False)


def _array(values: list) -> numpy.ndarray:
    import numpy
    array = numpy.array(values)
    return array.astype(numpy.float64) if array.dtype == object else array


def _text(values: numpy.ndarray) -> numpy.ndarray:
    import numpy
    out = numpy.empty(values.size, dtype=object)
    out[:] = [value.decode("utf-8") if isinstance(value, bytes) else str(value) for value in values.ravel()]
    return out


def typed(values: list, name: str) -> numpy.ndarray:
    """A column of JSON values: numbers, booleans or texts, `None` where one is missing."""
    import numpy
    there = [value for value in values if value is not None]
    special = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
    if any(isinstance(value, (list, dict)) for value in there):
        raise rows_unusable(f"The column “{name}” holds lists or objects.", "Give one plain value for each column.")
    numeric = [value for value in there if not isinstance(value, bool) and isinstance(value, (int, float))]
    if there and all(isinstance(value, bool) for value in there):
        return numpy.array([float("nan") if v is None else v for v in values],
                           dtype=bool if len(there) == len(values) else numpy.float64)
    if numeric and all(not isinstance(v, bool) and (isinstance(v, (int, float)) or v in special) for v in there):
        if len(there) == len(values) and all(isinstance(value, int) for value in there):
            return numpy.array(values, dtype=numpy.int64)
        return numpy.array([float("nan") if v is None else special.get(v, v) for v in values], dtype=numpy.float64)
    out = numpy.empty(len(values), dtype=object)
    out[:] = [value if value is None or isinstance(value, str) else str(value) for value in values]
    return out


def of_frame(frame) -> Table:
    """The columns of a pandas frame, with the types it has."""
    import numpy
    import pandas
    columns: dict[str, numpy.ndarray] = {}
    categories: dict[str, list] = {}
    for label in frame.columns:
        name, series = str(label), frame[label]
        if isinstance(series.dtype, pandas.CategoricalDtype):
            categories[name] = [value for value in series.dtype.categories.tolist()]
            series = series.astype(object)
        if series.dtype.kind == "M":
            columns[name] = series.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
        elif isinstance(series.dtype, numpy.dtype) and series.dtype.kind in "fiub":
            columns[name] = series.to_numpy()
        else:
            columns[name] = typed([None if pandas.isna(value) else _plain(value) for value in series], name)
    return Table(columns, categories)


def _plain(value):
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, (bool, int, float, str, list, dict)) else str(value)
