# SPDX-License-Identifier: Apache-2.0
"""The methods of a model as functions of one argument, also where a framework wants its own kinds of data."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from .errors import LoadFailed


def method_of(model: object, name: str) -> Callable[[object], object]:
    found = model if name == "__call__" else getattr(model, name, None)
    if not callable(found):
        known = [
            one for one in dir(model) if not one.startswith("_") and callable(getattr(type(model), one, None))
        ]
        raise LoadFailed(
            f"The model is a {type(model).__name__} and has no method “{name}”.",
            f"Its methods are: {', '.join(known[:20])}." if known else "",
        )
    for framework, kind, wrap in _WRAPPERS:
        # A model of a framework that was never imported cannot be here.
        module = sys.modules.get(framework)
        if module is not None and isinstance(model, kind(module)):
            return wrap(found, model, module)
    return found


def _xgboost_booster(method: Callable, booster, xgboost) -> Callable:
    """A Booster wants a DMatrix; an array gets the names and types of features that the model knows."""

    def call(data):
        if isinstance(data, np.ndarray):
            matrix = xgboost.DMatrix(
                data, feature_names=booster.feature_names, feature_types=booster.feature_types
            )
        else:
            matrix = xgboost.DMatrix(data, enable_categorical=True)
        return method(matrix)

    return call


def _torch_module(method: Callable, model, torch) -> Callable:
    """Arrays become torch tensors; several inputs go by position, in the descriptor's order."""

    def call(data):
        with torch.inference_mode():
            if isinstance(data, dict):
                return method(*(torch.as_tensor(array) for array in data.values()))
            return method(torch.as_tensor(data) if isinstance(data, np.ndarray) else data)

    return call


def _keras_model(method: Callable, model, keras) -> Callable:
    if method is model:
        return lambda data: model(data, training=False)
    if getattr(method, "__name__", "") == "predict":
        return lambda data: method(data, verbose=0)
    return method


_WRAPPERS = (
    ("xgboost", lambda module: module.Booster, _xgboost_booster),
    ("torch", lambda module: module.nn.Module, _torch_module),
    ("keras", lambda module: module.Model, _keras_model),
)
