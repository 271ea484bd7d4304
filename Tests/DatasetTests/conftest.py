# SPDX-License-Identifier: Apache-2.0
"""A real server, commands that read tables with this Python, and data sets with names of their own."""

import itertools
import sys

import pytest
from data_commands import Data
from program import running

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("datasets"), SLIPWAY_PYTHON=sys.executable) as server:
        yield server


@pytest.fixture
def data(server, tmp_path):
    """A data set that is not there yet."""
    return Data(server, f"set-{next(NUMBERS)}", tmp_path)
