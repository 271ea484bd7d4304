# SPDX-License-Identifier: Apache-2.0
"""What floods need: a sender that looks at what comes, clients beside it that ask as if nothing were, and a model whose
answers are large."""

import contextlib
import struct
import threading
import time

from grpc_wire import message
from http2_wire import ENHANCE_YOUR_CALM, Connection, data
from large_model import FLOAT, IR_VERSION, OPSET, field, node, tensor_info
from protocols_beside import Grpc, Rest
from tritonclient.grpc import service_pb2

WIDTH = 1 << 16
MIB = 1 << 20
GROWTH_LIMIT = 20 * MIB
# With checks that the release build has not, beside a flood, on two cores that others use too.
LATENCY_LIMIT_S = 3
# Answers beside a flood.
ENOUGH = 10
# What a busy machine sends slower than this is no flood: a connection may do so much, and nobody is the worse for it.
FLOOD_PER_SECOND = 5000


def write_wide(path):
    """Writes a model that multiplies `values` [batch, 1] by 65,536 ones: four bytes in, 256 KiB out."""
    ones = struct.pack("<f", 1) * WIDTH
    graph = field(1, node("Mul", ["values", "ones"], "wide")) + field(2, "wide")
    graph += field(5, field(1, 1) + field(1, WIDTH) + field(2, FLOAT) + field(8, "ones") + field(9, ones))
    graph += field(11, tensor_info("values", "batch", 1)) + field(12, tensor_info("wide", "batch", WIDTH))
    path.write_bytes(field(1, IR_VERSION) + field(8, field(2, OPSET)) + field(7, graph))
    return path


def ask_wide(target, stream, rows=4):
    """A call whose answer has 256 KiB for each row."""
    request = service_pb2.ModelInferRequest(model_name="wide")
    request.inputs.add(name="values", datatype="FP32", shape=[rows, 1])
    request.raw_input_contents.append(bytes(4 * rows))
    return target.head(stream) + data(stream, message(request), True)


def flood(connection, chunks, reads=True, patience=5):
    """Sends until it is told to stop -> what became of the connection:
    calm (GOAWAY, ENHANCE_YOUR_CALM), refused (GOAWAY, another code), closed, blocked (the server does not read),
    served.
    """
    connection.timeout = patience
    is_taken = True
    try:
        for chunk in chunks:
            is_taken = connection.send(chunk)
            if reads:
                connection.wait(lambda: connection.goaways, 0.0005)
            if not is_taken or connection.goaways or connection.has_ended:
                break
    except TimeoutError:
        return "blocked"
    connection.wait(lambda: connection.goaways or connection.has_ended, 1 if is_taken else patience)
    if connection.goaways and connection.goaway_code:
        assert connection.ends(), "GOAWAY, and the connection stays open"
        return "calm" if connection.goaway_code == ENHANCE_YOUR_CALM else "refused"
    return "closed" if connection.has_ended else "served"


def repeated(piece, count, at_a_time=500):
    """`count` copies in chunks."""
    chunk = piece * at_a_time
    return (chunk for _ in range(count // at_a_time))


def streams(make, count, first=1, at_a_time=200):
    """What `make` gives for as many streams, in chunks."""
    for start in range(0, count, at_a_time):
        yield b"".join(make(first + 2 * index) for index in range(start, start + at_a_time))


class Beside(threading.Thread):
    """Two clients that ask for one answer after the other, and look at the server's memory."""

    def __init__(self, server, grpc_port):
        super().__init__(daemon=True)
        self.server, self.grpc_port = server, grpc_port
        self.before = self.peak = 0
        self.count, self.slowest, self.error, self.stopped = 0, 0.0, None, threading.Event()

    def run(self):
        try:
            with Rest(self.server.port) as rest, Grpc(self.grpc_port) as grpc:
                while not self.stopped.is_set():
                    for client in (rest, grpc):
                        began = time.monotonic()
                        client.ask([float(self.count), 0.5, -1.0])
                        self.slowest = max(self.slowest, time.monotonic() - began)
                        self.count += 1
                    self.peak = max(self.peak, self.server.resident_bytes())
                    time.sleep(0.005)
        except Exception as error:  # noqa: BLE001  handed to the test
            self.error = error

    @property
    def grown(self):
        return self.peak - self.before


@contextlib.contextmanager
def beside(server, grpc_port, growth=GROWTH_LIMIT, latency=LATENCY_LIMIT_S):
    """Others ask while the block runs: none of their answers is lost or late, and memory stays where it is."""
    clients = Beside(server, grpc_port)
    clients.before = server.resident_bytes()
    clients.start()
    try:
        yield clients
    finally:
        # Some floods are over before anybody notices.
        enough = time.monotonic() + 10
        while clients.count < ENOUGH and clients.is_alive() and time.monotonic() < enough:
            time.sleep(0.05)
        clients.stopped.set()
        clients.join(30)
    assert server.is_running(), f"the server died:\n{server.log.read_text()[-4000:]}"
    assert clients.error is None, f"a client beside the flood: {clients.error!r}"
    assert clients.count >= ENOUGH, f"only {clients.count} answers beside the flood"
    assert clients.slowest < latency, f"an answer beside the flood took {clients.slowest:.1f} s"
    assert clients.grown < growth, f"memory grew by {clients.grown / MIB:.1f} MiB"


def connect(port, *options, **arguments):
    return Connection(("127.0.0.1", port), options, **arguments)
