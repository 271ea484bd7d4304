# SPDX-License-Identifier: Apache-2.0
"""SIGTERM ends the server well, also while connections keep coming."""
import multiprocessing
import socket
import subprocess
import time

from program import BINARY


def connect_again_and_again(port, stop):
    """Opens connections, asks, and hangs up, until told to stop; at most ten seconds."""
    end = time.monotonic() + 10
    while not stop.is_set() and time.monotonic() < end:
        try:
            connection = socket.create_connection(("127.0.0.1", port), 1)
            connection.sendall(b"GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.close()
        except OSError:
            time.sleep(0.0005)


def test_connections_that_come_while_the_server_stops_do_no_harm(tmp_path):
    for _ in range(8):
        server = subprocess.Popen(
            [BINARY, "serve", "--data", tmp_path / "data", "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = server.stdout.readline()
        port = int(line.rsplit(":", 1)[1])
        stop = multiprocessing.Event()
        callers = [multiprocessing.Process(target=connect_again_and_again, args=(port, stop)) for _ in range(3)]
        for caller in callers:
            caller.start()
        time.sleep(0.3)
        server.terminate()
        try:
            assert server.wait(30) == 0
        finally:
            server.kill()
            stop.set()
            for caller in callers:
                caller.join()
