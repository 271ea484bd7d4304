# SPDX-License-Identifier: Apache-2.0
"""What holds for every suite in Python."""

import pytest
from program import BINARY


@pytest.fixture(scope="session", autouse=True)
def program_is_built():
    if not BINARY.exists():
        pytest.exit(f"There is no program at {BINARY}: run `make build`, or set SLIPWAY_BINARY.", returncode=2)
