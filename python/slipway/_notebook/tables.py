# SPDX-License-Identifier: Apache-2.0
"""Rows as people have them in a notebook, as the tables that models are asked about."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._client.columns import Columns, is_pandas_frame, is_polars_frame, of_mapping, of_polars
from .._prepare.rows import Table, of_frame, read
from ..errors import ModelRefused


def table_of(rows: Any, what: str) -> Table:
    """`rows` is a pandas or polars frame, a numpy array, a sparse matrix, a dictionary of columns, a list of
    dictionaries, texts, or a file. `what` is what they are called in refusals.
    """
    if isinstance(rows, (str, os.PathLike)):
        return read(Path(rows))
    if hasattr(rows, "toarray"):
        rows = rows.toarray()
    if is_pandas_frame(rows):
        table = of_frame(rows)
    elif is_polars_frame(rows):
        table = Table(_columns(of_polars(rows)))
    elif isinstance(rows, Mapping):
        table = Table(_columns(of_mapping(rows)))
    elif isinstance(rows, Sequence) and rows and isinstance(rows[0], Mapping):
        names = dict.fromkeys(name for row in rows for name in row)
        table = Table(_columns(of_mapping({name: [row.get(name) for row in rows] for name in names})))
    else:
        table = _unnamed(rows, what)
    if not table.columns or table.count == 0:
        raise ModelRefused(
            f"There are no rows in {what}.",
            hint="Hand in some rows as the model takes them, such as X_test[:200].",
            code="rows_unusable",
        )
    return table


def _columns(columns: Columns) -> dict[str, Any]:
    return dict(columns.values)


def _unnamed(rows: Any, what: str) -> Table:
    if hasattr(rows, "detach"):
        rows = rows.detach().cpu().numpy()
    if hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    array = np.asarray(rows)
    if array.dtype.kind in "US" or (array.dtype == object and array.ndim == 1):
        texts = np.empty(array.size, object)
        texts[:] = [value if value is None else str(value) for value in array.ravel().tolist()]
        return Table({"input": texts}, is_named=False)
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        raise ModelRefused(
            f"{what} is {type(rows).__name__} of {array.dtype}, which are no rows.",
            hint="Hand in a frame, an array [rows, columns], a list of dictionaries, or texts.",
            code="rows_unusable",
        )
    return Table({"input": array.reshape(-1, 1) if array.ndim == 1 else array}, is_named=False)
