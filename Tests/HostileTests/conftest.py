# SPDX-License-Identifier: Apache-2.0
"""One real server for most of these tests; tests of faults start their own, on a copy of the same data folder."""

import itertools
import re
import resource
import shutil
import time

import pytest
from known import KNOWN
from program import MODELS, SOAK, running
from protocols import BODY_LIMIT, PROTOCOLS
from slow import SlowClients
from wire import LIVE, Connection, get

# On a kept-alive connection, as SECURITY.md says.
SILENCE_S = 75
# By the names of their endpoints.
DEPLOYED = {
    "echo": "identity-fp32",
    "texts": "identity-string",
    "counts": "identity-int64",
    "add": "add",
    "slow": "slow",
}
NULLABLE_COLUMNS = """schema: slipway/1
model:
  name: columns
  signature:
    columns:
      first: {type: float32, nullable: true}
      second: {type: float32}
      third: {type: float32}
endpoints:
  columns: {}
"""


def pytest_configure():
    # Ten thousand connections have two ends, and one of them is here.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pytest_collection_modifyitems(items):
    for item in items:
        for pattern, reason in KNOWN:
            if re.search(pattern, item.name):
                item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A data folder with every model that these tests ask, copied for each server that needs its own."""
    folder = tmp_path_factory.mktemp("prepared")
    project = folder / "nullable"
    project.mkdir()
    shutil.copy(MODELS / "identity-fp32.onnx", project / "model.onnx")
    (project / "slipway.yaml").write_text(NULLABLE_COLUMNS)
    with running(folder) as server:
        for name, model in DEPLOYED.items():
            server.slipway("deploy", MODELS / f"{model}.onnx", "--name", name)
        server.slipway("deploy", project)
        return server.data


@pytest.fixture(scope="session")
def start(prepared, tmp_path_factory):
    """Starts a server of the test's own, with every model deployed."""
    counter = itertools.count()

    def start(*options, **arguments):
        folder = tmp_path_factory.mktemp(f"server{next(counter)}")
        shutil.copytree(prepared, folder / "data")
        return running(folder, "--body-limit", BODY_LIMIT, *options, **arguments)

    return start


@pytest.fixture(scope="session")
def hostile_server(start):
    with start() as server:
        yield server


@pytest.fixture
def server(hostile_server):
    """The common server. A test after which it is gone has failed."""
    yield hostile_server
    assert hostile_server.is_running(), f"the server died:\n{hostile_server.log.read_text()[-4000:]}"


@pytest.fixture(params=PROTOCOLS, ids=str)
def protocol(request):
    return request.param


@pytest.fixture(scope="session")
def slow_clients(start):
    """Clients that began with the first test, and a server of their own."""
    with start() as server:
        clients = SlowClients(server)
        clients.start()
        yield clients
        clients.join()
        for client in clients.clients:
            client.connection.socket.close()


@pytest.fixture(scope="session", autouse=True)
def slow_clients_begin_early(request):
    if any("slow_clients" in item.fixturenames for item in request.session.items):
        request.getfixturevalue("slow_clients")


@pytest.fixture
def silent_clients(start):
    """Gives the kinds of silent client that are still there after the stated time."""
    if not SOAK:
        pytest.skip("takes two minutes: make soak")

    def wait():
        with start() as server:
            clients = {
                "silent": Connection(server),
                "answered": Connection(server),
                "reads nothing": Connection(server),
            }
            clients["answered"].send(LIVE)
            assert clients["answered"].answer().status == 200
            clients["reads nothing"].socket.settimeout(2)
            try:
                while clients["reads nothing"].send(get("/v2/models/echo") * 1000):
                    pass
            except TimeoutError:
                pass
            descriptors, deadline = server.descriptor_count(), time.monotonic() + SILENCE_S + 10
            while time.monotonic() < deadline and server.descriptor_count() > descriptors - 3:
                time.sleep(1)
            kinds = [kind for kind in ["silent", "answered"] if not clients[kind].ends(1)]
            return kinds + ["some"] * (server.descriptor_count() - (descriptors - 3))

    return wait
