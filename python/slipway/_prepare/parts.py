# SPDX-License-Identifier: Apache-2.0
"""Walks what a model is made of: steps of pipelines, members of ensembles, transformers of columns."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator


@dataclass(frozen=True)
class Part:
    """An estimator inside a model, and whether it is given the model's own columns, as they are."""

    estimator: object
    is_direct: bool
    features: tuple[int, ...] | None = None
    """Which of the model's columns it is given; all of them where this is `None`."""


PASSING = (None, "passthrough", "drop")
MEMBERS = ("estimators_", "calibrated_classifiers_", "estimator_", "best_estimator_", "final_estimator_", "regressor_",
           "base_estimator_", "classifier_", "transformer_list", "transformers_", "named_estimators_")


def walk(model: object) -> Iterator[Part]:
    """Every estimator in `model`, itself first; each object once."""
    yield from _walk(model, True, None, set(), 0)


def _walk(model: object, is_direct: bool, features, seen: set[int], depth: int) -> Iterator[Part]:
    if id(model) in seen or depth > 12 or isinstance(model, (str, bytes, int, float)) or model is None:
        return
    seen.add(id(model))
    yield Part(model, is_direct, features)
    if hasattr(model, "steps") and isinstance(model.steps, list):
        for _, step in model.steps:
            yield from _walk(step, is_direct, features, seen, depth + 1)
            is_direct = is_direct and step in PASSING
        return
    for name in MEMBERS:
        members = getattr(model, name, None) if name in _attributes(model) else None
        if members is None:
            continue
        direct = is_direct and name not in ("final_estimator_", "transformers_", "transformer_list")
        subsets = getattr(model, "estimators_features_", None)
        for index, member in enumerate(_flat(members)):
            columns = tuple(int(c) for c in subsets[index]) if name == "estimators_" and subsets is not None else features
            yield from _walk(member, direct, columns, seen, depth + 1)
    for name in ("estimator", "transformer"):
        if name in _attributes(model) and not any(other in _attributes(model) for other in MEMBERS):
            yield from _walk(getattr(model, name), is_direct, features, seen, depth + 1)


def _attributes(model: object) -> dict:
    return getattr(model, "__dict__", {})


def _flat(members) -> Iterator[object]:
    if hasattr(members, "tolist"):
        members = members.ravel().tolist()
    if isinstance(members, dict):
        members = list(members.values())
    if not isinstance(members, (list, tuple)):
        yield members
        return
    for member in members:
        if isinstance(member, tuple) and len(member) >= 2:
            yield member[1]
        elif isinstance(member, list):
            yield from _flat(member)
        else:
            yield member


def kind(model: object) -> str:
    """The full name of its class."""
    return f"{type(model).__module__}.{type(model).__qualname__}"


def short(model: object) -> str:
    return type(model).__name__


def last(model: object) -> object:
    """The final step of a pipeline; any other model itself."""
    steps = getattr(model, "steps", None)
    return last(steps[-1][1]) if isinstance(steps, list) and steps else model
