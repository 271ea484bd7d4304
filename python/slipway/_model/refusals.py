# SPDX-License-Identifier: Apache-2.0
"""Files and objects that hold no model: each is refused with what to save instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .errors import FormatRefused

_SAVE_MODULE = (
    "Save the whole module: torch.jit.script(model).save(path), torch.save(model, path), "
    "or export it with torch.onnx."
)


def refuse_file(path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        raise FormatRefused(f"“{path.name}” holds weights only, and not what to do with them.", _SAVE_MODULE)
    if suffix in (".rds", ".rda", ".rdata"):
        raise FormatRefused(
            f"“{path.name}” is a file of R, which Python cannot call.",
            "Write a worker in R that reads it (examples/workers/r), and name it under `command`.",
        )


def refuse_object(model: object) -> None:
    """An object without any way to predict, such as a state_dict or an array."""
    if isinstance(model, Mapping):
        if model and all(hasattr(value, "shape") for value in model.values()):
            raise FormatRefused(
                "The file holds a state_dict: weights only, and not what to do with them.", _SAVE_MODULE
            )
        keys = ", ".join(repr(key) for key in list(model)[:5])
        raise FormatRefused(
            f"The file holds a dictionary ({keys}), and no model.",
            "Save the model itself, or write a predict.py that opens the file and calls what is in it.",
        )
    if isinstance(model, (list, tuple, str, bytes, int, float, type(None))) or hasattr(
        model, "__array_interface__"
    ):
        raise FormatRefused(
            f"The file holds a {type(model).__name__}, and no model.",
            "Save the object that has `predict`.",
        )
