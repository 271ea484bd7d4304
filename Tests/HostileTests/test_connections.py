# SPDX-License-Identifier: Apache-2.0
"""Many requests on one connection, many connections, and clients that leave."""

import json
import random
import socket
import time

import pytest
from attacks import Pieces, chunked
from protocols import BODY_LIMIT, PROTOCOLS, V2, alias, assert_served, slow
from wire import JSON, LIVE, Connection, ask, get, leave, message

SEED = 3


# Pipelining


def mixed(server, count, random):
    """Requests of every kind, good and bad, and what the answer to each must be: status, and values where there are."""
    requests = []
    for index in range(count):
        protocol = random.choice(PROTOCOLS)
        values = [float(index), float(random.randrange(1000)), 0.5]
        requests.append(
            random.choice(
                [
                    (protocol.request(values), 200, lambda answer, p=protocol, v=values: p.decode(answer) == v),
                    (protocol.request(values), 200, lambda answer, p=protocol, v=values: p.decode(answer) == v),
                    (protocol.with_body(b"{" + b"x" * (index % 50)), 400, None),
                    (
                        protocol.request(values).replace(b"echo", b"n%d" % index, 1),
                        404,
                        lambda answer, i=index: b"n%d" % i in answer.body,
                    ),
                    (LIVE, 200, lambda answer: answer.json() == {"live": True}),
                    (get(f"/v1/n{index}"), 404, lambda answer, i=index: b"n%d" % i in answer.body),
                    (get("/v2/models/echo"), 200, lambda answer: answer.json()["name"] == "echo"),
                    (alias(server), 200, lambda answer: answer.json()["name"] == "echo"),
                    (alias(server, version=index + 2), 404, None),
                    (
                        slow(1000 + index),
                        200,
                        lambda answer, i=index: answer.json()["outputs"][0]["data"] == [1000 + i],
                    ),
                ]
            )
        )
    return requests


def assert_answered_in_order(connection, requests):
    for index, (_, status, check) in enumerate(requests):
        answer = connection.answer(timeout=30)
        assert answer is not None, f"the connection ended behind {index} of {len(requests)} answers"
        assert answer.status == status, f"{index}: {answer}"
        assert check is None or check(answer), f"{index}: {answer}"


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_answers_keep_the_order_of_good_and_bad_requests_in_one_write(server, count):
    requests = mixed(server, count, random.Random(SEED))
    with Connection(server, timeout=30) as connection:
        connection.send(b"".join(data for data, _, _ in requests))
        assert_answered_in_order(connection, requests)
        assert connection.rest(quiet=0.1) == []


def test_answers_keep_the_order_wherever_the_bytes_are_cut(server):
    requests = mixed(server, 200, random.Random(SEED + 1))
    data, cuts = b"".join(data for data, _, _ in requests), random.Random(SEED + 2)
    with Connection(server, timeout=30) as connection:
        while data:
            count = cuts.choice([1, 2, 7, 100, 1500])
            connection.send(data[:count])
            data = data[count:]
        assert_answered_in_order(connection, requests)


def test_a_request_may_be_cut_at_every_byte(server, protocol):
    for data in [protocol.request(), alias(server), LIVE]:
        with Connection(server) as connection:
            for position in range(1, len(data)):
                connection.send(data[:position])
                # Long enough that both parts are read on their own, mostly.
                time.sleep(0.0003)
                connection.send(data[position:])
                answer = connection.answer()
                assert answer.status == 200, f"{position}: {answer}"


def test_a_request_may_come_byte_by_byte(server, protocol):
    with Connection(server) as connection:
        for data in [protocol.request(), alias(server), protocol.request()]:
            for byte in data:
                connection.send(bytes([byte]))
            assert connection.answer().status == 200


def test_what_ends_a_connection_ends_it_behind_the_answers_before(server):
    requests = mixed(server, 50, random.Random(SEED + 3))
    with Connection(server) as connection:
        connection.send(b"".join(data for data, _, _ in requests) + b"\x00\r\n\r\n" + LIVE * 5)
        assert_answered_in_order(connection, requests)
        last = connection.answer()
        assert last.status == 400 and last.closes
        assert connection.ends()


def test_a_client_that_only_sends_is_not_read_ahead_without_end(server):
    """Answers that nobody takes stop the reading, so the kernel's buffers fill and not our memory."""
    before = server.resident_bytes()
    with Connection(server) as connection:
        connection.socket.setblocking(False)
        data, sent, deadline = get("/v2/models/echo") * 1000, 0, time.monotonic() + 3
        while time.monotonic() < deadline:
            try:
                sent += connection.socket.send(data[sent % len(data) :])
            except BlockingIOError:
                time.sleep(0.05)
        assert sent < 64 << 20, "everything was read"
        assert_served(Connection(server))
        assert server.resident_bytes() - before < 24 << 20


