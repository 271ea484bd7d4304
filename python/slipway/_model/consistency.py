# SPDX-License-Identifier: Apache-2.0
"""What has to hold between the parts of a descriptor."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from .errors import DescriptorInvalid
from .rules import path_in_bundle
from .tensors import BYTES

if TYPE_CHECKING:
    from .descriptor import Descriptor


def check(descriptor: Descriptor) -> None:
    """Raises DescriptorInvalid with the first rule that does not hold."""
    for kind in ("inputs", "outputs"):
        specs = getattr(descriptor, kind)
        if not specs:
            raise DescriptorInvalid(f"worker.json: {kind} must name at least one tensor.")
        _named_once([spec.name for spec in specs], kind)
    if descriptor.command:
        _check_command(descriptor)
    else:
        _check_python(descriptor)


def _check_command(descriptor: Descriptor) -> None:
    for key in ("language", "loader", "form", "columns", "calls"):
        if getattr(descriptor, key):
            raise DescriptorInvalid(f"worker.json: “{key}” and “command” cannot stand together.")


def _check_python(descriptor: Descriptor) -> None:
    from .descriptor import FORMS, LOADERS

    if descriptor.language != "python":
        raise DescriptorInvalid(
            f"worker.json: language is {descriptor.language!r}, and only “python” has a worker of its own.",
            "For any other, name the program under “command”.",
        )
    if descriptor.loader not in LOADERS:
        raise DescriptorInvalid(
            f"worker.json: loader is {descriptor.loader!r}, and must be one of {', '.join(LOADERS)}."
        )
    if descriptor.form not in FORMS:
        raise DescriptorInvalid(
            f"worker.json: form is {descriptor.form!r}, and must be one of {', '.join(FORMS)}."
        )
    if not descriptor.model:
        raise DescriptorInvalid("worker.json: model must name what is opened.")
    path_in_bundle(descriptor.model, "worker.json: model")
    _check_columns(descriptor)
    _check_calls(descriptor)


def _check_columns(descriptor: Descriptor) -> None:
    inputs = {spec.name: spec for spec in descriptor.inputs}
    _named_once([column.name for column in descriptor.columns], "columns")
    if descriptor.form == "frame" and not descriptor.columns:
        raise DescriptorInvalid("worker.json: the form “frame” needs columns.")
    if descriptor.form in ("tensors", "texts") and descriptor.columns:
        raise DescriptorInvalid(f"worker.json: the form “{descriptor.form}” has no columns.")
    if descriptor.form == "texts" and [spec.datatype for spec in descriptor.inputs] != [BYTES]:
        raise DescriptorInvalid("worker.json: the form “texts” needs exactly one input, of datatype BYTES.")
    for column in descriptor.columns:
        spec = inputs.get(column.input)
        if spec is None:
            raise DescriptorInvalid(
                f"worker.json: the column “{column.name}” names the input “{column.input}”, which is none."
            )
        width = math.prod(spec.shape[1:])
        if -1 in spec.shape[1:] or column.offset >= width:
            raise DescriptorInvalid(
                f"worker.json: the column “{column.name}” is element {column.offset} of the "
                f"input “{column.input}”, "
                f"whose shape is {list(spec.shape)}."
            )
        if column.missing and spec.datatype != BYTES:
            raise DescriptorInvalid(f"worker.json: the column “{column.name}” has “missing”, and is no text.")


def _check_calls(descriptor: Descriptor) -> None:
    if not descriptor.calls:
        raise DescriptorInvalid("worker.json: calls must name at least one method.")
    promised = [spec.name for spec in descriptor.outputs]
    if sorted(call.output for call in descriptor.calls) != sorted(promised):
        raise DescriptorInvalid(
            f"worker.json: calls must make each output exactly once: {', '.join(promised)}."
        )


def _named_once(names: list, place: str) -> None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 1)
    if count > 1:
        raise DescriptorInvalid(f"worker.json: {place} has the name “{name}” {count} times.")
