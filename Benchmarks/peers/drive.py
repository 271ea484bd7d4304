# SPDX-License-Identifier: Apache-2.0
"""One slice of load on one server, over what it speaks; answers are checked while it runs.

JSON goes through wrk, with a second caller beside it that reads an answer every 50 ms; where a request takes tens of
milliseconds, through a client that reads every answer and waits for those that are out. gRPC goes through
grpc_load.cpp, which hands over the last answer to every row. One error, or one wrong answer, ends the benchmark.
"""
import pathlib
import struct
import subprocess
import threading
import time
from dataclasses import dataclass

import client
import load
import processes
import servers
from fleet import TOOLS, Running
from speech import CALL, Speech
from subjects import Subject

PAUSE_S = 0.05


@dataclass
class Line:
    """A server, a model on it, and a protocol."""

    name: str
    running: Running
    subject: Subject
    speech: Speech
    folder: pathlib.Path
    bodies: list
    script: pathlib.Path | None = None

    @property
    def pid(self):
        return self.running.pid

    def must_agree(self, index, content):
        if not self.subject.agrees(index, self.speech.decode(content)):
            raise SystemExit(f"{self.name}, {self.speech.protocol}, {self.subject.name}: another answer than the "
                             f"engine's: {content[:300]}")


def line(name, running, subject, speech, folder):
    """Writes down what is asked."""
    folder = pathlib.Path(folder)
    bodies = [speech.encode(subject, tensor) for tensor in subject.inputs]
    made = Line(name, running, subject, speech, folder, bodies)
    if speech.protocol == "gRPC":
        folder.mkdir()
        for index, (body, _) in enumerate(bodies, 1):
            (folder / f"{index}.body").write_bytes(body)
    else:
        made.script = load.prepare(folder, speech.path(subject.name), bodies)
    return made


def check(line):
    """Every row once, one at a time."""
    if line.speech.protocol == "gRPC":
        calls(line, 1, 1, 0, len(line.bodies))
        return
    for index, (body, headers) in enumerate(line.bodies):
        ask(line, index, body, headers)


def check_one(line):
    """The first row."""
    if line.speech.protocol == "gRPC":
        calls(line, 1, 1, 0, 1)
    else:
        ask(line, 0, *line.bodies[0])


def ask(line, index, body, headers):
    content = servers.must_ask(line.running.server.url, line.speech.path(line.subject.name), body, headers)
    line.must_agree(index, content)


# MARK: gRPC


def calls(line, connections, streams, seconds, least=0):
    """So many streams on each of the connections, until the seconds are over and at least so many are answered."""
    answers = line.folder / "answers"
    run = subprocess.run(
        [str(TOOLS / "bench/grpc_load"), "127.0.0.1", str(line.running.grpc), CALL, str(line.folder),
         str(len(line.bodies)), str(connections), str(streams), str(seconds), str(least), str(answers)],
        capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{line.name}: {run.stderr}")
    requests, duration, errors, p50, p99 = map(int, run.stdout.split("RESULT ")[1].split())
    if errors or not requests:
        raise SystemExit(f"{line.name}: {requests} answers, {errors} errors: {run.stderr}")
    content, at, seen = answers.read_bytes(), 0, 0
    while at < len(content):
        index, length = struct.unpack_from("=II", content, at)
        line.must_agree(index, content[at + 8:at + 8 + length])
        at, seen = at + 8 + length, seen + 1
    if seen < least:
        raise SystemExit(f"{line.name}: {seen} of {least} rows were answered")
    return {"requests": requests, "per_second": requests / duration * 1e6, "p50_us": p50, "p99_us": p99}


# MARK: JSON


class Reader:
    """A caller beside the load that reads what it is answered."""

    def __init__(self, line):
        self.line, self.count, self.failure, self.ended = line, 0, None, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.ended.wait(PAUSE_S):
                index = self.count * 7 % len(self.line.bodies)
                ask(self.line, index, *self.line.bodies[index])
                self.count += 1
        except BaseException as failure:
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        if self.failure:
            raise self.failure


def with_wrk(line, connections, seconds):
    with Reader(line) as reader:
        found = load.drive(line.running.server, line.script, connections, seconds)
    return found | {"requests": found["requests"] + reader.count}


def with_reading(line, connections, seconds):
    requests = [client.request(line.speech.path(line.subject.name), *body) for body in line.bodies]
    began = time.perf_counter()

    def read(index, status, body):
        if status == 200:
            line.must_agree(index, body)

    answers = client.drive(client.address_of(line.running.server.url), requests, connections,
                           client.without_pause(seconds), read)
    client.all_answered(answers)
    waited = [(one.arrived - one.sent) * 1e6 for one in answers]
    return {"requests": len(answers), "per_second": len(answers) / (answers[-1].arrived - began),
            "p50_us": client.percentile(waited, 0.5), "p99_us": client.percentile(waited, 0.99)}


def slice_of(line, streams, seconds, connections=1):
    """CPU microseconds a request of the server's whole tree, answers a second, p50 and p99."""
    before = processes.cpu_seconds(line.pid)
    if line.speech.protocol == "gRPC":
        found = calls(line, connections, streams, seconds)
    elif line.subject.is_long:
        found = with_reading(line, streams, seconds)
    else:
        found = with_wrk(line, streams, seconds)
    used = processes.cpu_seconds(line.pid) - before
    return found | {"cpu_us": used / found["requests"] * 1e6}
