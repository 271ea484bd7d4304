# SPDX-License-Identifier: Apache-2.0
"""What a model says of its own columns, answers and kind."""
from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import parts

NUMBERED = re.compile(r"(?:Column_|f|x|feature_)?(\d+)\Z")


@dataclass(frozen=True)
class Said:
    names: list[str] | None = None
    count: int | None = None
    categories: dict[str, list] = field(default_factory=dict)
    """The categories of columns that are known by name."""
    ordered_categories: list[list] = field(default_factory=list)
    """The categories of the text columns, in their order, where their names are not known."""


def of(model: object, columns: list[dict] | None = None) -> Said:
    """- Parameter columns: what stands beside the model, in MLflow's signature."""
    # CatBoost forgets the number when it is pickled, and then says 0.
    count = _get(model, "n_features_in_") or None
    names = _names(model) or ([column["name"] for column in columns] if columns else None)
    if names is not None and count is not None and len(names) != count:
        names = None
    booster = _booster(model)
    ordered = list(_get(booster, "pandas_categorical") or [])
    return Said(names, len(names) if names else _count(count, booster), _categories(model, booster), ordered)


def _get(thing: object, name: str):
    """An attribute that may raise anything instead of being missing."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None


def _booster(model: object) -> object:
    inner = parts.last(model)
    if _get(inner, "get_booster"):
        return inner.get_booster()
    return _get(inner, "booster_") or inner


def _names(model: object) -> list[str] | None:
    """As it was trained with; boosters number their columns where nobody named them."""
    if parts.kind(model).startswith("sklearn."):
        names = _get(model, "feature_names_in_")
        return None if names is None else [str(name) for name in names]
    candidates = [_get(model, "feature_names_in_"), _get(model, "feature_names"), _get(model, "feature_names_")]
    if _get(model, "feature_name"):
        candidates.append(model.feature_name())
    for names in candidates:
        if names is None or callable(names) or len(names) == 0:
            continue
        names = [str(name) for name in names]
        if all((match := NUMBERED.match(name)) and int(match[1]) == index for index, name in enumerate(names)):
            continue
        return names
    return None


def _count(count, booster: object) -> int | None:
    for name in ("num_features", "num_feature"):
        if count is None and callable(_get(booster, name)):
            count = getattr(booster, name)()
    return int(count) if count is not None else None


def _categories(model: object, booster: object) -> dict[str, list]:
    """Of XGBoost's columns of type `c` and of HistGradientBoosting's, where the model keeps them."""
    found: dict[str, list] = {}
    types, names = _get(booster, "feature_types"), _get(booster, "feature_names")
    if types and names and "c" in types and callable(_get(booster, "get_categories")):
        try:
            kept = dict(booster.get_categories(export_to_arrow=True).to_arrow())
            found = {name: kept[name].to_pylist() for name, kind in zip(names, types)
                     if kind == "c" and kept.get(name) is not None}
        except Exception:
            return {}
    preprocessor, names = _get(model, "_preprocessor"), _get(model, "feature_names_in_")
    if preprocessor is not None and names is not None:
        encoder = preprocessor.named_transformers_.get("encoder")
        chosen = _get(model, "is_categorical_")
        if encoder is not None and chosen is not None:
            columns = [str(name) for name, is_category in zip(names, chosen) if is_category]
            found = {name: [value for value in kept.tolist() if value == value and value is not None]
                     for name, kept in zip(columns, encoder.categories_)}
    return found


@dataclass(frozen=True)
class Asked:
    """A method that is called, and the output that its answer becomes."""

    method: str
    output: str
    is_optional: bool = False


def asked(model: object, loader: str) -> list[Asked]:
    """What a model is asked, told from what it is. - Returns: nothing, when it has no method that answers."""
    if loader in ("torchscript", "torch"):
        return [Asked("__call__", "prediction")]
    kind = parts.short(parts.last(model))
    if callable(_get(model, "predict")):
        if kind.endswith("Ranker"):
            return [Asked("predict", "score")]
        role = _role(model)
        if role == "classifier":
            return [Asked("predict", "label"), Asked("predict_proba", "probabilities", True),
                    Asked("decision_function", "scores", True)]
        if role == "outlier_detector":
            return [Asked("predict", "label"), Asked("decision_function", "score", True)]
        return [Asked("predict", "label" if role == "clusterer" else "prediction")]
    if callable(_get(model, "transform")):
        return [Asked("transform", "output")]
    return [Asked("__call__", "prediction")] if callable(model) else []


def _role(model: object) -> str | None:
    try:
        from sklearn.utils import get_tags
        kind = get_tags(model).estimator_type
        if kind:
            return kind
    except Exception:
        pass
    kind = _get(model, "_estimator_type")
    if kind:
        return kind
    return "classifier" if callable(_get(model, "predict_proba")) and _get(model, "classes_") is not None else None


def task(model: object, outputs: list[dict]) -> str:
    """One of the tasks of docs/formats/slipway-yaml.md."""
    role = _role(model)
    if role == "classifier":
        classes = _get(model, "classes_")
        if isinstance(classes, list) or classes is None or len(outputs[0]["shape"]) > 1:
            return "other"
        return "binary-classification" if len(classes) == 2 else "multiclass-classification"
    return "regression" if role == "regressor" else "other"
