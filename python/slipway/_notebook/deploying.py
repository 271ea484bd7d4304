# SPDX-License-Identifier: Apache-2.0
"""From a model in a notebook to an endpoint, in one line."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._client.client import Client
from .._client.prediction import Prediction
from ..errors import SlipwayError
from . import program
from .folder import ModelFolder
from .graph import Graph
from .packing import pack
from .page import table_page

# Longer rows fill the screen and still cannot be read.
LONGEST_ROW = 2000


@dataclass(frozen=True)
class Deployment:
    """An endpoint that answers. `report` is all that `slipway deploy --format json` said."""

    endpoint: str
    url: str
    version: int
    proven: bool
    summary: str
    report: dict[str, Any]
    client: Client
    # The first recorded row, as JSON.
    row: str | None = None

    def predict(self, rows: Any, *, timeout: float | None = None) -> Prediction:
        """Asks the endpoint, as `Client.predict` does."""
        return self.client.predict(self.endpoint, rows, timeout=timeout)

    @property
    def curl(self) -> str:
        """A line for a shell that asks the endpoint."""
        if self.row is None:
            return f"curl {shlex.quote(f'{self.client.url}/v2/models/{self.endpoint}')}"
        body, url = shlex.quote(f"[{self.row}]"), shlex.quote(self.url)
        return f"curl -H 'content-type: application/json' -d {body} {url}"

    @property
    def _replaced(self) -> bool:
        first = self.report["endpoints"][0]
        return first.get("replacedVersion") is not None and not first["unchanged"]

    def _facts(self) -> dict[str, str]:
        return {
            "address": self.url,
            "verdict": self.summary,
            **_engine(self.report.get("conversion")),
            "try it": self.curl,
            "from Python": f"slipway.Client().predict({self.endpoint!r}, rows)",
            "next": f"slipway status; slipway rollback {self.endpoint}"
            if self._replaced
            else "slipway status",
        }

    def __repr__(self) -> str:
        lines = [
            f"{self.endpoint} version {self.version}",
            *(f"  {name}: {fact}" for name, fact in self._facts().items()),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        mark = "✓ " if self.proven else ""
        return table_page(f"{mark}{self.endpoint} version {self.version}", self._facts())


def _engine(conversion: dict[str, Any] | None) -> dict[str, str]:
    """What serves a model that no engine opens as it is, and why."""
    if conversion is None:
        return {}
    facts: dict[str, str] = {}
    agreeing = next((attempt for attempt in conversion["attempts"] if attempt["agrees"]), None)
    if conversion["served_by"] == "native" and agreeing is not None:
        facts["served by"] = (
            f"the native engine: {agreeing['form']} agrees with the original on {agreeing['rows']} rows, "
            f"{agreeing['edge_rows']} of them made for the edges"
        )
    else:
        facts["served by"] = "a worker: the original itself"
    for attempt in conversion["attempts"]:
        if not attempt["agrees"]:
            why = (
                attempt.get("problem") or f"differs in {attempt['differing_rows']} of {attempt['rows']} rows"
            )
            first = attempt.get("first_difference")
            facts[f"not {attempt['form']}"] = f"{why}: {first}" if first else why
    for reason in conversion["not_converted"]:
        form, _, why = reason.partition(": ")
        facts[f"not {form}"] = why
    return facts


def deploy(
    model: Any,
    name: str | None = None,
    examples: Any = None,
    baseline: Any = None,
    target: str | None = None,
    code: str | os.PathLike[str] | None = None,
    environment: Sequence[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    endpoint: str | None = None,
    reason: str | None = None,
    engine: str | None = None,
    original: Callable[[Any], Any] | None = None,
) -> Deployment:
    """Takes a model to an endpoint that answers with it, and has proven that it answers as here.

    `model` is the object itself, or a `Graph`, packed as `pack` does with `name`, `examples` and what follows them,
    and `original`; or the path of a model file or project folder, which is taken as `slipway deploy` takes it, with `examples` and
    `baseline` as files. `endpoint` is where it answers, by default the model's name; `reason` goes into the
    ledger; `engine` is `native`, `worker` or `auto`. The server is that of SLIPWAY_URL, else the one of this
    machine, which is started when none runs.

    Raises SlipwayError, ModelRefused where the model is the reason.
    """
    if original is not None and not isinstance(model, Graph):
        raise TypeError("original= is for graphs: a model object is the original itself")
    options = {"--endpoint": endpoint, "--reason": reason, "--engine": engine}
    if isinstance(model, (str, os.PathLike)) or isinstance(model, ModelFolder):
        path = model.path if isinstance(model, ModelFolder) else model
        files = {
            "--name": name,
            "--examples": examples,
            "--baseline": baseline,
            "--code": code,
            "--target": target,
        }
        return _deployed(
            Path(path), options | {option: value for option, value in files.items() if value is not None}
        )
    if name is None or examples is None:
        raise TypeError("deploy() of a model object needs name= and examples=")
    with tempfile.TemporaryDirectory(prefix="slipway-") as temporary:
        place = folder if folder is not None else Path(temporary, name)
        packed = pack(model, name, examples, baseline, target, code, environment, place, original=original)
        return _deployed(packed.path, options)


def _deployed(path: Path, options: dict[str, Any]) -> Deployment:
    words = [
        word for option, value in options.items() if value is not None for word in (option, os.fspath(value))
    ]
    report = program.run(["deploy", str(path), *words], _say)
    client = Client(report["url"].partition("/v1/")[0])
    own = {name: report[name] for name in ("endpoint", "url", "version", "proven", "summary")}
    return Deployment(**own, report=report, client=client, row=_first_row(client, report["endpoint"]))


def _first_row(client: Client, endpoint: str) -> str | None:
    """A row that the endpoint is known to answer, as JSON, where there is one that is short enough to be
    read.
    """
    try:
        recorded = client.examples(endpoint, 1)
    except SlipwayError:
        return None
    row = json.dumps(recorded[0]["inputs"], ensure_ascii=False) if recorded else ""
    return row if 0 < len(row) <= LONGEST_ROW else None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
