# SPDX-License-Identifier: Apache-2.0
"""The project folder of a graph: its steps in `slipway.yaml`, its models as their libraries save them, its rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .._prepare.parts import kind
from .._prepare.rows import Table
from .._prepare.said import asked
from .._prepare.sources import left_out, of_file
from ..errors import ModelRefused
from .folder import ModelFolder
from .graph import Graph
from .graph_rows import GraphRows, rows_of
from .references import not_fitting
from .saving import save

FIRST_LINE = "# Written by slipway.Graph; docs/how-to/graphs.md says what the steps mean."


class GraphFolder(ModelFolder):
    """What a notebook shows of it."""

    def _facts(self) -> dict[str, str]:
        facts = super()._facts()
        del facts["task"], facts["environment"]
        return facts | {"examples": f"{self.examples} rows"}


def write_graph(
    graph: Graph, name: str, examples: Any, baseline: Any, target: str | None, code: Path | None,
    original: Callable[[Any], Any] | None, place: Path,
) -> GraphFolder:  # fmt: skip
    """Raises ModelRefused, or Problem of `_prepare.problems` where the form of a model is the reason."""
    if not graph._outputs:
        raise not_fitting("The graph has no outputs.", "Say what it answers: g.output(score=score).")
    rows = rows_of(examples, baseline, target, list(graph._outputs), original)
    place.mkdir()
    steps = {}
    for step, said in graph._steps.items():
        model = graph._models.get(step)
        file = None if model is None else _placed(model, step, place, code, Table(rows.inputs))
        steps[step] = said if file is None else said | {"model": f"models/{step}/{file}"}
    count = _write(place / "examples.jsonl", rows.lines())
    if rows.baseline is not None:
        _write(place / "baseline.csv", rows.baseline_lines())
    if code is not None:
        shutil.copytree(code, place / "code", ignore=left_out(place, []))
    (place / "slipway.yaml").write_text(_project_file(name, steps, graph._outputs, rows, code is not None), "utf-8")
    return GraphFolder(
        place, name, "slipway.yaml", f"a graph of {len(steps)} steps", "other", count, tuple(rows.inputs), (),
        tuple(_notes(graph, rows)),
    )  # fmt: skip


def _placed(model: Any, step: str, place: Path, code: Path | None, rows: Table) -> str:
    """Saves or copies a step's model into its folder. Returns the name of the file."""
    folder = place / "models" / step
    folder.mkdir(parents=True)
    if isinstance(model, Path):
        if model.is_dir():
            shutil.copytree(model, folder / model.name, ignore=left_out(place, []))
            return model.name
        # Weights of an ONNX file may lie beside it.
        for part in [model, *(model.with_name(model.name + more) for more in (".data", "_data"))]:
            if part.is_file():
                shutil.copyfile(part, folder / part.name)
        return model.name
    # A torch module that still drops out would answer by chance.
    was_training = bool(getattr(model, "training", False)) and callable(getattr(model, "eval", None))
    if was_training:
        model.eval()
    try:
        file = save(model, folder, code, rows)
        if not asked(model, of_file(folder / file).loader):
            raise not_fitting(
                f"Step “{step}”: a {kind(model)} has neither predict nor transform, and is no function.",
                "Hand in the object that answers; what transforms columns is g.transform(…).",
            )
    except ModelRefused as error:
        if error.code != "PRJ-010":
            error = ModelRefused(
                f"Step “{step}”: {error.message}", hint=error.hint, code=error.code, details=error.details
            )
        raise error from None
    finally:
        if was_training:
            model.train()
    return file


def _project_file(
    name: str, steps: dict[str, Any], outputs: dict[str, str], rows: GraphRows, has_code: bool
) -> str:
    """A line for each step, as JSON, which YAML reads as it is."""
    proof = {"data": "examples.jsonl"} | (
        {"outputs": list(rows.answers), "origin": "original"} if rows.answers else {}
    )
    columns = {
        column: {"type": of} | ({"nullable": True} if of in ("float64", "string") else {})
        for column, of in rows.types.items()
    }
    lines = [
        FIRST_LINE,
        "schema: slipway/1",
        "model:",
        f"  name: {_json(name)}",
        *(["  code: code"] if has_code else []),
        "  signature:",
        "    columns:",
        *(f"      {_json(column)}: {_json(said)}" for column, said in columns.items()),
        "graph:",
        "  steps:",
        *(f"    {step}: {_json(said)}" for step, said in steps.items()),
        f"  outputs: {_json(outputs)}",
        "proof:",
        f"  examples: {_json(proof)}",
        *(["baseline: {data: baseline.csv}"] if rows.baseline is not None else []),
    ]
    return "\n".join(lines) + "\n"


def _notes(graph: Graph, rows: GraphRows) -> Iterable[str]:
    if not rows.answers:
        yield (
            "nothing says what the original answers: hand in examples with columns named as the outputs, or "
            "original=, for a proof"
        )
        return
    for output in graph._outputs:
        if output not in rows.answers:
            yield f"“{output}” has no recorded answers, and is not compared"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for count, line in enumerate(lines, 1):
            file.write(line + "\n")
    return count
