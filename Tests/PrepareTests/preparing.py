# SPDX-License-Identifier: Apache-2.0
"""Prepares models as `slipway pack` does, in a process, and looks at what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import agreement
import numpy as np
import recorded
from slipway._model.calling import Caller
from slipway._model.descriptor import Descriptor
from slipway._model.loaders import load
from slipway._prepare import asking, examples, rows

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "Benchmarks" / "corpus"


@dataclass
class Prepared:
    """A folder that `slipway.prepare` wrote, and the status that it ended with."""

    out: Path
    status: int

    @property
    def report(self) -> dict:
        return json.loads((self.out / "report.json").read_text("utf-8"))

    @property
    def descriptor(self) -> dict:
        return json.loads((self.out / "worker.json").read_text("utf-8"))

    def recorded(self, name: str = "examples.jsonl") -> tuple[dict, list]:
        return recorded.read((self.out / name).read_text("utf-8").splitlines(), self.descriptor)

    def caller(self) -> Caller:
        descriptor = Descriptor.of(self.descriptor)
        return Caller(descriptor, load(descriptor, self.out))

    def candidates(self) -> list[bytes]:
        """Those that are ONNX, which Python can run as well."""
        files = [self.out / one["file"] for one in self.report["candidates"]]
        return [file.read_bytes() for file in files if file.suffix == ".onnx"]

    def agreeing(self, inputs: dict, answers: list) -> list[bytes]:
        """Those of them that answer as the original does, in their order."""
        return [model for model in self.candidates() if agrees(model, inputs, answers)]


def agrees(model: bytes, inputs: dict, answers: list) -> bool:
    given = agreement.answers(model, inputs)
    return not any(agreement.differing(a, b).any() for a, b in zip(answers, given, strict=True))


def prepare(folder: Path, source: Path | str, **request) -> Prepared:
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "out"
    fields = {"schema": "slipway.prepare/1", "source": str(source), "out": str(out), **request}
    path = folder / "request.json"
    path.write_text(json.dumps({key: str(v) if isinstance(v, Path) else v for key, v in fields.items()}))
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    ended = subprocess.run([sys.executable, "-W", "ignore", "-m", "slipway.prepare", str(path)], env=environment,
                           capture_output=True, text=True, cwd=folder, timeout=600)
    assert ended.stdout == "", "what models print is no output of the program"
    assert ended.returncode in (0, 1), ended.stderr
    return Prepared(out, ended.returncode)


def save_rows(data: object, path: Path) -> Path:
    """A frame as CSV, an array as .npy, texts as JSON lines."""
    if hasattr(data, "to_csv"):
        data.to_csv(path.with_suffix(".csv"), index=False)
        return path.with_suffix(".csv")
    if not isinstance(data, np.ndarray):
        path.with_suffix(".jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in data), "utf-8")
        return path.with_suffix(".jsonl")
    np.save(path.with_suffix(".npy"), data)
    return path.with_suffix(".npy")


def tensors(path: Path, descriptor: dict) -> dict[str, np.ndarray]:
    """Rows of a file as the tensors that a request with them would have."""
    table = rows.read(path)
    call = asking.recorded_call(descriptor, table)
    if not call.columns:
        spec = descriptor["inputs"][0]
        values = next(iter(table.columns.values()))
        table = rows.Table({spec["name"]: values}, is_named=False)
        call = asking.recorded_call(descriptor, table)
    return examples.tensors(call.table, descriptor["inputs"], descriptor.get("columns", []))
