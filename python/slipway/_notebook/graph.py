# SPDX-License-Identifier: Apache-2.0
"""A graph that is written in Python: the `graph` of `slipway.yaml`, with models that live in a notebook."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from .graph_values import written
from .references import INPUT, Reference, nearest, not_fitting, step_of

Read = Union[Reference, str]
Reads = Union[Read, Sequence[Read]]
When = Mapping[Read, Mapping[str, Any]]

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
VERSION = re.compile(r"(models:/)?([A-Za-z0-9._-]+/)?[A-Za-z0-9._-]+@[A-Za-z0-9._-]+\Z")
CODE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*\Z")


class Graph:
    """Preprocessing, models and rules that are deployed as one model.

        g = slipway.Graph()
        prep = g.transform("prep", g.input, [{"impute": {"age": "median"}}, {"one_hot": ["plan"]}])
        boost = g.model("boost", prep, xgb_model)
        g.output(churns=g.combine("churns", boost["probabilities"][1], "threshold", at_least=0.4, then=1, otherwise=0))
        slipway.deploy(g, name="churn", examples=rows, baseline=train)

    Each method adds a step and returns what it gives, for others to read: all of it, `boost["label"]` one column,
    `boost["probabilities"][1]` one value of a column that has several. `input` is what the graph takes. What the
    steps can say is that of docs/how-to/graphs.md. `when` says for which rows a step runs, as in
    `{score: slipway.between(0.4, 0.6)}`; `on_error` is "fail", "skip" or `{"value": 0.5}`.

    Raises ModelRefused for names that are not there, or are there twice.
    """

    def __init__(self) -> None:
        self.input = Reference(INPUT, graph=self)
        self._steps: dict[str, dict[str, Any]] = {}
        # What was handed in as a model, by step: an object, or the path of a file or folder.
        self._models: dict[str, Any] = {}
        self._outputs: dict[str, str] = {}

    def transform(
        self, name: str, reads: Reads, operations: Sequence[Mapping[str, Any]] | Mapping[str, Any], *,
        when: When | None = None, on_error: str | Mapping[str, Any] | None = None,
    ) -> Reference:  # fmt: skip
        """Operations on columns, in order, such as `{"scale": ["age"]}`. What one leaves open is learned from the
        baseline.
        """
        several = [operations] if isinstance(operations, Mapping) else operations
        odd = next((one for one in _listed(several) if not isinstance(one, Mapping)), None)
        if odd is not None:
            raise not_fitting(
                f"Step “{name}”: an operation is a dictionary, and {type(odd).__name__} is none.",
                "Write it like {'scale': ['age']}; hand a fitted object in with g.model(…).",
            )
        return self._add(name, reads, {"transform": several}, when, on_error)

    def model(
        self, name: str, reads: Reads, model: Any, *, engine: str | None = None, when: When | None = None,
        on_error: str | Mapping[str, Any] | None = None, timeout: str | float | None = None,
        cache: int | None = None,
    ) -> Reference:  # fmt: skip
        """A model: the object itself, also a fitted transformer or a function of rows; the path of a file or
        folder; `module:name` of the code that is handed in; or a registered version, `churn-text@3`.

        `engine` is `native`, `worker` or `auto`; `timeout`, for what a worker runs, is seconds, or a text such as
        "30ms"; `cache` is how many rows' answers are kept.
        """
        said: dict[str, Any] = {"model": None, "engine": engine, "cache": cache}
        if timeout is not None:
            said["timeout"] = timeout if isinstance(timeout, str) else f"{round(timeout * 1000)}ms"
        if isinstance(model, (Reference, Graph)):
            raise not_fitting(
                f"Step “{name}”: {type(model).__name__} is no model.",
                "Deploy a graph by itself first, and name its version: g.model(…, 'text@1').",
            )
        is_named = isinstance(model, str) and (VERSION.match(model) or CODE.match(model))
        if is_named and not Path(model).exists():
            said["model"] = model
            return self._add(name, reads, said, when, on_error)
        if isinstance(model, (str, os.PathLike)):
            if not Path(model).exists():
                raise not_fitting(
                    f"Step “{name}”: there is no file “{os.fspath(model)}”.",
                    "Name a file or folder, a version such as churn-text@3, or hand in the object itself.",
                )
            model = Path(model).resolve()
        reference = self._add(name, reads, said, when, on_error)
        self._models[name] = model
        return reference

    def combine(
        self, name: str, reads: Reads, by: str, *, weights: Sequence[float] | None = None,
        missing: str | None = None, coefficients: Sequence[Sequence[float]] | None = None,
        intercept: Sequence[float] | None = None, link: str | None = None, at_least: float | None = None,
        then: Any = None, otherwise: Any = None, rules: Sequence[Mapping[str, Any]] | None = None,
        between: Sequence[float] | None = None, on: Read | None = None, when: When | None = None,
        on_error: str | Mapping[str, Any] | None = None,
    ) -> Reference:  # fmt: skip
        """Makes one of several by the rule `by`: average, weighted, vote, stack, threshold, select, first_available,
        cascade, fallback, and the others of docs/how-to/graphs.md.

        `otherwise` is what `slipway.yaml` calls `else` in a threshold. `rules` are as in
        `[{"when": {g.input["country"]: slipway.equals("NO")}, "take": north}]`.
        """
        if by == "select" and otherwise is not None:
            otherwise = self._text(otherwise, f"Step “{name}”")
        said = {
            "combine": by, "weights": weights, "missing": missing, "coefficients": coefficients,
            "intercept": intercept, "link": link, "at_least": at_least, "then": then,
            "else" if by == "threshold" else "otherwise": otherwise, "between": between,
            "on": None if on is None else self._text(on, f"Step “{name}”"),
        }  # fmt: skip
        if rules is not None:
            said["rules"] = [self._rule(rule, name) for rule in rules]
        return self._add(name, reads, said, when, on_error)

    def output(self, outputs: Mapping[str, Read] | None = None, /, **more: Read) -> None:
        """What the graph answers: `g.output(churns=label, score=score)`, or a dictionary for any other names."""
        for name, of in {**(outputs or {}), **more}.items():
            if name in self._outputs:
                raise not_fitting(f"There are two outputs “{name}”.", "Give each a name of its own.")
            self._outputs[name] = self._text(of, f"Output “{name}”")

    def save(
        self, folder: str | os.PathLike[str], examples: Any, baseline: Any = None, target: str | None = None,
        code: str | os.PathLike[str] | None = None, name: str | None = None, *,
        original: Callable[[Any], Any] | None = None,
    ) -> Any:  # fmt: skip
        """Writes the project folder, for version control and `slipway deploy FOLDER`; `slipway.pack` says what else
        is handed in. `name` is by default the folder's.
        """
        from .packing import pack

        own = name if name is not None else Path(folder).absolute().name
        return pack(self, own, examples, baseline, target, code, folder=folder, original=original)

    def __repr__(self) -> str:
        lines = [f"Graph of {len(self._steps)} steps"]
        for name, said in self._steps.items():
            reads = said["in"] if isinstance(said["in"], str) else ", ".join(said["in"])
            kind = next(kind for kind in ("transform", "model", "combine") if kind in said)
            lines.append(f"  {name}: {kind} ← {reads}")
        lines += [f"  → {name}: {of}" for name, of in self._outputs.items()]
        return "\n".join(lines)

    def _add(
        self, name: str, reads: Reads, said: dict[str, Any], when: When | None,
        on_error: str | Mapping[str, Any] | None,
    ) -> Reference:  # fmt: skip
        if not isinstance(name, str) or not NAME.match(name) or name == INPUT:
            raise not_fitting(
                f"“{name}” is no name of a step.",
                "It has 1 to 64 lower-case letters, digits, “-” and “_”, begins with a letter, and is not “input”.",
            )
        if name in self._steps:
            raise not_fitting(f"There are two steps “{name}”.", "Give each a name of its own.")
        where = f"Step “{name}”"
        one = isinstance(reads, (Reference, str))
        texts = [self._text(read, where) for read in ([reads] if one else _listed(reads))]
        if not texts:
            raise not_fitting(f"{where} reads nothing.", "Name what it reads: g.input, or steps.")
        step: dict[str, Any] = {"in": texts[0] if one else texts, **said, "on_error": on_error}
        if when:
            step["when"] = self._conditions(when, where)
        kept = {key: value for key, value in step.items() if value is not None or key == "model"}
        self._steps[name] = written(kept, where)
        return Reference(name, graph=self)

    def _text(self, read: Any, where: str) -> str:
        """What `slipway.yaml` says for it, once it is known to be there."""
        if isinstance(read, Reference) and read.graph is not self:
            raise not_fitting(f"{where} reads “{read}” of another graph.", "Add that step to this one.")
        if not isinstance(read, (Reference, str)):
            raise not_fitting(
                f"{where} reads {type(read).__name__}, which is no step.",
                "Name g.input, a step, or a column of one: boost['probabilities'][1].",
            )
        step = read.step if isinstance(read, Reference) else step_of(read)
        if step != INPUT and step not in self._steps:
            raise not_fitting(
                f"{where} reads “{read}”, and there is no step “{step}” so far.",
                nearest(step, [INPUT, *self._steps]),
            )
        return str(read)

    def _conditions(self, when: Any, where: str) -> dict[str, Any]:
        if not isinstance(when, Mapping) or not all(isinstance(test, Mapping) for test in when.values()):
            raise not_fitting(
                f"{where}: “when” is {when!r}.", "Write it like {score: slipway.between(0.4, 0.6)}."
            )
        return {self._text(read, where): test for read, test in when.items()}

    def _rule(self, rule: Any, name: str) -> dict[str, Any]:
        where = f"Step “{name}”"
        if not isinstance(rule, Mapping) or set(rule) != {"when", "take"}:
            raise not_fitting(
                f"{where}: a rule is {rule!r}.",
                "Write it like {'when': {g.input['country']: slipway.equals('NO')}, 'take': north}.",
            )
        return {"when": self._conditions(rule["when"], where), "take": self._text(rule["take"], where)}


def _listed(several: Any) -> list[Any]:
    """What is no list counts as one of one, for whoever looks at it to refuse."""
    return list(several) if isinstance(several, (list, tuple)) else [several]
