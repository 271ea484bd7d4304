# SPDX-License-Identifier: Apache-2.0
"""What an endpoint takes and answers, as its metadata says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tensor:
    """−1 in a shape is a size that each request decides."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @staticmethod
    def of(metadata: bytes) -> Signature:
        described: Mapping[str, Any] = json.loads(metadata)
        inputs, outputs = (
            tuple(Tensor(part["name"], part["datatype"], tuple(part["shape"])) for part in described[key])
            for key in ("inputs", "outputs")
        )
        return Signature(inputs, outputs)

    def input(self, name: str) -> Tensor | None:
        return next((tensor for tensor in self.inputs if tensor.name == name), None)

    def output_datatype(self, name: str) -> str | None:
        return next((tensor.datatype for tensor in self.outputs if tensor.name == name), None)
