# SPDX-License-Identifier: Apache-2.0
"""A real server, and a model of somebody's own code that misbehaves when it is told to."""

import sys

import pytest
from foreign import MISBEHAVING, OBEDIENT, deploy_code
from program import running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Runs models with the Python that runs these tests."""
    with running(tmp_path_factory.mktemp("slipway"), SLIPWAY_PYTHON=sys.executable, DATABASE_PASSWORD="hunter2") as server:
        yield server


@pytest.fixture(scope="module")
def misbehaving(server, tmp_path_factory):
    deploy_code(server, tmp_path_factory.mktemp("model"), "odd", MISBEHAVING)
    return server


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """The folder of a server that is ended, with a model that obeys its callers."""
    folder, model = tmp_path_factory.mktemp("slipway"), tmp_path_factory.mktemp("model")
    with running(folder, SLIPWAY_PYTHON=sys.executable) as server:
        deploy_code(server, model, "obedient", OBEDIENT)
    return folder


@pytest.fixture(scope="module")
def lasting(deployed):
    """One for tests after which the process is as it was."""
    with running(deployed, SLIPWAY_PYTHON=sys.executable, THE_SECRET="hunter2") as server:
        yield server


@pytest.fixture
def obedient(deployed):
    """A server that has just started: no process was lost yet, so that the next one is not held back."""
    with running(deployed, SLIPWAY_PYTHON=sys.executable) as server:
        yield server
