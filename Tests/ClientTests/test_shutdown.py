# SPDX-License-Identifier: Apache-2.0
"""SIGTERM ends the server well, also while connections keep coming."""

import multiprocessing
import socket
import time

from program import running
from wire import LIVE


def connect_again_and_again(port, stop):
    """Opens connections, asks, and hangs up, until told to stop; at most ten seconds."""
    end = time.monotonic() + 10
    while not stop.is_set() and time.monotonic() < end:
        try:
            connection = socket.create_connection(("127.0.0.1", port), 1)
            connection.sendall(LIVE)
            connection.close()
        except OSError:
            time.sleep(0.0005)


def test_connections_that_come_while_the_server_stops_do_no_harm(tmp_path):
    for _ in range(8):
        stop, callers = multiprocessing.Event(), []
        try:
            with running(tmp_path) as server:
                for _ in range(3):
                    callers.append(multiprocessing.Process(target=connect_again_and_again, args=(server.port, stop)))
                    callers[-1].start()
                time.sleep(0.3)
        finally:
            stop.set()
            for caller in callers:
                caller.join()
