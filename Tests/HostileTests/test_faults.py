# SPDX-License-Identifier: Apache-2.0
"""What a machine does to a server: no descriptors, no disk, another time, and the end."""

import resource
import shutil
import subprocess
import threading
import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from program import MODELS, STOP_LIMIT_S, running
from protocols import PROTOCOLS, V2, administration, alias, assert_served, slow
from wire import LIVE, Connection, ask

# Descriptors


def test_a_low_limit_is_never_used_up(start):
    """Fewer connections are accepted than there are descriptors: the registry and models need some."""
    with start(wrapper=["sh", "-c", 'ulimit -n 100 && exec "$@"', "sh"]) as server:
        connections = [server.connect() for _ in range(300)]
        time.sleep(1)
        assert server.descriptor_count() < 95
        for connection in connections:
            connection.close()
        with Connection(server) as later:
            assert_served(later)


def test_without_descriptors_it_waits_without_spinning_and_goes_on_afterwards(start):
    with start() as server:
        limit = server.descriptor_count() + 30
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (limit, limit))
        with Connection(server) as early:
            assert_served(early)
            connections = [server.connect() for _ in range(300)]
            time.sleep(1)
            assert server.descriptor_count() >= limit - 1, "the test did not use them up"
            # Who is there already is served, by both roads, and waiting for a descriptor costs nothing.
            for protocol in PROTOCOLS:
                assert_served(early, protocol)
            early.send(alias(server))
            assert early.answer().status == 200
            before = server.cpu_seconds()
            time.sleep(2)
            assert server.cpu_seconds() - before < 0.4, "it spins while it has no descriptors"
            assert_served(early)
        # Some leave, and those who waited come in.
        for connection in connections[:250]:
            connection.close()
        connections[-1].sendall(LIVE)
        connections[-1].settimeout(10)
        assert connections[-1].recv(1000).startswith(b"HTTP/1.1 200")
        for connection in connections:
            connection.close()
        with Connection(server) as later:
            for protocol in PROTOCOLS:
                assert_served(later, protocol)


# Disk


def small_disk(tmp_path):
    """A wrapper that gives the program a file system of 8 MB of its own at the returned path, and vanishes with it."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    return disk, ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=8m none "{disk}" && exec "$@"', "sh"]


def test_a_full_disk_stops_no_prediction(tmp_path):
    disk, wrapper = small_disk(tmp_path)
    with running(tmp_path, wrapper=wrapper, SLIPWAY_DATA=str(disk / "data")) as server:
        # Only the server sees its data folder.
        named = {"SLIPWAY_URL": server.url, "SLIPWAY_TOKEN": server.token}
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo", **named)
        inside = Path(f"/proc/{server.pid}/root{disk}")
        fill = inside / "full"
        with fill.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
        with Connection(server) as connection:
            for protocol in PROTOCOLS * 50:
                assert_served(connection, protocol)
            # What has to be kept is refused with the reason, and is no mistake of ours.
            for _ in range(3):
                connection.send(alias(server))
                answer = connection.answer()
                assert answer.status in (503, 507), str(answer)
                assert answer.json()["code"] == "SYS-001", str(answer)
            blob = b"x" * 100_000
            connection.send(administration(server, "PUT", "/v1/blobs/sha256:" + "0" * 64, blob))
            answer = connection.answer()
            assert answer.status in (503, 507), str(answer)
            assert answer.json()["code"] == "SYS-001", str(answer)
        assert_served(Connection(server))
        fill.unlink()
        answer = ask(server, alias(server))
        assert answer.status == 200, str(answer)
        assert "sequence" in ask(server, administration(server, "GET", "/v1/ledger")).body.decode()


# Clock

SHIM = r"""
// What the program takes for the time of day, moved by the seconds in a file. The monotonic clock stays as it is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile long *moved;

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CLOCK_FILE"), O_RDONLY);
    moved = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += *moved;
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(time, zone);
    time->tv_sec += *moved;
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
"""


@pytest.fixture
def clock(tmp_path):
    """The variables of a program whose time of day can be moved, and the function that moves it, in seconds."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("needs a C compiler")
    source, library, file = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "moved"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)

    def move(seconds):
        with file.open("r+b" if file.exists() else "wb", buffering=0) as out:
            out.write(seconds.to_bytes(8, "little", signed=True))

    move(0)
    return {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}, move


