# SPDX-License-Identifier: Apache-2.0
"""Mutated requests: no crash, no mistake of ours, flat memory, and every good request in between is answered rightly.

A few thousand in the ordinary run, a million with SLIPWAY_SOAK=1. SLIPWAY_SEED chooses other ones.
"""

import collections
import multiprocessing
import os
import socket
import time
from concurrent.futures import ProcessPoolExecutor

from mutations import Mutator
from program import SOAK
from protocols import PROTOCOLS, assert_served
from wire import Connection, Reader, leave

SEED = int(os.environ.get("SLIPWAY_SEED", "7"))
MESSAGES = int(os.environ.get("SLIPWAY_MUTATIONS", "1000000" if SOAK else "8000"))
WORKERS = 2
CONNECTIONS = 16
ROUNDS_OF_A_TASK = 8
# Refusals of a head that say which side is to blame all the same: no such coding, no such version.
ALLOWED_5XX = {501, 505}
GROWTH_LIMIT = 16 << 20

mutator = None
target = None


def test_mutated_requests_do_no_harm(start):
    began, messages, task, answers = time.monotonic(), 0, 0, collections.Counter()
    with start() as server:
        context = multiprocessing.get_context("fork")
        with (
            ProcessPoolExecutor(WORKERS, context, begin_worker, (server, SEED)) as pool,
            Connection(server, timeout=30) as kept_alive,
        ):
            warm = None
            while messages < MESSAGES:
                tasks = [pool.submit(run, task + index) for index in range(WORKERS)]
                task += WORKERS
                for done in tasks:
                    count, found = done.result(timeout=120)
                    messages += count
                    answers.update(found)
                for protocol in PROTOCOLS:
                    assert_served(kept_alive, protocol, [float(messages), 0.25, -1.0])
                assert server.is_running()
                if warm is None and messages > MESSAGES / 5:
                    warm = server.resident_bytes()
        for protocol in PROTOCOLS:
            assert_served(Connection(server), protocol)
        grown, seconds = server.resident_bytes() - warm, time.monotonic() - began
        print(
            f"{messages} messages in {seconds:.0f} s, seed {SEED}: memory +{grown >> 10} KiB, "
            f"answers {dict(sorted(answers.items()))}"
        )
        assert grown < GROWTH_LIMIT
        # The mutations are neither all harmless nor all refused by the head.
        assert answers[200] > messages / 50 and answers[400] > messages / 10


def begin_worker(server, seed):
    global mutator, target
    mutator, target = Mutator(server, seed), server


def run(task):
    """One task's bursts, CONNECTIONS at a time. -> (mutated messages sent, answers by status)"""
    count, answers = 0, collections.Counter()
    for round_ in range(ROUNDS_OF_A_TASK):
        first = (task * ROUNDS_OF_A_TASK + round_) * CONNECTIONS
        bursts = [(number, *mutator.burst(number)) for number in range(first, first + CONNECTIONS)]
        sockets = [opened(*burst) for burst in bursts]
        for connection, (number, good, framed, free, end) in zip(sockets, bursts):
            with connection:
                count += len(framed) + len(free)
                if end == "ends":
                    answers.update(checked(connection, number, good, framed, free))
                else:
                    # Gone without reading, by a reset.
                    leave(connection)
    return count, answers


def opened(_, good, framed, free, end):
    connection = target.connect()
    data = b"".join([*(protocol.request(values) for protocol, values in good), *framed, *free])
    try:
        connection.sendall(data)
        if end == "ends":
            connection.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        pass
    except OSError as error:
        if error.errno != 107:  # not connected any more
            raise
    return connection


def checked(connection, number, good, framed, free):
    """The statuses of the answers, after each was looked at."""
    reader, statuses = Reader(), []
    try:
        try:
            while part := connection.recv(1 << 16):
                reader.buffer += part
        except ConnectionResetError:
            pass
        except TimeoutError:
            raise AssertionError(f"it does not end; so far {bytes(reader.buffer[-300:])!r}") from None
        while answer := reader.next():
            if len(statuses) < len(good):
                protocol, values = good[len(statuses)]
                assert answer.status == 200 and protocol.decode(answer) == values, f"a good request got {answer}"
            assert answer.status < 500 or answer.status in ALLOWED_5XX, f"got {answer}"
            assert b"SRV-006" not in answer.body
            statuses.append(answer.status)
        assert not reader.buffer, f"half an answer: {bytes(reader.buffer[:300])!r}"
        expected = len(good) + len(framed)
        assert len(statuses) >= expected, f"{expected} whole requests, {len(statuses)} answers"
    except AssertionError as error:
        raise AssertionError(f"burst {number} of seed {SEED}: {error}\n{good}\n{framed}\n{free}") from None
    return statuses
