# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a model, its descriptor, its inputs or its answers."""

from __future__ import annotations


class ModelError(Exception):
    """One sentence about what happened; `hint` says what to do next, where that is known."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class DescriptorInvalid(ModelError):
    """worker.json breaks a rule of its format."""


class ModuleMissing(ModelError):
    """The model needs a module that cannot be imported."""

    def __init__(self, module: str):
        super().__init__(
            f"The model needs the module “{module}”, which is not there.",
            "Add its folder with --code, its package to the environment, or save the model with cloudpickle, "
            "which keeps it inside.",
        )
        self.module = module


class LoadFailed(ModelError):
    """The model could not be opened: damaged, of another version, or its own code raised."""


class FormatRefused(ModelError):
    """The file holds no model that can be called, such as bare weights. The hint says what to save
    instead."""


class InputRefused(ModelError):
    """The values do not fit what the model is called with."""


class AnswerUnusable(ModelError):
    """The model answered with something that is not what its signature promises."""


def one_line(error: BaseException, limit: int = 1000) -> str:
    """The error as one line of at most `limit` characters: an error of ours as it is, any other after its
    class."""
    try:
        text = str(error)
    except Exception as second:
        text = f"(its text cannot be had: {type(second).__name__})"
    if not isinstance(error, ModelError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    text = " ".join(text[: 4 * limit].split()).encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= limit else text[: limit - 1] + "…"
