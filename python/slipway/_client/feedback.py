# SPDX-License-Identifier: Apache-2.0
"""Labels as the server takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ..errors import InputRefused

# The most of one request; the server takes twice as many.
PART = 50_000
PART_BYTES = 16 << 20
FIELDS = ("prediction", "key", "label", "row", "at")
COUNTS = (
    "labels",
    "accepted",
    "joined",
    "corrected",
    "repeated",
    "waiting",
    "late",
    "refused",
    "empty",
)


def one(prediction_id: str | None, key: str | None, label: Any, row: int | None, at: Any) -> dict[str, Any]:
    if (prediction_id is None) == (key is None):
        raise InputRefused(
            "A label is about a prediction or a key.", hint="Give prediction_id or key.", code="LBL-004"
        )
    about = {"prediction": str(prediction_id)} if key is None else {"key": str(key)}
    more = {"row": row, "at": _time(at)}
    return about | {"label": _plain(label)} | {name: value for name, value in more.items() if value is not None}


def parts(rows: Any) -> Iterator[tuple[bytes, list[int]]]:
    """JSON lines in parts, and which row, from 1, each line is of; rows without a label are passed over."""
    lines: list[bytes] = []
    places: list[int] = []
    size = 0
    for place, row in enumerate(_rows(rows), 1):
        label = {name: _plain(row[name]) for name in FIELDS if name in row and not _missing(row[name])}
        if "label" not in label:
            continue
        if "prediction" in label:
            label.pop("key", None)
        if "at" in label:
            label["at"] = _time(row["at"])
        if "row" in label:
            label["row"] = int(label["row"])
        lines.append(json.dumps(label).encode())
        places.append(place)
        size += len(lines[-1])
        if len(lines) == PART or size > PART_BYTES:
            yield b"\n".join(lines), places
            lines, places, size = [], [], 0
    if lines:
        yield b"\n".join(lines), places


def total(sum_: dict[str, Any], answer: Mapping[str, Any], places: list[int]) -> None:
    for name in COUNTS:
        sum_[name] = sum_.get(name, 0) + answer.get(name, 0)
    problems = [problem | {"position": places[problem["position"] - 1]} for problem in answer["problems"]]
    sum_["problems"] = (sum_["problems"] + problems)[:100]


def _rows(rows: Any) -> Iterable[Mapping[str, Any]]:
    if hasattr(rows, "iter_rows"):  # polars
        named: Iterable[Mapping[str, Any]] = rows.iter_rows(named=True)
        return named
    if hasattr(rows, "itertuples"):  # pandas
        columns = [name for name in FIELDS if name in rows.columns]
        values = [rows[name].tolist() for name in columns]
        return (dict(zip(columns, row)) for row in zip(*values))
    if isinstance(rows, Mapping):
        return (dict(zip(rows, row)) for row in zip(*rows.values()))
    listed: Iterable[Mapping[str, Any]] = rows
    return listed


def _missing(value: Any) -> bool:
    # NaN, and what pandas puts in the place of a missing time.
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return False


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [None if _missing(part) else _plain(part) for part in value]
    return value


def _time(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    raise InputRefused(f"“{value}” is no time.", hint="Give a datetime, or a text.", code="LBL-002")
