# SPDX-License-Identifier: Apache-2.0
"""Calls a model with tensors, and answers with tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from .answers import as_tensor, fits, said
from .arguments import argument_builder, one_by_one
from .descriptor import Descriptor, TensorSpec
from .errors import AnswerUnusable, InputRefused
from .methods import method_of
from .tensors import NUMPY_TYPES


class Caller:
    """A model, ready to be called the way its descriptor says."""

    def __init__(self, descriptor: Descriptor, model: object):
        self._inputs = [
            (spec.name, NUMPY_TYPES[spec.datatype], spec.shape[:1] == (-1,), spec.shape[1:], spec)
            for spec in descriptor.inputs
        ]
        self._outputs = descriptor.outputs
        self._build = argument_builder(descriptor)
        self._form = descriptor.form
        # Calls of the same method are one call, whose answer is shared out.
        self._groups: list[tuple[Callable, bool, list[TensorSpec]]] = []
        specs = {spec.name: spec for spec in descriptor.outputs}
        for method, each in dict.fromkeys((call.method, call.each) for call in descriptor.calls):
            made = [specs[call.output] for call in descriptor.calls if (call.method, call.each) == (method, each)]
            self._groups.append((method_of(model, method), each, made))

    def predict(self, tensors: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs, in the order of the descriptor. Raises InputRefused, AnswerUnusable, and what the model raises."""
        rows = self._check(tensors)
        argument = self._build(tensors)
        answers: dict[str, np.ndarray] = {}
        for method, each, specs in self._groups:
            if each:
                by_row = [_share_out(method(row), specs) for row in one_by_one(argument, self._form)]
                parts = [[row[index] for row in by_row] for index in range(len(specs))]
            else:
                parts = _share_out(method(argument), specs)
            for spec, part in zip(specs, parts):
                answers[spec.name] = as_tensor(part, spec, rows)
        return [answers[spec.name] for spec in self._outputs]

    def _check(self, tensors: Mapping[str, np.ndarray]) -> int:
        rows = -1
        for name, numpy_type, by_rows, rest, spec in self._inputs:
            array = tensors.get(name)
            if array is None:
                raise InputRefused(f"The input “{name}” is missing.")
            shape = array.shape
            # Most inputs are [rows, n]: one comparison instead of one for each size.
            same = by_rows and shape[1:] == rest or fits(shape, spec.shape)
            if not same or array.dtype != numpy_type:
                raise InputRefused(
                    f"The input “{name}” is {array.dtype} {list(shape)}, "
                    f"and {spec.datatype} {list(spec.shape)} is expected."
                )
            if by_rows:
                if rows not in (-1, shape[0]):
                    raise InputRefused(f"The input “{name}” has {shape[0]} rows, and others have {rows}.")
                rows = shape[0]
        return rows


def _share_out(answer: object, specs: list[TensorSpec]) -> list[object]:
    """The answer of one method as the answers of its outputs: a dictionary by name, a tuple or list by position."""
    if len(specs) == 1 and type(answer) is np.ndarray:
        return [answer]
    names = [spec.name for spec in specs]
    if isinstance(answer, Mapping):
        if len(specs) == 1 and len(answer) == 1:
            return list(answer.values())
        missing = [name for name in names if name not in answer]
        if missing:
            raise AnswerUnusable(f"The model answered with {said(answer)}, in which the output “{missing[0]}” is missing.")
        return [answer[name] for name in names]
    if len(specs) == 1:
        return [answer]
    if type(answer).__module__.split(".")[0] in ("pandas", "polars") and hasattr(answer, "columns"):
        missing = [name for name in names if name not in answer.columns]
        if not missing:
            return [answer[name] for name in names]
    elif isinstance(answer, (tuple, list)) and len(answer) == len(specs):
        return list(answer)
    raise AnswerUnusable(
        f"The model answered with {said(answer)}, and {len(specs)} outputs are promised: {', '.join(names)}. "
        "A dictionary by name, a tuple or a list by position would do."
    )