# Half-closed


@pytest.mark.parametrize("count", [1, 20])
def test_a_client_that_has_sent_all_still_gets_its_answers(server, count):
    requests = mixed(server, count, random.Random(SEED + 4)) + [(slow(20_000), 200, None)]
    with Connection(server) as connection:
        connection.send(b"".join(data for data, _, _ in requests))
        connection.end_sending()
        assert_answered_in_order(connection, requests)
        assert connection.ends()


@pytest.mark.parametrize("road", ["fast", "framework"])
def test_a_client_that_ends_in_the_midst_is_let_go(server, protocol, road):
    pieces = Pieces.of(protocol.request() if road == "fast" else alias(server))
    for data in [
        pieces.framed(b"Content-Length: %s\r\n" % pieces.length),
        pieces.framed(b"Transfer-Encoding: chunked\r\n", chunked(pieces.body)),
    ]:
        for position in [1, len(data) // 2, len(data) - len(pieces.body), len(data) - 1]:
            for before in [b"", V2.request(), get("/v1/nothing")]:
                with Connection(server) as connection:
                    connection.send(before + data[:position])
                    connection.end_sending()
                    answers = connection.rest(quiet=1)[before != b"" :]
                    assert all(answer.status == 400 for answer in answers), [str(answer) for answer in answers]
                    assert connection.has_ended, f"not after {position} of {len(data)} bytes"


@pytest.mark.parametrize("road", ["fast", "framework"])
def test_answers_before_what_ends_the_connection_are_not_lost(server, road):
    """All in one write, so that the answers are not with the kernel when the connection has to end."""
    pieces = Pieces.of(V2.request() if road == "fast" else alias(server))
    for last in [
        pieces.framed(b"Transfer-Encoding: chunked\r\n", b"zz\r\n"),
        pieces.framed(b"Transfer-Encoding: xchunked\r\n", b""),
        pieces.framed(b"Content-Length: 1\r\nContent-Length: 2\r\n", b""),
        pieces.framed(b"Content-Length: %s\r\n" % pieces.length, start=b"BREW" + pieces.start),
    ]:
        requests = mixed(server, 20, random.Random(SEED + 5))
        with Connection(server) as connection:
            connection.send(b"".join(data for data, _, _ in requests) + last)
            assert_answered_in_order(connection, requests)


# Gone


def test_clients_that_are_gone_leave_nothing_behind(server, protocol):
    # The database opens readers as they are needed, and keeps them.
    crowd = [Connection(server) for _ in range(30)]
    for connection in crowd:
        connection.send(alias(server) * 10)
    for connection in crowd:
        assert all(connection.answer().status == 200 for _ in range(10))
        connection.socket.close()
    time.sleep(0.2)
    before, random_ = server.descriptor_count(), random.Random(SEED)
    for data in [protocol.request(), alias(server), slow(5_000), LIVE * 50, protocol.request() * 50]:
        for position in [0, 1, *(random_.randrange(len(data)) for _ in range(20)), len(data)]:
            for end in [leave, socket.socket.close]:
                connection = Connection(server)
                connection.send(data[:position])
                end(connection.socket)
    with Connection(server) as connection:
        assert_served(connection, protocol)
    deadline = time.monotonic() + 120
    while server.descriptor_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.descriptor_count() <= before


def requests_at(server, endpoint):
    return json.loads(server.slipway("endpoint", "show", endpoint, "--format", "json").stdout)["endpoint"]["requests"]


def wait_for(condition, timeout=120):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_what_waits_for_a_client_that_left_is_not_run(start, version):
    """Whoever reset or closed the connection is gone. Whoever has only sent all still reads, and gets the answer."""
    # Of HTTP/1.0 nobody can be asked whether they still read.
    told_apart = version == "1.1"
    with start("--lane-threads", "1") as server:
        server.slipway(
            *"endpoint set slow --run-on lane --concurrency 1 --queue 100 --wait 10m --deadline 10m".split()
        )
        request = slow(7).replace(b"HTTP/1.1", b"HTTP/" + version.encode())
        with Connection(server) as running:
            running.send(slow(4_000_000))
            wait_for(lambda: requests_at(server, "slow")["running"] == 1)
            # The command's own connection has gone by then.
            time.sleep(0.3)
            before = server.descriptor_count()
            groups = [[Connection(server, timeout=120) for _ in range(3)] for _ in range(4)]
            patient, ended, reset, closed = groups
            for connection in sum(groups, []):
                connection.send(request)
            wait_for(lambda: requests_at(server, "slow")["waiting"] == 12)
            for connection in ended:
                connection.end_sending()
            for connection in reset:
                leave(connection.socket)
            for connection in closed:
                connection.socket.close()
            left = 6 if told_apart else 3
            wait_for(lambda: server.descriptor_count() <= before + 12 - left)
            assert requests_at(server, "slow")["running"] == 1, "it was too quick for this test"
            assert running.answer(timeout=120).status == 200
        for connection in patient + ended:
            answer = connection.answer()
            assert answer.status == 200 and answer.json()["outputs"][0]["data"] == [7]
            assert answer.interim == ([100] if told_apart and connection in ended else [])
            connection.socket.close()
        wait_for(lambda: requests_at(server, "slow")["answered"] == 13)
        counts = requests_at(server, "slow")
        assert counts["refused"] == {"abandoned": left}
        assert (counts["accepted"], counts["failed"], counts["rows"]) == (13, left, 13 - left)
        stats = ask(server, get("/v2/models/slow/stats")).json()["model_stats"][0]
        assert stats["execution_count"] == 13 - left and stats["inference_stats"]["fail"]["count"] == left


def test_a_client_that_leaves_in_mid_answer_harms_nobody(server):
    values = list(range(3)) * 20_000
    body = '{"inputs":[{"name":"values","datatype":"FP32","shape":[20000,3],"data":%s}]}' % values
    request = message("POST", "/v2/models/echo/infer", JSON, body.encode())
    for _ in range(10):
        connection = Connection(server)
        connection.send(request * 3)
        connection.socket.recv(1000)
        leave(connection.socket)
    with Connection(server) as connection:
        connection.send(request)
        assert connection.answer().json()["outputs"][0]["shape"] == [20000, 3]
        assert_served(connection)


# Large bodies


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
def test_a_body_of_100_mb_is_refused_early_and_takes_no_memory(server, protocol, announced):
    assert_served(Connection(server))
    before, total, part = server.resident_bytes(), 100 << 20, b"1" * (1 << 20)
    head = protocol.with_body(b"").replace(
        b"Content-Length: 0", b"Content-Length: %d" % total if announced else b"Transfer-Encoding: chunked"
    )
    with Connection(server) as connection:
        connection.send(head)
        if announced:
            answer = connection.answer(timeout=20)
        peak, sent = before, 0
        while sent < total and connection.send(part if announced else b"%x\r\n%s\r\n" % (len(part), part)):
            sent += len(part)
            peak = max(peak, server.resident_bytes())
        if not announced:
            answer = connection.answer()
        assert answer.status == 413, str(answer)
        assert answer.closes
    # What is under the limit has to be held; four times that is what growing by doubling may take.
    assert peak - before < (8 << 20 if announced else 4 * BODY_LIMIT)
    assert_served(Connection(server), protocol)


def test_bodies_that_are_announced_and_do_not_come_reserve_nothing(server, protocol):
    assert_served(Connection(server))
    before = server.resident_bytes()
    head = protocol.with_body(b"").replace(b"Content-Length: 0", b"Content-Length: %d" % (BODY_LIMIT - 1))
    connections = [Connection(server) for _ in range(200)]
    for connection in connections:
        connection.send(head + b"1")
    time.sleep(0.5)
    assert server.resident_bytes() - before < 32 << 20
    assert_served(Connection(server), protocol)
    for connection in connections:
        connection.socket.close()


def test_the_framework_refuses_a_large_body_early(server):
    head, _, _ = alias(server).partition(b"Content-Length")
    answer = ask(server, head + b"Content-Length: %d\r\n\r\n" % (100 << 20), timeout=20)
    assert answer.status == 413, str(answer)
    assert answer.closes


# Ten thousand


def test_ten_thousand_idle_connections_cost_little_and_disturb_nobody(start, record_property):
    count = 10_000
    with start() as server:
        assert_served(Connection(server))
        before, began, idle = server.resident_bytes(), time.monotonic(), []
        try:
            for index in range(count):
                idle.append(server.connect())
                # Half of them have asked something.
                if index % 2:
                    idle[-1].sendall(LIVE)
            opened = time.monotonic() - began
            for connection in idle[1::2]:
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            with Connection(server) as connection:
                for protocol in PROTOCOLS * 20:
                    assert_served(connection, protocol)
                connection.send(alias(server))
                assert connection.answer().status == 200
            assert_served(Connection(server))
            each = (server.resident_bytes() - before) / count
            record_property("bytes for each idle connection", round(each))
            print(f"{count} idle connections: opened in {opened:.1f} s, {each / 1024:.1f} KiB each")
            assert each < 32 << 10
            cpu = server.cpu_seconds()
            time.sleep(1)
            assert server.cpu_seconds() - cpu < 0.3, "idle connections cost CPU time"
            # Those that waited may still ask.
            for connection in idle[::500]:
                connection.sendall(LIVE)
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        finally:
            for connection in idle:
                connection.close()
        assert_served(Connection(server))
