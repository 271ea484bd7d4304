# SPDX-License-Identifier: Apache-2.0
"""Reads requests whose headers differ from one read before in nothing but their id, without parsing them
again."""

from __future__ import annotations

import numpy as np

from .._model.tensors import BYTES, NUMPY_TYPES

_START = '{"kind":"predict","id":'
# A server sends few numbers of rows again and again; a header of a thousand tensors is 100 kB.
MOST_PLANS = 64


class Plans:
    """Where the tensors lie in the bytes of a request, by what follows the id in its header."""

    def __init__(self) -> None:
        # For each tensor its name, shape, type and offset; and how many bytes all of them have.
        self._plans: dict[str, tuple[list[tuple[str, list[int], np.dtype, int]], int]] = {}

    def recall(self, header: str, data: memoryview) -> tuple[int, dict[str, np.ndarray]] | None:
        """The id and the tensors; None when the header has to be parsed."""
        if not header.startswith(_START):
            return None
        end = header.find(",", len(_START))
        plan = self._plans.get(header[end:])
        digits = header[len(_START) : end]
        if plan is None or len(data) != plan[1] or not (digits.isascii() and digits.isdigit()):
            return None
        return int(digits), {name: np.ndarray(shape, kind, data, at) for name, shape, kind, at in plan[0]}

    def remember(self, header: str, inputs: list[dict], data: memoryview) -> None:
        """Keeps the plan of a request that was read, unless its bytes have to be looked at one by one."""
        if not header.startswith(_START) or len(self._plans) >= MOST_PLANS:
            return
        tensors, position = [], 0
        for entry in inputs:
            kind = NUMPY_TYPES[entry["datatype"]]
            # Texts have lengths of their own, booleans are checked, and an array has to lie at a multiple of
            # its element.
            if entry["datatype"] in (BYTES, "BOOL") or position % kind.itemsize:
                return
            tensors.append((entry["name"], entry["shape"], kind, position))
            position += entry["parameters"]["binary_data_size"]
        self._plans[header[header.find(",", len(_START)) :]] = tensors, len(data)
