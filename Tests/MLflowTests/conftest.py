# SPDX-License-Identifier: Apache-2.0
"""One real server for MLflow's own client, unmodified: Slipway, or the reference (see `mlflow_reference.py`).

Slipway's registry is in SQLite, or with SLIPWAY_TEST_STORE=postgresql in a PostgreSQL of the session's own.
"""

import quiet_mlflow  # noqa: F401  first: MLflow reads what it sets when it is imported

import postgresql
import pytest
from mlflow_reference import REFERENCE, reference_running
from mlflow_rest import Rest
from program import BINARY, running
from run_population import populate


def pytest_configure(config):
    config.addinivalue_line("markers", "slipway_only(reason): MLflow's own server does something else")
    config.addinivalue_line("markers", "no_reference(reason): not to be asked of MLflow's own server")


def pytest_collection_modifyitems(items):
    for item in items if REFERENCE else []:
        if differs := item.get_closest_marker("slipway_only"):
            # Strict: a difference that is none any more is a failure.
            item.add_marker(pytest.mark.xfail(reason=f"the reference differs: {differs.args[0]}", strict=True))
        if marker := item.get_closest_marker("no_reference"):
            item.add_marker(pytest.mark.skip(reason=marker.args[0]))


@pytest.fixture(scope="session", autouse=True)
def program_is_built():
    """In place of the one for every suite: the reference needs no program of ours."""
    if not REFERENCE and not BINARY.exists():
        pytest.exit(f"There is no program at {BINARY}: run `make build`, or set SLIPWAY_BINARY.", returncode=2)


@pytest.fixture(scope="session", autouse=True)
def shared_database():
    """Ends the PostgreSQL that the tests share, where one was started."""
    yield
    postgresql.end_shared_cluster()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the server was started: its data lie in `folder / "data"`."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="session")
def common_server(folder):
    with reference_running(folder) if REFERENCE else running(folder, **postgresql.store()) as server:
        yield server


@pytest.fixture
def server(common_server):
    """The common server. A test after which it is gone has failed."""
    assert common_server.is_running(), "the server died in an earlier test"
    yield common_server
    assert common_server.is_running(), f"the server died:\n{common_server.log.read_text()[-4000:]}"


@pytest.fixture(scope="session")
def rest(common_server):
    return Rest(common_server.url)


@pytest.fixture(scope="module")
def common_mlflow(common_server):
    """MLflow, with this server as its tracking server and registry: said anew in each file, for some have others."""
    import mlflow

    mlflow.set_tracking_uri(common_server.url)
    mlflow.set_registry_uri(common_server.url)
    return mlflow


@pytest.fixture
def mlflow(common_mlflow):
    """MLflow without an active run, also after a test that failed within one."""
    yield common_mlflow
    while common_mlflow.active_run():
        common_mlflow.end_run()


@pytest.fixture(scope="module")
def client(common_mlflow):
    return common_mlflow.MlflowClient()


@pytest.fixture
def experiment(server, rest):
    """The id of an experiment of the test's own."""
    return rest.new_experiment()


@pytest.fixture
def run(rest, experiment):
    """The id of a run in it."""
    return rest.new_run(experiment)


@pytest.fixture(scope="session")
def population(rest):
    """The experiment of the runs that are searched, and what is known of each."""
    return populate(rest)
