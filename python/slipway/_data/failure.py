# SPDX-License-Identifier: Apache-2.0
"""How these programs say why they give up: one line of JSON, the last on standard error."""
from __future__ import annotations

import json
import sys
from typing import NoReturn


def give_up(problem: str, hint: str, code: str = "unreadable") -> NoReturn:
    print(json.dumps({"problem": problem, "hint": hint, "code": code}), file=sys.stderr)
    sys.exit(1)


def give_up_without_pyarrow() -> NoReturn:
    give_up("pyarrow is not installed in this Python", "Install it: pip install pyarrow.", code="missing")


def in_one_line(error: BaseException) -> str:
    said = str(error).strip().splitlines()
    return said[0][:500] if said else type(error).__name__
