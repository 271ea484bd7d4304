# SPDX-License-Identifier: Apache-2.0
"""The child that opens the original and asks it: signature, examples, edges, environment, baseline."""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from . import crashes, edges, environment, examples, made_rows, notes, original, parts, rows, said, signature
from .asking import Caller, recorded_call
from .job import Job
from .problems import Problem, memory_short
from .rows import Table

ROW_LIMIT = 20_000


def main(path: str) -> int:
    os.dup2(2, 1)
    job = Job.read(Path(path))
    try:
        job.finish("recorded", Recording(job).report())
    except Problem as problem:
        job.finish("problem", problem.report())
    except MemoryError:
        job.finish("problem", memory_short("load_failed" if job.phase() == "load" else "predict_failed").report())
    sys.stderr.flush()
    # A model's threads, or what it registered for the end, must not keep the process.
    os._exit(0)


class Recording:
    def __init__(self, job: Job):
        self.job, self.request, self.source = job, job.request, job.source
        self.notes: list[str] = list(job.source.get("notes", []))
        self.modules: set[str] = set()
        self.fields = {"loader": self.source["loader"], "model": self.source["model"],
                       "environment": "environment.json", **({"code": "code"} if self.source["code"] else {})}

    def report(self) -> dict:
        self.job.enter("load")
        before = set(sys.modules)
        model = original.opened(self.fields, self.job.out)
        self.modules |= set(sys.modules) - before
        self.job.enter("rows")
        columns = self.source["columns"]
        about = said.of(model, columns)
        recorded = json.loads(Path(self.request.recorded).read_text("utf-8")) if self.request.recorded else None
        table, origin = self._rows(model, about)
        ways = [recorded_call(recorded, table)] if recorded else signature.ways(table, about, self.source["loader"])
        self.job.enter("predict")
        before = set(sys.modules)
        call, calls, outputs, task = original.answers_of(model, self.source["loader"], ways, self.fields)
        if recorded:
            calls, outputs = recorded["calls"], recorded["outputs"]
        descriptor = original.descriptor(self.fields, call.fields(), calls, outputs)
        caller = Caller(descriptor, model)
        answers = caller.answers(call.table)
        self.modules |= set(sys.modules) - before | ({"pandas"} if call.form == "frame" else set()) | {"numpy"}
        kept = examples.sample(answers, outputs, call.table.count, examples.COUNT_LIMIT, self.request.seed)
        listed = signature.report_columns(call, columns)
        nullable = {column["name"] for column in listed if column["nullable"]}
        self._write("examples.jsonl", caller.lines(call.table.take(kept), [a[kept] for a in answers], nullable))
        kinds = self._edges(model, call, caller, nullable)
        worker_files = self._files(descriptor, model)
        baseline = self._baseline(call, about)
        self.notes += notes.of(model, call)
        return {"type": parts.kind(model), "task": task, "descriptor": "worker.json", "worker_files": worker_files,
                "columns": listed, "examples": "examples.jsonl", "edges": "edges.jsonl", "edge_kinds": kinds,
                "origin": origin, "baseline": baseline, "notes": list(dict.fromkeys(self.notes))}

    def _rows(self, model: object, about: said.Said) -> tuple[Table, str]:
        if self.request.rows is None:
            return made_rows.of(model, about, self.source["columns"], self.request.seed), "self"
        table = signature.chosen(rows.read(Path(self.request.rows)), about, self.request.target)
        if table.count > ROW_LIMIT:
            import numpy
            chosen = numpy.random.default_rng(self.request.seed).permutation(table.count)[:ROW_LIMIT]
            table = table.take(numpy.sort(chosen))
        return table, "original"

    def _edges(self, model: object, call: signature.Call, caller: Caller, nullable: set[str]) -> list[str]:
        left_out = self.job.left_out()
        limit = 0 if crashes.ALL in left_out else self.request.edge_rows
        self.job.enter(crashes.JUMPS)
        asks = None if crashes.JUMPS in left_out or limit == 0 else caller.answers
        table, kinds = edges.made(model, call, asks, limit, self.request.seed)
        answers, kept = caller.surviving(table, self.job)
        self.job.enter("write")
        self.notes += crashes.notes(left_out, kinds)
        lost = len(kinds) - len(kept) - len(crashes.rows(left_out))
        if lost:
            self.notes.append(f"the original refuses {lost} of {len(kinds)} edge rows; they are no proof, and a native "
                              "engine answers them")
        self._write("edges.jsonl", caller.lines(table.take(kept), answers, nullable))
        return [kinds[index] for index in kept]

    def _files(self, descriptor: dict, model: object) -> list[str]:
        lock, lacking = environment.lock(self.modules, self.request.platform)
        environment.write(lock, self.job.out / "environment.json")
        self.notes += lacking
        text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
        (self.job.out / "worker.json").write_text(text, "utf-8")
        return ["worker.json", "environment.json", *self.source["files"]]

    def _baseline(self, call: signature.Call, about: said.Said) -> str | None:
        if self.request.baseline is None:
            return None
        table = rows.read(Path(self.request.baseline))
        names = [column["name"] for column in call.columns] or [call.inputs[0]["name"]]
        lacking = [name for name in names if name not in table.columns]
        if lacking and table.is_named:
            raise Problem("rows_unusable", f"The training data has no column “{lacking[0]}”, which the model takes.",
                          "Give the data that the model was trained on, with the names of its columns.")
        self._write("baseline.csv", examples.csv(table, names if table.is_named else ["input"]))
        return "baseline.csv"

    def _write(self, name: str, lines) -> None:
        with (self.job.out / name).open("w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
