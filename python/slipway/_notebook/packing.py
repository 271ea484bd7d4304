# SPDX-License-Identifier: Apache-2.0
"""A project folder of a model that lives in a notebook, with what it answered there."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .._prepare.environment import SCHEMA as ENVIRONMENT_SCHEMA
from .._prepare.problems import Problem
from .._prepare.sources import left_out, of_file
from ..errors import ModelRefused
from .checking import check, refused
from .folder import ModelFolder
from .graph import Graph
from .graph_folder import FIRST_LINE, write_graph
from .recording import Recording, record, write_json
from .saving import save
from .tables import table_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+\Z")
OWN_FILES = (
    "worker.json",
    "environment.json",
    "examples.jsonl",
    "baseline.csv",
    "baseline.jsonl",
    "slipway.yaml",
)


def pack(
    model: Any,
    name: str,
    examples: Any,
    baseline: Any = None,
    target: str | None = None,
    code: str | os.PathLike[str] | None = None,
    environment: Sequence[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    original: Callable[[Any], Any] | None = None,
) -> ModelFolder:
    """Writes the project folder of a model, with its answers to `examples` as this very object gives them.

    `examples` are rows as the model takes them: a pandas or polars frame, an array, a list of dictionaries,
    texts, or a file of such rows; a few hundred, odd ones among them. `baseline` is the training data in the
    same form, of which only a profile will travel. `target` names a column of both that is no input. `code`
    is a folder of modules that the model imports; without it they are kept inside the saved model.
    `environment` lists the packages that it needs, each as name==version; without it, what it really imports
    is found out. `folder` is where to write, by default `name` here.

    Of a `Graph`, columns of `examples` that are named as its outputs are the answers that it has to give, or those
    that `original` gives: a function of your own code that takes the rows, and returns a dictionary or a frame.

    Raises ModelRefused, which says what to do.
    """
    if not NAME.match(name):
        raise ModelRefused(
            f"“{name}” is no name of a model.",
            hint="Use 1 to 100 letters, digits, “-”, “_” and “.”, with a letter or digit first.",
            code="REG-005",
        )
    if isinstance(model, Graph) and environment is not None:
        raise TypeError("environment= is not for graphs: each step's packages are found out when it is packed")
    if original is not None and not isinstance(model, Graph):
        raise TypeError("original= is for graphs: a model object is the original itself")
    pins = _pins(environment)
    place = Path(folder if folder is not None else name).absolute()
    code_folder = _code(code)
    _check(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: what was packed there before stays until this is.
    with tempfile.TemporaryDirectory(prefix=f".{place.name}-", dir=place.parent) as staging:
        try:
            staged = Path(staging, place.name)
            if isinstance(model, Graph):
                packed: ModelFolder = write_graph(
                    model, name, examples, baseline, target, code_folder, original, staged
                )
            else:
                packed = _packed(model, name, examples, baseline, target, code_folder, pins, staged)
        except Problem as problem:
            raise refused(problem) from problem
        if place.exists():
            place.rename(Path(staging, "before"))
        packed.path.rename(place)
    return replace(packed, path=place)


def _packed(
    model: Any, name: str, examples: Any, baseline: Any, target: str | None, code: Path | None, pins: list[str],
    place: Path,
) -> ModelFolder:  # fmt: skip
    place.mkdir()
    rows = table_of(examples, "examples")
    was_training = bool(getattr(model, "training", False)) and callable(getattr(model, "eval", None))
    if was_training:
        # A torch module that still drops out would answer by chance.
        model.eval()
    try:
        file = save(model, place, code, rows)
        loader = of_file(place / file).loader
        recording = record(model, loader, examples, rows, target)
        descriptor = recording.descriptor(
            {"loader": loader, "model": file, "environment": "environment.json"}
            | ({"code": "code"} if code else {})
        )
        write_json(place / "worker.json", descriptor)
        count = recording.write_examples(place / "examples.jsonl", descriptor)
    finally:
        if was_training:
            model.train()
    if code is not None:
        shutil.copytree(code, place / "code", ignore=left_out(place, []))
    trained_on = None
    if baseline is not None:
        trained_on = recording.write_baseline(place, table_of(baseline, "baseline"))
    report = check(place, file, loader)
    requirements = _environment(place / "environment.json", pins)
    (place / "slipway.yaml").write_text(
        _project_file(name, file, recording, code is not None, trained_on), "utf-8"
    )
    columns, notes = tuple(recording.column_names), tuple(report["notes"])
    return ModelFolder(
        place, name, file, recording.kind, recording.task, count, columns, tuple(requirements), notes
    )


def _check(place: Path) -> None:
    """Nothing may be there but what was packed before."""
    known = [
        *OWN_FILES,
        "code",
        *(f"model.{ending}" for ending in ("joblib", "pkl", "ubj", "txt", "cbm", "pt", "keras")),
        *(["models"] if _is_of_a_graph(place) else []),
    ]
    others = sorted(path.name for path in place.iterdir() if path.name not in known) if place.is_dir() else []
    if place.exists() and (not place.is_dir() or others):
        raise ModelRefused(
            f"“{place}” is there already{', and holds ' + others[0] if others else ''}.",
            hint="Choose another place with folder=….",
            code="PRJ-008",
        )


def _is_of_a_graph(place: Path) -> bool:
    """Whether a graph was written there, whose folder `models` may go; anyone's own may not."""
    file = place / "slipway.yaml"
    return file.is_file() and file.read_text("utf-8", "replace").startswith(FIRST_LINE)


def _code(code: str | os.PathLike[str] | None) -> Path | None:
    if code is None:
        return None
    if not Path(code).is_dir():
        raise ModelRefused(
            f"There is no folder of code “{os.fspath(code)}”.",
            hint="Hand in the folder that holds the modules, not one of them.",
            code="PRJ-006",
        )
    return Path(code).resolve()


def _pins(environment: Sequence[str] | None) -> list[str]:
    pins = [environment] if isinstance(environment, str) else list(environment or [])
    odd = next((pin for pin in pins if not PINNED.match(pin)), None)
    if odd is not None:
        raise ModelRefused(
            f"“{odd}” is no exact version of a package.",
            hint="Write each as name==version, such as scikit-learn==1.5.2.",
            code="SYS-008",
        )
    return pins


def _environment(path: Path, pins: list[str]) -> list[str]:
    """What was found out, or what was named instead."""
    lock = json.loads(path.read_bytes())
    if pins:
        lock |= {"schema": ENVIRONMENT_SCHEMA, "requirements": sorted(pins)}
        path.write_text(json.dumps(lock, sort_keys=True, separators=(",", ":"), ensure_ascii=False), "utf-8")
    requirements: list[str] = lock["requirements"]
    return requirements


def _project_file(name: str, file: str, recording: Recording, has_code: bool, baseline: str | None) -> str:
    """Texts as JSON writes them, which YAML reads as they are."""
    outputs = ", ".join(json.dumps(output["name"]) for output in recording.outputs)
    lines = [
        "# Written by slipway.pack; docs/formats/slipway-yaml.md describes the keys.",
        "schema: slipway/1",
        "model:",
        f"  name: {json.dumps(name)}",
        f"  task: {recording.task}",
        f"  source: {file}",
        *(["  code: code"] if has_code else []),
        "proof:",
        f"  examples: {{data: examples.jsonl, outputs: [{outputs}], origin: original}}",
        *([f"baseline: {{data: {baseline}}}"] if baseline else []),
    ]
    return "\n".join(lines) + "\n"
