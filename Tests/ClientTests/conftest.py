# SPDX-License-Identifier: Apache-2.0
"""One real server for most of these tests, and the models that they ask, deployed when the first test wants them."""

import pytest
import tritonclient.http as triton
from program import EXAMPLES, MODELS, running


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("slipway")) as server:
        yield server


@pytest.fixture
def administrator(server):
    """The headers of whoever may change things."""
    return {"Authorization": f"Bearer {server.token}"}


@pytest.fixture(scope="session")
def breast_cancer(server):
    server.slipway("deploy", EXAMPLES / "breast-cancer")
    return "breast-cancer"


@pytest.fixture(scope="session")
def breast_cancer_columns(server):
    server.slipway("deploy", EXAMPLES / "breast-cancer" / "columns")
    return "breast-cancer-columns"


@pytest.fixture(scope="session")
def digits(server):
    server.slipway("deploy", EXAMPLES / "digits")
    return "digits"


@pytest.fixture(scope="session")
def deploy_fixture(server):
    """Deploys a model of Tests/Fixtures once, and gives the name of its endpoint."""
    deployed = set()

    def deploy(name):
        if name not in deployed:
            server.slipway("deploy", MODELS / f"{name}.onnx", "--name", name)
            deployed.add(name)
        return name

    return deploy


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(server.address, concurrency=8) as client:
        yield client
