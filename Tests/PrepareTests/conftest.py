# SPDX-License-Identifier: Apache-2.0
"""What holds for the tests of preparing models."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def program_is_built():
    """Preparing is tested by itself: nothing here needs the program."""
