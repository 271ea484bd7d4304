# SPDX-License-Identifier: Apache-2.0
"""CSV as docs/formats/examples.md writes it: an empty cell is missing, `""` is an empty text, and “NO” is a country."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .problems import rows_unusable

if TYPE_CHECKING:
    import numpy

CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|\Z)')
INTEGER = re.compile(r"-?(?:0|[1-9]\d*)\Z", re.ASCII)
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
SPECIAL = {"nan": "nan", "inf": "inf", "-inf": "-inf", "infinity": "inf", "-infinity": "-inf"}
FORM = "Write RFC 4180: a header, commas, quotes around what needs them, UTF-8."


def records(text: str) -> list[list[str | None]]:
    """The cells of each line; an empty cell is `None`, a quoted one never."""
    lines: list[list[str | None]] = []
    line: list[str | None] = []
    position = 0
    while position < len(text):
        cell = CELL.match(text, position)
        if cell is None:
            raise rows_unusable(f"Line {len(lines) + 1} of the CSV has a quote where none can stand.", FORM)
        quoted, plain, end = cell.groups()
        line.append(quoted.replace('""', '"') if quoted is not None else plain or None)
        position = cell.end()
        if end == "," and position == len(text):
            line.append(None)
        if end != "," or position == len(text):
            if line != [None]:
                lines.append(line)
            line = []
    return lines


def columns(text: str) -> dict[str, numpy.ndarray]:
    """Columns by name, each with the narrowest type that keeps all of its cells."""
    lines = records(text)
    if not lines:
        return {}
    header = [name or "" for name in lines[0]]
    for name in header:
        if header.count(name) > 1 or not name:
            fault = f"two columns “{name}”" if name else "no name for a column"
            raise rows_unusable(f"The header of the CSV has {fault}.", "Give every column a name of its own.")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise rows_unusable(f"Line {number} of the CSV has {len(line)} cells, the header {len(header)}.", FORM)
    return {name: typed([line[index] for line in lines[1:]]) for index, name in enumerate(header)}


def typed(cells: list[str | None]) -> numpy.ndarray:
    """Integers, numbers or booleans where every cell is one; texts otherwise. Ids with leading zeros stay texts."""
    import numpy
    there = [cell for cell in cells if cell is not None]
    whole = len(there) == len(cells)
    if there and all(cell.lower() in ("true", "false") for cell in there):
        values = [cell if cell is None else cell.lower() == "true" for cell in cells]
        return numpy.array([numpy.nan if v is None else v for v in values], dtype=bool if whole else numpy.float64)
    if there and whole and all(INTEGER.match(cell) for cell in there) and all(abs(int(c)) < 2**63 for c in there):
        return numpy.array([int(cell) for cell in there], dtype=numpy.int64)
    if all(map(_is_number, there)) and (not there or any(cell.lower() not in SPECIAL for cell in there)):
        return numpy.array([numpy.nan if c is None else float(SPECIAL.get(c.lower(), c)) for c in cells])
    out = numpy.empty(len(cells), dtype=object)
    out[:] = cells
    return out


def _is_number(cell: str) -> bool:
    if cell.lower() in SPECIAL:
        return True
    return NUMBER.match(cell) is not None and any(character.isdigit() for character in cell)
