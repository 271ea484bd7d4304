# SPDX-License-Identifier: Apache-2.0
"""A model that is a person's own code: a function, an object, or a class with `predict`."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from .errors import LoadFailed


def load_code(model: str, folder: Path) -> object:
    """What `predict.py:Name` or `package.module:Name` names. A class is instantiated, with the bundle's
    folder when its constructor needs an argument; everything else is used as it is."""
    place, _, name = model.partition(":")
    module = _module_of_file(folder / place) if place.endswith(".py") else importlib.import_module(place)
    found = _named(module, name) if name else _only_candidate(module)
    if inspect.isclass(found):
        return found(str(folder)) if _needs_an_argument(found) else found()
    return found


def _module_of_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise LoadFailed(f"The bundle has no “{path.name}”.", "Pack the model again.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    # Its neighbours can be imported, and what it defines can be found again by the name of its module.
    sys.path.insert(0, str(path.parent))
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _named(module: ModuleType, name: str) -> object:
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise LoadFailed(f"The module “{module.__name__}” has no “{name}”.", "Name what it defines.")
        found = getattr(found, part)
    return found


def _only_candidate(module: ModuleType) -> object:
    """Its function `predict`, else the only class of its own that has a method `predict`."""
    if callable(getattr(module, "predict", None)):
        return module.predict
    classes = [
        value for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and hasattr(value, "predict")
    ]  # fmt: skip
    if len(classes) == 1:
        return classes[0]
    raise LoadFailed(
        f"The module “{module.__name__}” has no function `predict`, "
        f"and {len(classes)} classes with a method `predict`.",
        "Define one, or name what is meant: predict.py:Name.",
    )


def _needs_an_argument(kind: type) -> bool:
    try:
        parameters = list(inspect.signature(kind).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return (
        bool(parameters)
        and parameters[0].kind in positional
        and parameters[0].default is inspect.Parameter.empty
    )