def test_jumps_of_the_clock_disturb_no_prediction(start, clock):
    variables, move = clock
    day = 86_400
    with start(**variables) as server, Connection(server) as connection, Connection(server) as silent:
        assert_served(silent)
        ids = []
        for seconds in [0, 3600, -3600, 365 * day, -365 * day, 20 * 365 * day, -30 * 365 * day, 0]:
            move(seconds)
            for protocol in PROTOCOLS:
                assert_served(connection, protocol)
            connection.send(V2.request())
            answer = connection.answer()
            ids.append(answer.header("slipway-prediction-id"))
            # The test sees the jump, so the program does.
            shown = parsedate_to_datetime(answer.header("date"))
            deadline = time.monotonic() + 3
            while (
                abs((shown - datetime.now(timezone.utc)).total_seconds() - seconds) > 5 and time.monotonic() < deadline
            ):
                time.sleep(0.3)
                connection.send(LIVE)
                shown = parsedate_to_datetime(connection.answer().header("date"))
            assert abs((shown - datetime.now(timezone.utc)).total_seconds() - seconds) <= 5, "the clock did not jump"
            connection.send(alias(server))
            answer = connection.answer()
            assert answer.status == 200, str(answer)
            # Nobody was cut off for having been silent for a year, and nothing runs hot.
            assert_served(silent)
            assert_served(Connection(server))
        assert len(set(ids)) == len(ids), "an id came twice"
        before = server.cpu_seconds()
        time.sleep(1)
        assert server.cpu_seconds() - before < 0.2


# The end


class Caller(threading.Thread):
    """Asks one request after another on one connection, until it is closed. What was sent whole must be answered."""

    def __init__(self, server, protocol, depth):
        super().__init__(daemon=True)
        self.connection, self.protocol, self.depth = Connection(server), protocol, depth
        self.answered, self.lost, self.stopped_at, self.error = 0, [], None, None

    def run(self):
        try:
            for number in range(1_000_000):
                batch = [[float(number), float(index), 1.0] for index in range(self.depth)]
                sent_at = time.monotonic()
                if not self.connection.send(b"".join(map(self.protocol.request, batch))):
                    return
                for index, values in enumerate(batch):
                    answer = self.connection.answer()
                    if answer is None:
                        self.lost.append((sent_at, self.depth - index))
                        return
                    assert answer.status == 200 and self.protocol.decode(answer) == values, str(answer)
                    self.answered += 1
                    if answer.closes:
                        # Told to stop: what was sent behind it was not accepted, and may be asked elsewhere.
                        assert self.connection.ends()
                        return
        except Exception as error:  # noqa: BLE001  handed to the test
            self.error = error


@pytest.mark.parametrize("depth", [1, 8], ids=["one by one", "pipelined"])
def test_the_end_under_load_loses_nothing_that_was_accepted(start, depth):
    with start() as server:
        callers = [Caller(server, PROTOCOLS[index % len(PROTOCOLS)], depth) for index in range(16)]
        with Connection(server, timeout=30) as heavy:
            heavy.send(slow(400_000))
            for caller in callers:
                caller.start()
            time.sleep(1)
            told_at = time.monotonic()
            server.process.terminate()
            for caller in callers:
                caller.join(STOP_LIMIT_S)
            assert heavy.answer().json()["outputs"][0]["data"] == [400_000]
        assert server.process.wait(STOP_LIMIT_S) == 0
        assert not [caller.error for caller in callers if caller.error]
        assert sum(caller.answered for caller in callers) > 100
        # A request that crosses with the end of its connection was not accepted (RFC 9112, 9.6). None before is lost.
        lost = [(round(sent_at - told_at, 3), count) for caller in callers for sent_at, count in caller.lost]
        assert not [entry for entry in lost if entry[0] < -0.005], lost
