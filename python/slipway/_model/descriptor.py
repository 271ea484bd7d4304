# SPDX-License-Identifier: Apache-2.0
"""worker.json: how a model in a process of its own is opened and called (docs/formats/worker.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path

from .errors import DescriptorInvalid
from .rules import integer, list_of, one_of, only_keys, relative_path, text, truth
from .tensors import BYTES, NUMPY_TYPES

SCHEMA = "slipway.worker/1"
LOADERS = (
    "joblib", "pickle", "cloudpickle", "skops", "xgboost", "lightgbm", "catboost", "torchscript", "torch",
    "keras", "statsmodels", "mlflow", "code",
)  # fmt: skip
FORMS = ("frame", "matrix", "tensors", "texts", "list")
MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class TensorSpec:
    """An input or an output; −1 in the shape is a size that each request decides."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @staticmethod
    def of(value: object, place: str) -> TensorSpec:
        entry = only_keys(value, place, ("name", "datatype", "shape"))
        return TensorSpec(
            text(entry, "name", place),
            one_of(entry, "datatype", place, tuple(NUMPY_TYPES)),
            tuple(integer(size, f"{place}.shape", at_least=-1) for size in list_of(entry, "shape", place)),
        )

    def json(self) -> dict[str, object]:
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


@dataclass(frozen=True)
class Column:
    """A column of the frame: element `offset` of each row of the tensor `input`, as pandas' `dtype`.

    `name` is the column's label: a number where the frame is labelled with numbers. `missing` says what an
    empty text stands for: False, itself; True, pandas' own missing value; "none", None.
    """

    name: str | int
    input: str
    dtype: str
    offset: int = 0
    categories: tuple[str | int | float | bool, ...] | None = None
    ordered: bool = False
    missing: bool | str = False

    @staticmethod
    def of(value: object, place: str) -> Column:
        entry = only_keys(value, place, tuple(item.name for item in fields(Column)))
        categories = list_of(entry, "categories", place) if "categories" in entry else None
        if any(not isinstance(category, (str, int, float, bool)) for category in categories or ()):
            raise DescriptorInvalid(f"{place}.categories must be texts, numbers or booleans.")
        dtype = text(entry, "dtype", place)
        if (dtype == "category") != (categories is not None):
            raise DescriptorInvalid(f"{place}: the dtype “category” and the key “categories” go together.")
        missing = entry.get("missing", False)
        if not isinstance(missing, bool) and missing != "none":
            raise DescriptorInvalid(f"{place}.missing must be true, false or “none”.")
        label = entry.get("name")
        return Column(
            label if type(label) is int else text(entry, "name", place),
            text(entry, "input", place),
            dtype,
            integer(entry.get("offset", 0), f"{place}.offset", at_least=0),
            None if categories is None else tuple(categories),
            truth(entry, "ordered", place),
            missing,
        )

    def json(self) -> dict[str, object]:
        entry: dict[str, object] = {"name": self.name, "input": self.input, "dtype": self.dtype}
        if self.offset:
            entry["offset"] = self.offset
        if self.categories is not None:
            entry["categories"] = list(self.categories)
        if self.ordered:
            entry["ordered"] = True
        if self.missing:
            entry["missing"] = self.missing
        return entry


@dataclass(frozen=True)
class Call:
    """A method of the model, and the output that its answer becomes; with `each`, called row by row."""

    method: str
    output: str
    each: bool = False

    @staticmethod
    def of(value: object, place: str) -> Call:
        entry = only_keys(value, place, ("method", "output", "each"))
        return Call(text(entry, "method", place), text(entry, "output", place), truth(entry, "each", place))

    def json(self) -> dict[str, object]:
        entry: dict[str, object] = {"method": self.method, "output": self.output}
        return {**entry, "each": True} if self.each else entry


@dataclass(frozen=True)
class Descriptor:
    """All of worker.json. `command` stands instead of `language`, `loader`, `form`, `columns` and `calls`."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    language: str | None = "python"
    loader: str | None = None
    model: str | None = None
    environment: str | None = None
    code: str | None = None
    form: str | None = None
    columns: tuple[Column, ...] = ()
    calls: tuple[Call, ...] = ()
    command: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        from .consistency import check

        check(self)

    @staticmethod
    def of(value: object) -> Descriptor:
        entry = only_keys(value, "worker.json", ("schema", *(item.name for item in fields(Descriptor))))
        if entry.get("schema") != SCHEMA:
            raise DescriptorInvalid(
                f"worker.json has the schema {entry.get('schema')!r}, and this program reads “{SCHEMA}”.",
                "Pack the model again with this version of Slipway.",
            )

        def parts(key: str, kind: type) -> tuple:
            return tuple(
                kind.of(part, f"{key}[{index}]")
                for index, part in enumerate(list_of(entry, key, "worker.json") if key in entry else ())
            )

        def optional(key: str, read=text):
            return read(entry, key, "worker.json") if key in entry else None

        command = tuple(list_of(entry, "command", "worker.json")) if "command" in entry else ()
        if "command" in entry and not (command and all(isinstance(part, str) and part for part in command)):
            raise DescriptorInvalid(
                "worker.json: command must be a list of texts: the program and its arguments."
            )
        return Descriptor(
            inputs=parts("inputs", TensorSpec),
            outputs=parts("outputs", TensorSpec),
            language=optional("language"),
            loader=optional("loader"),
            model=optional("model"),
            environment=optional("environment", relative_path),
            code=optional("code", relative_path),
            form=optional("form"),
            columns=parts("columns", Column),
            calls=parts("calls", Call),
            command=command,
        )

    @staticmethod
    def read(path: Path | str) -> Descriptor:
        path = Path(path)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise DescriptorInvalid(f"{path.name} is larger than {MOST_BYTES >> 20} MiB.")
            value = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DescriptorInvalid(f"{path.name} cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:
            raise DescriptorInvalid(f"{path.name} is no JSON: {error}.") from error
        return Descriptor.of(value)

    def json(self) -> dict[str, object]:
        entry: dict[str, object] = {"schema": SCHEMA}
        for key in ("language", "loader", "model", "environment", "code", "form"):
            if getattr(self, key) is not None:
                entry[key] = getattr(self, key)
        if self.command:
            entry["command"] = list(self.command)
        for key in ("columns", "calls", "inputs", "outputs"):
            if getattr(self, key):
                entry[key] = [part.json() for part in getattr(self, key)]
        return entry

    def write(self, path: Path | str) -> None:
        """The same descriptor is the same bytes on every machine."""
        content = json.dumps(self.json(), indent=2, ensure_ascii=False, allow_nan=False)
        Path(path).write_text(content + "\n", encoding="utf-8")

    def takes_texts(self, name: str) -> bool:
        return any(spec.name == name and spec.datatype == BYTES for spec in self.inputs)
