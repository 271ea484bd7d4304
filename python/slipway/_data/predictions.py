# SPDX-License-Identifier: Apache-2.0
"""python -m slipway._data.predictions <LINES >FILE: writes predictions as Parquet, a row for each of their rows.

The first line says which columns there are, `{"inputs": [{"name", "datatype", "shape"}], "outputs": [...]}`; each one after
it is a prediction as `/v1/predictions` has it. 0 when all is written; 1 with {"problem", "hint"} as the last line on
standard error when it cannot be.
"""
from __future__ import annotations

import base64
import json
import sys
from typing import BinaryIO, Iterator

from .ending import end_with
from .failure import give_up, give_up_without_pyarrow, in_one_line

# What is in memory as objects, and as columns before it becomes a row group.
BATCH_BYTES, BATCH_ROWS = 4 << 20, 8192
GROUP_BYTES, GROUP_ROWS = 64 << 20, 1 << 17


def main(arguments: list[str]) -> int:
    if arguments:
        print("usage: python -m slipway._data.predictions <LINES >FILE", file=sys.stderr)
        return 2
    try:
        import pyarrow
    except ImportError:
        give_up_without_pyarrow()
    try:
        write(sys.stdin.buffer, sys.stdout.buffer)
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, ArithmeticError, MemoryError) as error:
        give_up(in_one_line(error), "Export the same predictions with --as jsonl.")
    return 0


def write(lines: BinaryIO, out: BinaryIO) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = _columns(json.loads(lines.readline()))
    schema = pa.schema([(column.name, column.type) for column in columns])
    repeating = [column.name for column in columns if column.repeats]
    with parquet.ParquetWriter(out, schema, compression="zstd", use_dictionary=repeating) as writer:
        group: list = []
        for batch in _batches(lines, columns, schema):
            group.append(batch)
            if sum(part.nbytes for part in group) >= GROUP_BYTES or sum(part.num_rows for part in group) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(group))
                group = []
        if group:
            writer.write_table(pa.Table.from_batches(group))


def _batches(lines: BinaryIO, columns: list[_Column], schema) -> Iterator:
    byte_count = row_count = 0
    for line in lines:
        prediction = json.loads(line)
        inputs, outputs = prediction.get("inputs") or [], prediction.get("outputs") or []
        # What was refused before its rows were read is one row without values.
        rows = max(len(inputs), len(outputs), 1)
        for column in columns:
            column.take(prediction, inputs, outputs, rows)
        byte_count += len(line)
        row_count += rows
        if byte_count >= BATCH_BYTES or row_count >= BATCH_ROWS:
            yield _batch(columns, schema)
            byte_count = row_count = 0
    if row_count:
        yield _batch(columns, schema)


def _batch(columns: list[_Column], schema):
    import pyarrow as pa

    return pa.record_batch([column.array() for column in columns], schema=schema)


class _Column:
    # Whether a dictionary of its values is likely to be short.
    repeats = True

    def __init__(self, name: str, kind) -> None:
        self.name = name
        self.type = kind
        self.values: list = []

    def take(self, prediction: dict, inputs: list, outputs: list, rows: int) -> None:
        raise NotImplementedError

    def array(self):
        import pyarrow as pa

        values, self.values = self.values, []
        return pa.array(values, self.type)


class _Fact(_Column):
    """What is the same for all rows of a prediction."""

    def __init__(self, name: str, kind, *path: str, repeats: bool = True) -> None:
        super().__init__(name, kind)
        self.path = path or (name,)
        self.repeats = repeats

    def take(self, prediction: dict, inputs: list, outputs: list, rows: int) -> None:
        value: object = prediction
        for name in self.path:
            value = value.get(name) if isinstance(value, dict) else None
        self.values.extend([value] * rows)


class _Time(_Fact):
    def array(self):
        import pyarrow as pa

        values, self.values = self.values, []
        return pa.array(values, pa.string()).cast(self.type)


class _Row(_Column):
    """Which row of its prediction it is, from 0."""

    def take(self, prediction: dict, inputs: list, outputs: list, rows: int) -> None:
        self.values.extend(range(rows) if inputs or outputs else [None])


class _Cells(_Column):
    """An input or output."""

    def __init__(self, group: str, column: dict) -> None:
        import pyarrow as pa

        self.own_name, self.is_output = column["name"], group == "outputs"
        datatype = column["datatype"]
        kind, self.read = _kind(datatype, in_base64=self.own_name.endswith("_bytes"))
        for _ in column["shape"]:
            kind, self.read = pa.list_(kind), _each(self.read)
        super().__init__(("out_" if self.is_output else "in_") + self.own_name, kind)
        self.repeats = datatype in ("BYTES", "BOOL") or "INT" in datatype

    def take(self, prediction: dict, inputs: list, outputs: list, rows: int) -> None:
        cells = outputs if self.is_output else inputs
        for row in range(rows):
            value = cells[row].get(self.own_name) if row < len(cells) else None
            self.values.append(None if value is None else self.read(value))


def _columns(described: dict) -> list[_Column]:
    import pyarrow as pa

    text = pa.string()
    facts = [_Fact(name, text) for name in ("endpoint", "project", "model")]
    facts += [_Fact("version", pa.int64()), _Fact("bundle", text), _Fact("generation", pa.int64())]
    facts += [_Fact(name, text) for name in ("status", "code", "principal")]
    facts += [_Fact(name, text, repeats=False) for name in ("key", "trace")]
    times = [_Fact(f"{name}_us", pa.float64(), "microseconds", name, repeats=False) for name in ("queue", "run", "total")]
    return [
        _Fact("id", text, repeats=False),
        _Time("time", pa.timestamp("us", tz="UTC"), repeats=False),
        *facts,
        *times,
        _Row("row", pa.int64()),
        *(_Cells(group, column) for group in ("inputs", "outputs") for column in described[group]),
    ]


def _kind(datatype: str, in_base64: bool) -> tuple:
    """How a value is kept, and how it is read from JSON."""
    import pyarrow as pa

    kinds = {"BOOL": (pa.bool_(), bool), "FP64": (pa.float64(), float)}
    # JSON has no NaN and no infinities: they come as texts that float() reads.
    kinds |= {name: (pa.float32(), float) for name in ("FP16", "BF16", "FP32")}
    kinds |= {f"{sign.upper()}INT{bits}": (getattr(pa, f"{sign}int{bits}")(), int) for sign in ("", "u") for bits in (8, 16, 32, 64)}
    kinds["BYTES"] = (pa.binary(), lambda value: base64.b64decode(value["b64"])) if in_base64 else (pa.string(), str)
    return kinds[datatype]


def _each(read):
    return lambda values: [None if value is None else read(value) for value in values]


if __name__ == "__main__":
    end_with(main)
