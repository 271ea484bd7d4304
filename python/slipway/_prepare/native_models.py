# SPDX-License-Identifier: Apache-2.0
"""Steps that an engine runs: trees as their library writes them, any other estimator as ONNX of it alone."""
from __future__ import annotations

from typing import TYPE_CHECKING, Collection

from . import converters, forest_files, forests, parts
from .forest_sklearn import NoForest
from .graph import conform
from .native_sheet import Sheet, Source
from .native_table import Column, NoForm, Table

if TYPE_CHECKING:
    from .native_graph import Graph

OUTPUTS = {"predict": "label", "predict_proba": "probabilities", "decision_function": "scores"}


def modelled(sheet: Sheet, table: Table, model, wants: Collection[str]) -> tuple[Source, dict[str, Column]]:
    """- Returns: the step, and the column of it that each method answers with. - Raises NoForm."""
    graph = sheet.graph
    table = sheet.numbers(table, None if table.common(halves=False) == "FP32" else "FP64")
    if table.is_sparse and forest_files.library(model) == "xgboost":
        # It takes what a sparse row leaves out as missing.
        sheet.add("impute", table.columns, missing=0, fill=[None] * table.count)
    source = sheet.closed(table)
    name = graph.step("model")
    outputs = _outputs(graph, model, wants)
    inner = {"form": "matrix", "calls": [{"method": method, "output": spec["name"]} for method, spec in outputs.items()],
             "inputs": [{"name": graph.fresh("values"), "datatype": table.columns[0].datatype,
                         "shape": [-1, table.count]}],
             "outputs": list(outputs.values())}
    engine, files = _written(graph, name, model, inner)
    graph.files += files
    graph.add({"name": name, "in": list(source.references), "model": {"engine": engine, "file": files[0]}})
    columns = {method: Column(spec["name"], spec["datatype"], spec["shape"][1] if len(spec["shape"]) > 1 else None)
               for method, spec in outputs.items()}
    return Source((name,), Table(tuple(columns.values()))), columns


def _outputs(graph: Graph, model, wants: Collection[str]) -> dict[str, dict]:
    """What the engine answers, in the order in which converters give it."""
    classes = getattr(model, "classes_", None)
    number = "FP32" if forest_files.library(model) == "xgboost" else "FP64"
    if classes is None or not hasattr(model, "predict_proba") and not hasattr(model, "decision_function"):
        if set(wants) != {"predict"}:
            raise NoForm(f"what {parts.short(model)} answers")
        return {"predict": {"name": graph.fresh("prediction"), "datatype": number, "shape": [-1]}}
    if isinstance(classes, list):
        raise NoForm(f"{parts.short(model)} of several outputs")
    import numpy
    kind = numpy.asarray(classes).dtype.kind
    found = {"predict": {"name": graph.fresh("label"), "datatype": "INT64" if kind in "iub" else "BYTES", "shape": [-1]}}
    if "decision_function" in wants:
        shape = [-1, len(classes)] if len(classes) > 2 else [-1]
        found["decision_function"] = {"name": "scores", "datatype": number, "shape": shape}
    elif hasattr(model, "predict_proba"):
        found["predict_proba"] = {"name": graph.fresh("probabilities"), "datatype": number, "shape": [-1, len(classes)]}
    return found


def _written(graph: Graph, name: str, model, inner: dict) -> tuple[str, list[str]]:
    """- Returns: the engine, and its files, the one that it opens first. - Raises NoForm."""
    place = f"steps/{name}"
    folder = graph.folder / place
    folder.mkdir(parents=True)
    if forest_files.library(model) is not None:
        try:
            return "forest", [f"{place}/{file}" for file in forest_files.write(model, inner, folder)]
        except NoForest:
            pass
    reason = f"no converter for {parts.short(model)}"
    for converter, is_double in _converters(model):
        try:
            raw, feeds, takes, _ = converter(model, inner, is_double)
            made = conform(raw, inner["inputs"], inner["outputs"], feeds, takes).SerializeToString()
            converters.opened(made)
        except Exception as error:
            reason = str(error) or type(error).__name__
            continue
        (folder / "model.onnx").write_bytes(made)
        return "onnxruntime", [f"{place}/model.onnx"]
    raise NoForm(f"{parts.short(model)}: {' '.join(reason.split())[:200]}")


def _converters(model) -> list:
    found = [(converters.forest, True)] if forests.writer(model) is not None else []
    if parts.kind(model).startswith(("sklearn.", "xgboost.", "lightgbm.")):
        found += [(converters.sklearn, True), (converters.sklearn, False)]
    return found
