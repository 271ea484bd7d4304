# SPDX-License-Identifier: Apache-2.0
"""How a program of this package ends."""
from __future__ import annotations

import os
import sys
from typing import Callable, NoReturn


def end_with(main: Callable[[list[str]], int]) -> NoReturn:
    """Runs `main`, and ends the process at once with its status.

    Not by sys.exit: a thread of pyarrow that still runs then can abort the process after all is written.
    """
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:
        status = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
