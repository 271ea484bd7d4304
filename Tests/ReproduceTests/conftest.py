# SPDX-License-Identifier: Apache-2.0
"""A real server, and runs that are recorded on it with the Python that runs these tests."""

import itertools
import os
import sys

import pytest
from program import running
from training import Repository, Runs

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    with running(
        tmp_path_factory.mktemp("reproduce"), SLIPWAY_PYTHON=sys.executable, PATH=path, DO_NOT_TRACK="true",
        MLFLOW_DISABLE_TELEMETRY="true", GIT_PYTHON_REFRESH="quiet",
    ) as server:  # fmt: skip
        yield server


@pytest.fixture(scope="session")
def runs(server):
    return Runs(server)


@pytest.fixture
def repository(tmp_path):
    return lambda **files: Repository(tmp_path / f"repository-{next(NUMBERS)}", **files)


@pytest.fixture
def name():
    """A name that nothing has yet."""
    return f"name-{next(NUMBERS)}"
