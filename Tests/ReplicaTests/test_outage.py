# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL goes away for longer than servers wait for each other: all predict on, and afterwards change on."""

import time

import pytest
from fleet import Fleet, all_stand, call, deploy, endpoint, new_scale, replicas, take, until, verify_ledger
from load import Load
from postgresql import cluster
from program import SOAK

AWAY_S = 120 if SOAK else 20


@pytest.fixture
def database():
    with cluster() as own:
        yield own


def test_all_go_on_without_the_database_and_with_it_again(database, tmp_path):
    with Fleet(tmp_path, database.new_database()) as fleet:
        trio = [fleet.start(name) for name in ["a", "b", "c"]]
        name = new_scale(trio[0], tmp_path, "loaded", 2, 3)
        lazy = deploy(trio[1], "unasked", 1, model=name, settings={"load": "lazy"})
        assert lazy[0] == 200
        before = all_stand(trio, name)
        until(lambda: all(endpoint(server, "unasked") for server in trio))
        with Load(trio, name) as load:
            database.stop()
            end = time.monotonic() + AWAY_S
            while time.monotonic() < end:
                status, problem = deploy(trio[0], name, 1)
                assert (status, problem["code"]) == (503, "REG-008"), problem
                time.sleep(1)
            database.start()
            for number, server in enumerate(trio):
                until(lambda: deploy(server, name, number % 2 + 1)[0] == 200)
            last = all_stand(trio, name)
        load.assert_all_answered()
        assert last[0] > before[0] and last[1] == 1
        assert all(counts[200] > AWAY_S for counts in load.counts.values())
        until(lambda: {replica["state"] for replica in replicas(trio[1]).values()} == {"live"})
        assert len(replicas(trio[2])) == 3
        made = take(trio[2], "POST", "/v1/tokens", {"principal": "ada", "roles": ["viewer"]})["token"]
        until(lambda: call(trio[0], "GET", "/v1/status", token=made)[0] == 200)
        verify_ledger(trio[1])


def test_connections_that_break_stop_nobody(database, tmp_path):
    with Fleet(tmp_path, database.new_database()) as fleet:
        pair = [fleet.start(name) for name in ["a", "b"]]
        name = new_scale(pair[0], tmp_path, "cut", 2, 3)
        with Load(pair, name) as load:
            for number in range(6):
                database.end_connections(fleet.database)
                until(lambda: deploy(pair[number % 2], name, number % 2 + 1)[0] == 200)
            all_stand(pair, name)
        load.assert_all_answered()
        verify_ledger(pair[1])
