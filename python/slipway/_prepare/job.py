# SPDX-License-Identifier: Apache-2.0
"""What the children of one preparation share: the request, the source, and files that tell how far they came."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .request import Request
from .sources import Source

FOLDER = ".preparing"


@dataclass(frozen=True)
class Job:
    request: Request
    source: dict

    @classmethod
    def start(cls, request: Request, source: Source, files: list[str]) -> Job:
        described = {"loader": source.loader, "model": source.model, "code": source.code is not None,
                     "columns": source.columns, "notes": source.notes, "files": files,
                     "onnx": str(source.onnx) if source.onnx else None}
        job = cls(request, described)
        job.folder.mkdir(parents=True, exist_ok=True)
        job.path.write_text(json.dumps({"request": request.fields(), "source": described}), "utf-8")
        return job

    @classmethod
    def read(cls, path: Path) -> Job:
        fields = json.loads(path.read_text("utf-8"))
        return cls(Request(**fields["request"]), fields["source"])

    @property
    def out(self) -> Path:
        return Path(self.request.out)

    @property
    def folder(self) -> Path:
        return self.out / FOLDER

    @property
    def path(self) -> Path:
        return self.folder / "job.json"

    def enter(self, phase: str) -> None:
        (self.folder / "phase").write_text(phase, "utf-8")

    def phase(self) -> str:
        path = self.folder / "phase"
        return path.read_text("utf-8") if path.exists() else "load"

    def leave_out(self, phase: str) -> None:
        """The next child passes over what the last one did not survive."""
        with (self.folder / "left_out").open("a", encoding="utf-8") as file:
            file.write(phase + "\n")

    def left_out(self) -> list[str]:
        path = self.folder / "left_out"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def finish(self, name: str, result: dict) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(result, ensure_ascii=False), "utf-8")

    def result(self, name: str) -> dict | None:
        path = self.folder / f"{name}.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None
