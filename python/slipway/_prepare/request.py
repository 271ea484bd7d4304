# SPDX-License-Identifier: Apache-2.0
"""What is to be prepared, as docs/formats/prepared-model.md writes it."""
from __future__ import annotations

import json
import platform as machine
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA = "slipway.prepare/1"


@dataclass(frozen=True)
class Request:
    source: str
    out: str
    rows: str | None = None
    target: str | None = None
    recorded: str | None = None
    baseline: str | None = None
    loader: str | None = None
    code: str | None = None
    convert: bool = True
    edge_rows: int = 200
    seed: int = 0
    platform: str = f"{sys.platform}_{machine.machine()}"
    load_limit: float = 120.0
    convert_limit: float = 240.0
    schema: str = SCHEMA

    @classmethod
    def read(cls, path: Path) -> Request:
        """- Raises ValueError, with one line that says what is wrong with the request."""
        fields = json.loads(path.read_text("utf-8"))
        if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
            raise ValueError(f"{path}: expected an object with “schema”: “{SCHEMA}”")
        unknown = fields.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"{path}: unknown keys {', '.join(sorted(unknown))}")
        lacking = {"source", "out"} - fields.keys()
        if lacking:
            raise ValueError(f"{path}: the keys {', '.join(sorted(lacking))} are missing")
        return cls(**fields)

    def fields(self) -> dict:
        return asdict(self)
