# SPDX-License-Identifier: Apache-2.0
"""What honest programs do. Runs in the sandbox: `inside_work.py NAME [ARGUMENTS]`; ends with 0 when it could."""

import ctypes
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def files(bundle):
    assert Path.cwd() == Path(os.environ["TMPDIR"]) == Path(os.environ["HOME"])
    assert (Path(bundle) / "model.bin").read_text() == "weights"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "x").write_text("x")
        (Path(folder) / "x").rename(Path(folder) / "y")
        with sqlite3.connect(f"{folder}/database") as database:
            database.execute("create table numbers (number integer)")
    Path("/dev/null").write_bytes(b"x")
    assert Path("/dev/urandom").open("rb").read(4)
    assert time.localtime()


def writable(folder):
    (Path(folder) / "report.json").write_text("{}")


def threads():
    results = []
    workers = [threading.Thread(target=lambda: results.append(sum(range(10_000)))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 8


def processes():
    import multiprocessing

    assert subprocess.run(["/bin/sh", "-c", "exit 7"]).returncode == 7
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(abs, [-1, -2, -3]) == [1, 2, 3]
    shutil.copy(sys.executable, "/tmp/copied")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("/tmp/own.sock")


def processors(count):
    assert len(os.sched_getaffinity(0)) == int(count)


def memory(limit):
    """Most of the limit can be used, and what is beyond it is an error that a program can catch."""
    pieces = [bytearray(1 << 24) for _ in range(int(0.8 * int(limit)) >> 24)]
    try:
        bytearray(int(limit))
    except MemoryError:
        return
    raise AssertionError(f"more than {limit} bytes beside {len(pieces)} pieces")


def numerics():
    import numpy

    generator = numpy.random.default_rng(0)
    matrix = generator.random((1200, 1200))
    assert numpy.allclose(matrix @ numpy.linalg.inv(matrix), numpy.eye(1200), atol=1e-6)
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] == 2 << 30


def echo():
    """On the connection that standard input and output are."""
    with socket.socket(fileno=os.dup(0)) as connection:
        while data := connection.recv(4096):
            os.write(1, data.upper())


def own_signals():
    """Sent to itself, as timers and aborts are; the other ways to send are for other processes."""
    seen = []
    signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    assert len(seen) == 3


def end(status):
    os._exit(int(status))


def crash():
    ctypes.string_at(0)


def escape():
    """Leaves behind a process with a session of its own, which ignores what it is asked."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]:
                signal.signal(number, signal.SIG_IGN)
            stay()
        os._exit(0)
    time.sleep(600)


def temporary():
    Path("file").write_text("x")
    print(Path.cwd(), flush=True)
    time.sleep(600)


def stay():
    print("ready", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
