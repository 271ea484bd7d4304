# SPDX-License-Identifier: Apache-2.0
"""Graphs need scikit-learn, which they are compared with, and the program."""

import sys

import pytest
from program import running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Packs and runs models with the Python that runs these tests."""
    with running(tmp_path_factory.mktemp("slipway"), SLIPWAY_PYTHON=sys.executable) as server:
        yield server
