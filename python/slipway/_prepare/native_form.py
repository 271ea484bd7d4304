# SPDX-License-Identifier: Apache-2.0
"""A fitted scikit-learn model as a native graph, with exactly the inputs and outputs of its descriptor."""
from __future__ import annotations

from pathlib import Path

from .native_answers import answers
from .native_graph import Graph, beginning
from .native_sheet import Sheet, Source
from .native_table import Column, NoForm, Table


def write(model: object, descriptor: dict, folder: Path) -> list[str]:
    """Writes graph.json, and the files of its models. - Returns: their names, graph.json first. - Raises NoForm."""
    graph = Graph(descriptor, folder)
    methods = {call["output"]: call["method"] for call in descriptor["calls"]}
    specs = descriptor["outputs"]
    if any(spec["name"] not in methods for spec in specs) or len(set(methods.values())) < len(specs):
        raise NoForm("an output that is a part of an answer")
    sheet, table = beginning(graph)
    source, columns = answers(sheet, table, model, {methods[spec["name"]] for spec in specs})
    return graph.write([{"name": spec["name"], "from": _reference(graph, source, columns[methods[spec["name"]]], spec)}
                        for spec in specs])


def _reference(graph: Graph, source: Source, column: Column, spec: dict) -> str:
    """The column with the datatype and the shape of the output. - Raises NoForm."""
    count = spec["shape"][1] if len(spec["shape"]) == 2 else 1
    if len(spec["shape"]) > 2 or column.count != count:
        raise NoForm(f"the output “{spec['name']}” of shape {spec['shape']}")
    is_plain = len(spec["shape"]) == 1
    if column.datatype != spec["datatype"] or (column.width is None and not is_plain):
        if column.is_text or spec["datatype"] == "BYTES":
            raise NoForm(f"the output “{spec['name']}” of datatype {spec['datatype']}")
        sheet = Sheet(graph, Source((f"{source.references[0]}.{column.name}",), Table((column,))), "answer")
        column = sheet.joined([column], spec["name"], spec["datatype"])
        source = sheet.closed(Table((column,)))
    return f"{source.references[0]}.{column.name}" + ("[0]" if is_plain and column.width is not None else "")
