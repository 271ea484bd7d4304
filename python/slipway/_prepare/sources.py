# SPDX-License-Identifier: Apache-2.0
"""What a path holds: which loader opens it, or why nothing does. Nothing is opened here that could run code."""
from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from . import pickled
from .problems import Problem, refused
from .refusals import refusal_of

PICKLES = (".pkl", ".pickle", ".joblib", ".p", ".sav", ".dill")
SKIPPED = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "node_modules")
"""Hidden files are settings and secrets of whoever works there."""


@dataclass
class Source:
    """A model as it was found: `loader` opens `model`, which is `path` as the bundle will call it."""

    loader: str
    path: Path | None
    model: str
    code: Path | None = None
    onnx: Path | None = None
    notes: list[str] = field(default_factory=list)
    columns: list[dict] | None = None
    """What the model's own description says of its columns: `{"name", "dtype", "nullable"}`."""

    def stage(self, out: Path, rows: list[str]) -> list[str]:
        """Copies what a bundle keeps into `out`, without the files `rows`. - Returns: the paths of the files, relative to
        it.
        """
        ignored = left_out(out, rows)
        for origin, name in ((self.path, self.model), (self.code, "code")):
            if origin is None:
                continue
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if origin.is_dir():
                shutil.copytree(origin, target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copyfile(origin, target)
        roots = [out / name for origin, name in ((self.path, self.model), (self.code, "code")) if origin is not None]
        files = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
        return [path.relative_to(out).as_posix() for path in files if path.is_file()]


def left_out(out: Path, rows: list[str]):
    """What lies in a folder and is no part of a model: see docs/how-to/deploy-a-python-model.md."""
    named, beside = {Path(path).resolve() for path in rows}, out.resolve()

    def is_left_out(path: Path) -> bool:
        real = _followed(path)
        # The data folder of a server, in which this is prepared, holds its token.
        return real in named or beside.is_relative_to(real) or _is_no_code(real)

    def ignored(folder: str, names: list[str]) -> set[str]:
        skipped = SKIPPED(folder, names)
        return skipped | {name for name in set(names) - skipped if is_left_out(Path(folder, name))}

    return ignored


def _is_no_code(path: Path) -> bool:
    if path.is_dir():
        is_data_folder = (path / "token").is_file() and (path / "registry.sqlite").is_file()
        return is_data_folder or (path / "pyvenv.cfg").is_file()
    # Pipes and sockets have no content, and reading them may never end.
    return not path.is_file()


def _followed(path: Path) -> Path:
    """Where a link leads. - Raises Problem for one whose content would be missing, or would never end."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise Problem("file_missing",
                      f"The link “{path.name}” leads to what is not there, or not in the folder.",
                      "Put the file itself into the folder, or take the link away.") from error
    if path.is_symlink() and any(folder.resolve() == real for folder in path.parents):
        raise Problem("file_missing",
                      f"The link “{path.name}” leads to a folder that it lies in, round and round.",
                      "Take the link away.")
    return real


def find(source: str, loader: str | None = None, code: str | None = None) -> Source:
    """- Raises Problem `format_refused`, `file_missing` or `load_failed`."""
    from . import folders

    code_folder = Path(code) if code else None
    if code_folder is not None and not code_folder.is_dir():
        raise Problem("file_missing", f"The folder of code “{code}” is not there.", "Give the path of a folder.")
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", source):
        return Source("code", None, source, code=code_folder)
    path = Path(source)
    if not path.exists():
        raise Problem("file_missing", f"“{path.name}” is not there.", "Give the path of a model's file or folder.")
    found = folders.find(path) if path.is_dir() else of_file(path, loader)
    if code_folder is not None:
        found.code = code_folder
    return found


def of_file(path: Path, loader: str | None = None) -> Source:
    if path.stat().st_size == 0:
        raise Problem("load_failed", f"“{path.name}” is empty.", "Save the model again.")
    refusal = refusal_of(path)
    if refusal is not None:
        raise refusal
    with path.open("rb") as stream:
        head = stream.read(64)
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        return Source("onnx", None, path.name, onnx=path)
    known = loader or _loader(path, suffix, head)
    return Source(known, path, _safe_name(path))


def _safe_name(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", path.name)


def _loader(path: Path, suffix: str, head: bytes) -> str:
    if head.startswith(b"PK\x03\x04"):
        return _archive_loader(path, suffix)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "keras"
    if head.startswith(b"CBM1"):
        return "catboost"
    if suffix == ".skops":
        raise _damaged(path, "a skops file, which is a zip archive")
    if head.startswith(b"tree\n") or head.startswith(b"tree\r\n"):
        return "lightgbm"
    if head.lstrip().startswith(b'{"') or suffix in (".ubj", ".json", ".bst", ".xgb", ".model"):
        return _xgboost_loader(path, head)
    if suffix in (".cbm", ".pt", ".pth", ".keras"):
        raise _damaged(path, f"a {suffix} file")
    if pickled.is_compressed(head):
        return "joblib"
    if pickled.is_pickle(head):
        return _pickle_loader(path, suffix)
    if suffix in PICKLES:
        raise _damaged(path, "a pickle")
    raise refused(f"“{path.name}” is of no form that holds a model Slipway knows.",
                  "Save the whole model with joblib.dump, or write a folder with predict.py around it.")


def _damaged(path: Path, kind: str) -> Problem:
    return Problem("load_failed", f"“{path.name}” does not start as {kind} does.",
                   "The file is damaged or only partly copied: copy or save it again.")


def _archive_loader(path: Path, suffix: str) -> str:
    import zipfile
    try:
        entries, imported = pickled.archive_names(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise _damaged(path, "a whole archive") from error
    if "constants.pkl" in entries:
        return "torchscript"
    if "data.pkl" in entries:
        if not any(name for name in imported if not name.startswith(("torch._utils.", "collections.", "torch."))):
            if not any(name.startswith("torch.nn.modules") for name in imported):
                raise refused(
                    f"“{path.name}” is a state_dict: weights without the code that uses them.",
                    "Save the model itself: torch.jit.script(model).save('model.pt'), or torch.save(model, 'model.pt') "
                    "and its code with --code.")
        return "torch"
    if "schema.json" in entries:
        return "skops"
    if "config.json" in entries and any(name.endswith(".weights.h5") for name in entries):
        return "keras"
    raise refused(f"“{path.name}” is an archive that holds no model Slipway knows.",
                  "Save the model in the form of its own library: joblib, skops, TorchScript, .keras.")


def _xgboost_loader(path: Path, head: bytes) -> str:
    if head.lstrip().startswith(b'{"'):
        try:
            document = json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise _damaged(path, "whole JSON") from error
        if not isinstance(document, dict) or "learner" not in document:
            hint = "XGBoost: model.save_model('model.ubj'). CatBoost: model.save_model('model.cbm')."
            raise refused(f"“{path.name}” is JSON, but no model of XGBoost.", hint)
        return "xgboost"
    if head[:1] == b"{" and b"learner" in path.read_bytes()[:4096]:
        return "xgboost"
    if pickled.is_pickle(head):
        return _pickle_loader(path, path.suffix)
    raise _damaged(path, "a model of XGBoost")


def _pickle_loader(path: Path, suffix: str) -> str:
    imported = pickled.names_in(path)
    if imported and imported[0].startswith("statsmodels."):
        return "statsmodels"
    if all(name.startswith(("collections.", "torch._utils.", "torch.")) for name in imported) and any(
            name.startswith("torch._utils._rebuild_tensor") for name in imported):
        raise refused(f"“{path.name}” is a state_dict: weights without the code that uses them.",
                      "Save the model itself: torch.jit.script(model).save('model.pt').")
    if suffix == ".joblib" or any(name.startswith("joblib.") for name in imported):
        return "joblib"
    return "cloudpickle" if any(name.startswith("cloudpickle") for name in imported) else "pickle"
