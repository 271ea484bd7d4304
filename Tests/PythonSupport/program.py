# SPDX-License-Identifier: Apache-2.0
"""Where the program under test and what it is given lie, and how long a test waits for it.

SLIPWAY_BINARY names the program to test; without it, the debug build.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
MODELS = ROOT / "Tests" / "Fixtures" / "models"
BINARY = Path(os.environ.get("SLIPWAY_BINARY", ROOT / ".build" / "debug" / "slipway"))
START_LIMIT_S = 60
# Longer than the server waits for what it has accepted, so that one that gives up says so by its status.
STOP_LIMIT_S = 45
COMMAND_LIMIT_S = 120
