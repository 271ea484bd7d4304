# SPDX-License-Identifier: Apache-2.0
"""Rows at the edges of what transformers take."""

from __future__ import annotations

import numpy
import pandas

TINY, HUGE = 5e-324, 1e300
NUMBERS = [0.0, -0.0, TINY, -TINY, 2.5e-308, 1e-20, -1e-20, 1.0, -1.0, 0.5, 2.0, 1e16, -1e16, HUGE, -HUGE]
SINGLES = [0.0, -0.0, 1.4e-45, -1.4e-45, 1.2e-38, 1e-20, 1.0, -1.0, 0.1, 1e16, -1e16, 3e38, -3e38]
TEXTS = ["", " ", "unseen", "Gold", "gold", "göld", "go\u0308ld", "ß", "ẞ", "İ", "i̇", "Σ", "ς", "ΌΔΟΣ", "漢字", "🚢", "NaN",
         "None", "0", "x" * 300]  # fmt: skip
PROSE = ["", " ", "a", "word", "Word WORD word", "two words, and three", "it's 3.5% of x_1 — isn't it?", "ΌΔΟΣ ΟΔΟΣ. ΣΑΣ Σ",
         "İstanbul IŞIK", "Straße STRASSE GROẞ", "cafe\u0301 café CAFÉ", "नमस्ते दुनिया", "漢字かな交じり文", "١٢٣ ²³ Ⅷ ½", "tab\tand\nline  two   three",
         "\u00a0non\u00a0breaking\u2003em", "under_score __init__ _", "🚢 ship 🚢🚢", "a b c d e f", "the of and to", "ﬁne ﬂow ǅ", "x" * 400,
         "word " * 60]  # fmt: skip


def numbers(seed: int = 0, dtype=numpy.float64, columns: int = 3, missing: bool = True) -> numpy.ndarray:
    """Usual ones first, then the usual with one at the edge in turn."""
    rng = numpy.random.default_rng(seed)
    usual = rng.normal(3, 5, size=(60, columns))
    usual[:20] = numpy.round(usual[:20])
    special = [*(NUMBERS if dtype == numpy.float64 else SINGLES), *([numpy.nan] if missing else [])]
    rows = rng.normal(3, 5, size=(len(special) * columns, columns))
    for index in range(len(rows)):
        rows[index, index % columns] = special[index // columns]
    return numpy.concatenate([usual, rows]).astype(dtype)


def usual(seed: int = 0, dtype=numpy.float64, columns: int = 3) -> numpy.ndarray:
    return numpy.random.default_rng(seed).normal(3, 5, size=(200, columns)).astype(dtype)


def around(values, columns: int, seed: int = 0) -> numpy.ndarray:
    """Rows with each value, the next below and the next above it, in turn in each column."""
    rng = numpy.random.default_rng(seed)
    near = [near for value in values for near in (value, numpy.nextafter(value, -numpy.inf), numpy.nextafter(value, numpy.inf))]
    rows = rng.normal(3, 5, size=(len(near) * columns, columns)).astype(numpy.asarray(near).dtype)
    for index in range(len(rows)):
        rows[index, index % columns] = near[index // columns]
    return rows


def frame(seed: int = 0, missing: bool = True, rows: int = 150) -> pandas.DataFrame:
    """Columns of every type that a frame of plain values has."""
    rng = numpy.random.default_rng(seed)
    table = pandas.DataFrame({
        "age": rng.normal(40, 12, rows).round(1),
        "income": numpy.exp(rng.normal(8, 1, rows)),
        "visits": rng.integers(0, 9, rows),
        "is member": rng.random(rows) < 0.4,
        "plan": rng.choice(["basic", "gold", "gøld", "Σ", "ß"], rows),
        "town": rng.choice([f"town {index}" for index in range(12)], rows, p=[0.3, 0.2, 0.1, *[0.4 / 9] * 9]),
    })  # fmt: skip
    table["plan"] = table["plan"].astype(object)
    table["town"] = table["town"].astype(object)
    if missing:
        table.loc[rng.random(rows) < 0.15, "age"] = numpy.nan
        table.loc[rng.random(rows) < 0.15, "plan"] = numpy.nan
    return table


def odd(table: pandas.DataFrame) -> pandas.DataFrame:
    """The table, and rows of it with a value at the edge: texts that nobody has seen, numbers of every size."""
    values = {"O": TEXTS, "f": NUMBERS, "i": [0, -1, 77], "b": [True, False]}
    rows = []
    for name in table.columns:
        dtype = table[name].dtype
        for value in values[dtype.kind]:
            row = table.iloc[[len(rows) % len(table)]].copy()
            row[name] = numpy.array([value], dtype=dtype)
            rows.append(row)
    return pandas.concat([table, *rows], ignore_index=True)
