# SPDX-License-Identifier: Apache-2.0
"""Asks the original what a worker would ask it."""
from __future__ import annotations

from . import crashes, examples, original, signature
from .job import Job
from .problems import Problem
from .rows import Table


class Caller:
    """Asks the original what a worker would ask it, many rows at once, or one by one where some of them fail."""

    CHUNK = 2000

    def __init__(self, descriptor: dict, model: object):
        from .._model.calling import Caller as Worker
        from .._model.descriptor import Descriptor
        self.descriptor = descriptor
        self.columns, self.inputs = descriptor.get("columns", []), descriptor["inputs"]
        self.worker = Worker(Descriptor.of(descriptor), model)

    def answers(self, table: Table) -> list:
        """- Raises Problem `predict_failed`."""
        import numpy
        parts = []
        for start in range(0, table.count, self.CHUNK):
            part = table.take(slice(start, start + self.CHUNK))
            try:
                parts.append(self.worker.predict(examples.tensors(part, self.inputs, self.columns)))
            except BaseException as error:
                raise original.predict_problem(error) from error
        return [numpy.concatenate(answers) for answers in zip(*parts)]

    def surviving(self, table: Table, job: Job) -> tuple[list, list[int]]:
        """The answers to the rows that the original neither refuses nor ends at, and which those are."""
        import numpy
        left_out = job.left_out()
        rows = [index for index in range(table.count) if crashes.row(index) not in left_out]
        if not rows:
            return [], []
        if crashes.TOGETHER not in left_out:
            job.enter(crashes.TOGETHER)
            try:
                return self.answers(table.take(rows)), rows
            except Problem:
                pass
        found, kept = [], []
        for index in rows:
            job.enter(crashes.row(index))
            try:
                found.append(self.answers(table.take(slice(index, index + 1))))
                kept.append(index)
            except Problem:
                continue
        return [numpy.concatenate(answers) for answers in zip(*found)], kept

    def lines(self, table: Table, answers: list, nullable: set[str]):
        if table.count == 0:
            return iter(())
        arrays = examples.tensors(table, self.inputs, self.columns)
        return examples.lines(arrays, self.inputs, self.columns, nullable, answers, self.descriptor["outputs"])


def recorded_call(recorded: dict, table: Table) -> signature.Call:
    """The call that the notebook wrote down, with the rows cast to what it says."""
    import numpy
    columns, inputs = recorded.get("columns", []), recorded["inputs"]
    cast = {}
    for column in columns:
        name = column["name"]
        if name not in table.columns:
            raise Problem("rows_unusable", f"The rows have no column “{name}”, which worker.json names.",
                          "Give the rows that were recorded with it.")
        values, dtype = table.columns[name], column["dtype"]
        if dtype.startswith("datetime64") and values.dtype == object:
            values = numpy.array([v.rstrip("Z") if v else "NaT" for v in values], "datetime64[ns]")
        elif dtype in signature.DATATYPES and values.dtype != object:
            values = values.astype(dtype)
        cast[name] = values
    if not columns:
        types = {datatype: dtype for dtype, datatype in signature.DATATYPES.items()}
        for name, datatype in ((one["name"], one["datatype"]) for one in inputs):
            values = table.columns[name]
            cast[name] = values.astype(types[datatype]) if values.dtype != object else values
        return signature.Call(recorded["form"], inputs, [], Table(cast, is_named=table.is_named))
    categories = {column["name"]: column["categories"] for column in columns if "categories" in column}
    return signature.Call(recorded["form"], inputs, columns, Table(cast, categories))
