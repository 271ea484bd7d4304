# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a model or its rows, in the words of docs/formats/prepared-model.md."""
from __future__ import annotations

import re

ADD_CODE = "Add its folder with --code, or save the model with cloudpickle, which keeps it inside."


class Problem(Exception):
    """Why a model cannot be prepared: a code, what is, and what to do next."""

    def __init__(self, code: str, message: str, hint: str, module: str | None = None):
        super().__init__(message)
        self.code, self.message, self.hint, self.module = code, message, hint, module

    def report(self) -> dict:
        report = {"schema": "slipway.prepared/1", "status": "error", "code": self.code,
                  "message": self.message, "hint": self.hint}
        return report | ({"module": self.module} if self.module else {})

    @classmethod
    def of(cls, report: dict) -> Problem:
        return cls(report["code"], report["message"], report["hint"], report.get("module"))


def refused(what: str, instead: str) -> Problem:
    return Problem("format_refused", what, instead)


def file_missing(what: str, name: str) -> Problem:
    return Problem("file_missing", f"{what} names “{name}”, which is not there.",
                   "Copy the whole folder, as the tool that saved the model wrote it.")


def rows_unusable(message: str, hint: str) -> Problem:
    return Problem("rows_unusable", message, hint)


def module_missing(module: str) -> Problem:
    return Problem("module_missing", f"The model needs the module “{module}”, which is not there.", ADD_CODE, module)


def memory_short(code: str) -> Problem:
    return Problem(code, "The model needs more memory than there is.", "Give it more memory, or a smaller model.")


def one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:800]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def load_problem(error: BaseException) -> Problem:
    """Why a model could not be opened, told from what was raised."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ModuleNotFoundError) and error.name:
        return module_missing(error.name)
    unnamed = re.search(r"Can't get attribute '(?P<name>[^']+)' on <module '(?P<module>[^']+)'", str(error))
    if unnamed and unnamed["module"] in ("__main__", "__mp_main__"):
        return Problem(
            "module_missing",
            f"The model needs “{unnamed['name']}”, which was defined in the notebook or script that saved it.",
            "Save the model with cloudpickle, which keeps it inside, or move it into a module and add its folder with "
            "--code.", "__main__")
    if unnamed:
        return Problem(
            "module_missing",
            f"The model needs “{unnamed['name']}” of the module “{unnamed['module']}”, which has no such name here.",
            "Install the version of the module that the model was saved with, or add its folder with --code.",
            unnamed["module"])
    if isinstance(error, MemoryError):
        return memory_short("load_failed")
    if isinstance(error, SystemExit):
        return Problem("load_failed", f"Opening the model ended Python with exit({error.code!r}).",
                       "Take the call of exit out of the model's code, and save it again.")
    return Problem("load_failed", f"The model cannot be opened: {one_line(error)}",
                   "The file is damaged, or was saved with other versions of its packages: install those, or save it "
                   "again with the ones that are here.")
