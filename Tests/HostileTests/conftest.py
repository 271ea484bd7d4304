# SPDX-License-Identifier: Apache-2.0
"""One real server for most of these tests; tests of faults start their own, on a copy of the same data folder."""

import itertools
import re
import resource
import shutil
import time

import pytest
from harness import SOAK, prepare_data_folder, running
from known import KNOWN
from program import BINARY
from protocols import PROTOCOLS, get
from slow import SlowClients
from wire import Connection

LIVE = get("/v2/health/live")
# On a kept-alive connection, as SECURITY.md says.
SILENCE_S = 75


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
    if not BINARY.exists():
        pytest.exit(f"There is no program at {BINARY}: run `make build`, or set SLIPWAY_BINARY.", returncode=2)
    return prepare_data_folder(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="session")
def start(prepared, tmp_path_factory):
    """Starts a server of the test's own, with every model deployed."""
    counter = itertools.count()

    def start(*options, **arguments):
        folder = tmp_path_factory.mktemp(f"server{next(counter)}")
        shutil.copytree(prepared, folder / "data")
        return running(folder, *options, **arguments)

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
