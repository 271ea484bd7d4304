# SPDX-License-Identifier: Apache-2.0
"""How long from starting the process to its first correct answer, and what memory and threads it takes then, alone with
the linear model: idle, and while sixteen callers ask.
"""
import contextlib
import pathlib
import statistics
import tempfile
import threading
import time

import drive
import processes
import subjects

IDLE_S, LOAD_S = 3, 2
STREAMS = 16


def once(peer, subject, folder, is_last):
    with contextlib.ExitStack() as stack:
        running = peer.start(stack, folder, [subject])
        one = drive.line(peer.name, running, subject, peer.speaks[0], pathlib.Path(folder, "line"))
        began = time.perf_counter()
        drive.check_one(one)
        taken = running.server.start_seconds + time.perf_counter() - began
        if not is_last:
            return taken, None
        time.sleep(IDLE_S)
        idle, threads = processes.proportional_mib(one.pid), processes.threads(one.pid)
        largest, ended = [], threading.Event()

        def watch():
            while not ended.wait(LOAD_S / 8):
                largest.append(processes.proportional_mib(one.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        drive.slice_of(one, STREAMS, LOAD_S)
        ended.set()
        watcher.join()
        return taken, {"idle_mib": idle, "threads": threads, "loaded_mib": max(largest)}


def measure(peers, folder, times, say):
    subject = subjects.all_of(folder, ["linear"])["linear"]
    found = {}
    for peer in peers:
        say(f"starting {peer.name} {times} times")
        taken = []
        for turn in range(times):
            with tempfile.TemporaryDirectory(dir=folder) as own:
                seconds, memory = once(peer, subject, own, turn + 1 == times)
            taken.append(seconds)
        found[peer.name] = {"first_answer_s": statistics.median(taken), "first_answer_s_least": min(taken), **memory}
    return found
