# SPDX-License-Identifier: Apache-2.0
"""python -m slipway._data.tables parquet|arrow MAX_BYTES <FILE: writes what the columns are, one line of JSON, then CSV.

Batch by batch, so that no more of the file is in memory. 0 when all is written; 1 with {"problem", "hint"} as the last
line on standard error when the file, or what it takes, is not as it has to be.
"""
from __future__ import annotations

import json
import sys
from typing import BinaryIO, Iterator

from .ending import end_with
from .failure import give_up, give_up_without_pyarrow, in_one_line


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] not in ("parquet", "arrow"):
        print("usage: python -m slipway._data.tables parquet|arrow MAX_BYTES <FILE", file=sys.stderr)
        return 2
    try:
        import pyarrow
    except ImportError:
        give_up_without_pyarrow()
    try:
        _convert(arguments[0], _Bounded(sys.stdout.buffer, int(arguments[1])))
    except _TooLarge as error:
        give_up(str(error), "That is a thousand times the file, or half of the free space: free some, or add its parts.")
    except (pyarrow.ArrowException, OSError, ValueError, ArithmeticError, MemoryError) as error:
        give_up(in_one_line(error), "Write the file again.")
    return 0


class _TooLarge(Exception):
    pass


class _Bounded:
    """A stream that takes only so many bytes: a small file may hold a large table."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = self._left = limit
        self.closed = False

    def write(self, piece: bytes) -> int:
        self._left -= len(piece)
        if self._left < 0:
            raise _TooLarge(f"its rows take more than {self._limit} bytes as text")
        return self._stream.write(piece)

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def _convert(form: str, out: _Bounded) -> None:
    import pyarrow as pa
    from pyarrow import csv

    schema, batches = _opened(form)
    columns = [_Column(field) for field in schema]
    described = [{"name": column.name, "type": column.type} for column in columns]
    out.write(json.dumps({"columns": described}).encode() + b"\n")
    plain = pa.schema([(column.name, column.plain) for column in columns])
    with csv.CSVWriter(pa.PythonFile(out, mode="w"), plain) as writer:
        for batch in batches:
            arrays = [column.converted(array) for column, array in zip(columns, batch.columns)]
            writer.write_batch(pa.record_batch(arrays, schema=plain))
    out.flush()


def _opened(form: str) -> tuple:
    """The schema, and batches of rows."""
    import pyarrow as pa
    from pyarrow import ipc, parquet

    source = pa.PythonFile(sys.stdin.buffer, mode="r")
    if form == "parquet":
        file = parquet.ParquetFile(source)
        return file.schema_arrow, file.iter_batches(batch_size=16_384)
    start = sys.stdin.buffer.peek(6)[:6]
    if start == b"ARROW1":
        file = ipc.open_file(source)
        return file.schema, _batches_of_file(file)
    stream = ipc.open_stream(source)
    return stream.schema, iter(stream)


def _batches_of_file(file) -> Iterator:
    for position in range(file.num_record_batches):
        yield file.get_batch(position)


class _Column:
    """How the cells of a column are written."""

    def __init__(self, field) -> None:
        import pyarrow as pa

        self.name = field.name
        kind = field.type
        while pa.types.is_dictionary(kind):
            kind = kind.value_type
        self._decoded = kind
        types = pa.types
        if types.is_uint64(kind):
            self.type, self.plain = "number", kind
        elif types.is_integer(kind):
            self.type, self.plain = "integer", kind
        elif types.is_float16(kind):
            self.type, self.plain = "number", pa.float32()
        elif types.is_floating(kind) or types.is_decimal(kind):
            self.type, self.plain = "number", kind
        elif types.is_boolean(kind):
            self.type, self.plain = "boolean", kind
        elif types.is_timestamp(kind):
            # Microseconds in UTC, as everywhere.
            self.type, self.plain = "time", pa.timestamp("us", tz="UTC" if kind.tz else None)
        elif types.is_date(kind):
            self.type, self.plain = "time", pa.date32()
        elif types.is_duration(kind):
            # So many of its unit.
            self.type, self.plain = "integer", pa.int64()
        elif types.is_null(kind):
            self.type, self.plain = "empty", pa.string()
        else:
            self.type, self.plain = "text", pa.large_string()

    def converted(self, array):
        import pyarrow as pa
        from pyarrow import compute

        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = array.type
        castable = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_time(kind)
        if self.type == "text" and not castable:
            return pa.array([_text(value) for value in array.to_pylist()], self.plain)
        if array.type == self.plain:
            return array
        return compute.cast(array, self.plain, safe=False)


def _text(value: object) -> str | None:
    """Lists, maps and structures as JSON, bytes as hexadecimal digits."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, (list, dict, tuple)):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return str(value)


if __name__ == "__main__":
    end_with(main)
