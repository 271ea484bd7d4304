# SPDX-License-Identifier: Apache-2.0
"""Reads values of worker.json, each with the sentence that refuses any other."""

from __future__ import annotations

from pathlib import PurePosixPath

from .errors import DescriptorInvalid


def only_keys(value: object, place: str, keys: tuple[str, ...]) -> dict:
    if not isinstance(value, dict):
        raise DescriptorInvalid(f"{place} must be an object.")
    unknown = sorted(set(value) - set(keys))
    if unknown:
        raise DescriptorInvalid(
            f"{place} has the unknown key “{unknown[0]}”; its keys are {', '.join(keys)}."
        )
    return value


def text(entry: dict, key: str, place: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise DescriptorInvalid(f"{place}: {key} must be a text that is not empty.")
    return value


def one_of(entry: dict, key: str, place: str, allowed: tuple[str, ...]) -> str:
    value = text(entry, key, place)
    if value not in allowed:
        raise DescriptorInvalid(f"{place}: {key} is “{value}”, and must be one of {', '.join(allowed)}.")
    return value


def truth(entry: dict, key: str, place: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise DescriptorInvalid(f"{place}: {key} must be true or false.")
    return value


def integer(value: object, place: str, at_least: int) -> int:
    if type(value) is not int or value < at_least:
        raise DescriptorInvalid(f"{place} must be an integer from {at_least} on, and {value!r} is not.")
    return value


def list_of(entry: dict, key: str, place: str) -> list:
    value = entry.get(key)
    if not isinstance(value, list):
        raise DescriptorInvalid(f"{place}: {key} must be a list.")
    return value


def relative_path(entry: dict, key: str, place: str) -> str:
    return path_in_bundle(text(entry, key, place), f"{place}: {key}")


def path_in_bundle(value: str, place: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\0" in value or str(path) in ("", "."):
        raise DescriptorInvalid(f"{place} is “{value}”, and must be a path inside the bundle, without “..”.")
    return value
