# SPDX-License-Identifier: Apache-2.0
"""A real server, and a model of somebody's own code that misbehaves when it is told to."""

import sys

import pytest
from foreign import MISBEHAVING, OBEDIENT, deploy_code
from program import running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Runs models with the Python that runs these tests."""
    with running(tmp_path_factory.mktemp("slipway"), SLIPWAY_PYTHON=sys.executable) as server:
        yield server


@pytest.fixture(scope="module")
def misbehaving(server, tmp_path_factory):
    deploy_code(server, tmp_path_factory.mktemp("model"), "odd", MISBEHAVING)
    return server


@pytest.fixture(scope="module")
def obedient(server, tmp_path_factory):
    deploy_code(server, tmp_path_factory.mktemp("model"), "obedient", OBEDIENT)
    return server
