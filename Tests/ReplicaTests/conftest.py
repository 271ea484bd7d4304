# SPDX-License-Identifier: Apache-2.0
"""Three real servers of one platform for most of these tests; tests that harm servers start their own."""

import quiet_mlflow  # noqa: F401  first: MLflow reads what it sets when it is imported

import postgresql
import pytest
from fleet import Fleet


@pytest.fixture(scope="session", autouse=True)
def shared_database():
    """Ends the PostgreSQL that the tests share, where one was started."""
    yield
    postgresql.end_shared_cluster()


@pytest.fixture
def fleet(tmp_path):
    """A platform of the test's own, without a server."""
    with Fleet(tmp_path) as fleet:
        yield fleet


@pytest.fixture(scope="session")
def common(tmp_path_factory):
    with Fleet(tmp_path_factory.mktemp("replicas")) as fleet:
        fleet.trio = [fleet.start(name) for name in ["a", "b", "c"]]
        yield fleet


@pytest.fixture
def trio(common):
    """The common servers. A test after which one is gone has failed."""
    yield common.trio
    for server in common.trio:
        assert server.is_running(), f"a server died:\n{server.log.read_text()[-4000:]}"
