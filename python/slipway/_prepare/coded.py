# SPDX-License-Identifier: Apache-2.0
"""Columns of texts that a forest takes as categories: each text becomes the number that the model knows it by."""
from __future__ import annotations

from . import said
from .graph import Feed, Wrapper


def texts(descriptor: dict) -> set[str]:
    """The columns that are categories and texts."""
    kinds = {spec["name"]: spec["datatype"] for spec in descriptor["inputs"]}
    return {column["name"] for column in descriptor.get("columns") or []
            if column["dtype"] == "category" and kinds[column["input"]] == "BYTES"}


def matrix(build: Wrapper, model: object, descriptor: dict) -> tuple[str, list, list[Feed]]:
    """- Returns: the name of the matrix [rows, columns] of doubles, the graph's inputs, and what they are fed with."""
    from onnx import TensorProto, helper
    coded = texts(descriptor)
    known = _categories(model, {column["name"]: column["categories"] for column in descriptor["columns"]
                                if column["name"] in coded})
    widths = {spec["name"]: spec["shape"][1] for spec in descriptor["inputs"]}
    kinds = {spec["name"]: spec["datatype"] for spec in descriptor["inputs"]}
    inputs, feeds, columns = [], [], []
    for index, column in enumerate(descriptor["columns"]):
        name, is_coded = f"column{index}", column["name"] in coded
        if not is_coded and (column["dtype"] == "category" or kinds[column["input"]] == "BYTES"):
            raise NotImplementedError(f"the column “{column['name']}”, which is neither a number nor a text category")
        inputs.append(helper.make_tensor_value_info(
            name, TensorProto.STRING if is_coded else TensorProto.DOUBLE, [None, 1]))
        offset = column.get("offset", 0) if widths[column["input"]] > 1 else None
        feeds.append(Feed(name, [(column["input"], offset)]))
        columns.append(_codes(build, name, known[column["name"]]) if is_coded else name)
    return build.node("Concat", *columns, axis=1), inputs, feeds


def _categories(model: object, declared: dict[str, list]) -> dict[str, list[str]]:
    """In the model's own order, where it says one; else in that of the columns."""
    about = said.of(model)
    found = about.categories
    if not found and len(about.ordered_categories) == len(declared):
        found = dict(zip(declared, about.ordered_categories))
    found = declared | {name: kept for name, kept in found.items() if name in declared}
    for name, kept in found.items():
        if not all(isinstance(value, str) for value in kept):
            raise NotImplementedError(f"the column “{name}”, whose categories are no texts")
    return found


def _codes(build: Wrapper, name: str, categories: list[str]) -> str:
    """The number of each text among the categories; NaN, which is missing, for any other."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper
    codes = numpy.arange(len(categories), dtype=numpy.float64)
    keys = [text.encode("utf-8") for text in categories]
    return build.node("LabelEncoder", name, domain="ai.onnx.ml",
                      keys_tensor=helper.make_tensor("keys", TensorProto.STRING, [len(keys)], keys),
                      values_tensor=numpy_helper.from_array(codes, "values"),
                      default_tensor=numpy_helper.from_array(numpy.array([numpy.nan]), "default"))
