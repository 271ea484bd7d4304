# SPDX-License-Identifier: Apache-2.0
"""A model that speaks to the server in its worker's place: whatever it sends, the server goes on, and so does the endpoint.

The frames are of docs/formats/worker-protocol.md, broken in one way each.
"""

import json
import time

import pytest
from foreign import SAMPLE, ask, log_says

# Writes what a row says into its worker's connection, and ends the process.
FORGING = '''
import json, os, stat, sys, time


def connection():
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                return int(name)
        except OSError:
            pass


def identifier():
    frame = sys._getframe()
    while not isinstance(frame.f_locals.get("identifier"), int):
        frame = frame.f_back
    return frame.f_locals["identifier"]


def send(header, payload=b"", length=None, header_length=None):
    header = header.replace("ID", str(identifier())).encode() if isinstance(header, str) else header
    whole = 4 + len(header) + len(payload) if length is None else length
    first = len(header) if header_length is None else header_length
    data = whole.to_bytes(4, "little") + first.to_bytes(4, "little") + header + payload
    while data:
        data = data[os.write(connection(), data):]


def result(outputs, payload=b"", kind="result", id="ID"):
    send('{"kind": "%s", "id": %s, "outputs": %s}' % (kind, id, outputs), payload)


def tensor(shape="[1]", size="8", name="prediction", datatype="FP64"):
    return '{"name": "%s", "datatype": "%s", "shape": %s, "parameters": {"binary_data_size": %s}}' % (
        name, datatype, shape, size)


def predict(rows):
    for what in rows["what"]:
        if what.startswith("run "):
            exec(what[4:], globals())
            os._exit(0)
    return rows["value"] * 2
'''

BROKEN = {
    "no JSON": 'send("{")',
    "no object": 'send("[1]")',
    "no kind": 'send("{}")',
    "no UTF-8": 'send(b\'{"kind": "\\xff"}\')',
    "deep": 'send("[" * 1_000_000)',
    "deep in an object": 'send(\'{"kind": "result", "id": ID, "outputs": \' + "[" * 1_000_000)',
    "another kind": 'send(\'{"kind": "pong"}\')',
    "a request": 'send(\'{"kind": "predict", "id": ID}\')',
    "another id": 'result("[%s]" % tensor(), b"x" * 8, id="9223372036854775807")',
    "no id": 'result("[%s]" % tensor(), b"x" * 8, id="null")',
    "an id beyond": 'result("[%s]" % tensor(), b"x" * 8, id="1e400")',
    "no outputs": 'send(\'{"kind": "result", "id": ID}\')',
    "outputs that are a text": 'result(\'"all"\')',
    "outputs that are numbers": 'result("[1, 2]")',
    "no output at all": 'result("[]")',
    "too many outputs": 'result("[%s]" % ", ".join([tensor("[0]", "0")] * 50_000))',
    "another output": 'result("[%s]" % tensor(name="other"), b"x" * 8)',
    "another type": 'result("[%s]" % tensor(datatype="INT64"), b"x" * 8)',
    "a type that there is not": 'result("[%s]" % tensor(datatype="FP128"), b"x" * 8)',
    "a shape beyond counting": 'result("[%s]" % tensor("[9223372036854775807, 9223372036854775807]"), b"x" * 8)',
    "a product that wraps": 'result("[%s]" % tensor("[4294967296, 4294967296]", "0"))',
    "a size below nothing": 'result("[%s]" % tensor("[-1]"), b"x" * 8)',
    "a size that is a fraction": 'result("[%s]" % tensor("[1.5]"), b"x" * 8)',
    "a shape of a thousand sizes": 'result("[%s]" % tensor(str([1] * 1000)), b"x" * 8)',
    "no bytes": 'result("[%s]" % tensor())',
    "bytes below nothing": 'result("[%s]" % tensor(size="-8"), b"x" * 8)',
    "bytes beyond": 'result("[%s]" % tensor(size="9223372036854775807"), b"x" * 8)',
    "bytes that belong to nothing": 'result("[%s]" % tensor(), b"x" * 9)',
    "texts that lie": 'result("[%s]" % tensor(datatype="BYTES"), (1 << 31).to_bytes(4, "little") + b"abcd")',
    "a frame of nothing": 'send("", length=0, header_length=0)',
    "a frame shorter than its header": 'send("{}", length=4)',
    "a header longer than its frame": 'send("{}", header_length=1 << 31)',
    "a frame beyond the limit": 'send("{}", length=(1 << 32) - 1)',
    "an error that says nothing": 'send(\'{"kind": "error", "id": ID}\')',
    "an error of another form": 'send(\'{"kind": "error", "id": ID, "code": 7, "message": {"a": []}}\')',
    "an error that says much": 'send(json.dumps({"kind": "error", "code": "failed", "message": "x" * 10_000_000}))',
    "an error with control characters": 'send(\'{"kind": "error", "code": "failed", "message": "\\\\u001b[2J\\\\u0000"}\')',
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "predict.py").write_text(FORGING)
    (folder / "sample.csv").write_text(SAMPLE)
    packed = folder / "forging.bundle"
    server.slipway(
        "pack", folder, "--name", "forging", "--engine", "worker", "--examples", folder / "sample.csv", "--output", packed)
    return packed


class Endpoint:
    """One on which a few processes at most have ended: after many, the server takes its time to start the next one."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def tell(self, what, deadline="20s"):
        return ask(self.server, self.name, {"value": 1, "what": f"run {what}"}, deadline=deadline)

    def is_well(self):
        status, answer = ask(self.server, self.name, {"value": 3, "what": "nothing"})
        return status == 200 and answer["predictions"][0]["prediction"] == 6


@pytest.fixture(scope="module")
def endpoints(server, bundle):
    """Of a number, the endpoint."""
    deployed = {}

    def endpoint(number):
        if number not in deployed:
            server.slipway("deploy", bundle, "--name", f"forging-{number}")
            deployed[number] = Endpoint(server, f"forging-{number}")
        return deployed[number]

    return endpoint


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_answer_is_refused_and_the_next_caller_notices_nothing(server, endpoints, case):
    endpoint = endpoints(list(BROKEN).index(case) // 4)
    status, answer = endpoint.tell(BROKEN[case])
    assert (status, answer["code"]) == (500, "ENG-005"), answer
    assert len(json.dumps(answer)) < 4_000
    assert server.is_running()
    assert endpoint.is_well()


@pytest.fixture
def forging(endpoints, request):
    """An endpoint for one test alone."""
    return endpoints(request.node.name.removeprefix("test_")[:20].strip("_").replace("_", "-"))


def test_an_answer_that_keeps_the_protocol_is_one(server, forging):
    """A model may answer what it likes."""
    status, answer = forging.tell('result("[%s]" % tensor(), b"\\0" * 8)')
    assert status == 200, answer
    assert answer["predictions"][0]["prediction"] == 0
    assert forging.is_well()


def test_an_answer_that_comes_twice_is_not_the_next_callers(server, forging):
    """The model sends one of its own and then returns another: the second one is for nobody."""
    again = "result('[%s]' % tensor(), b'\\0' * 8); os._exit = lambda status: None"
    assert forging.tell(again)[0] == 200
    assert all(forging.is_well() for _ in range(5))


def test_a_frame_that_never_ends_takes_no_memory_and_no_more_than_the_callers_time(server, forging):
    before = server.resident_bytes()
    began = time.monotonic()
    status, answer = forging.tell('send("{}", length=1 << 30)\ntime.sleep(60)', deadline="1s")
    assert (status, answer["code"]) == (504, "SRV-003")
    assert time.monotonic() - began < 10
    assert server.resident_bytes() - before < 64 << 20
    assert forging.is_well()


def test_frames_without_end_are_not_collected(server, forging):
    """One answer is taken; what follows it ends the process instead of filling memory."""
    before = server.resident_bytes()
    status, _ = forging.tell('while True: send(\'{"kind": "result", "id": 0, "outputs": []}\', b"x" * 1_000_000)', "2s")
    assert status in (500, 504)
    assert server.resident_bytes() - before < 64 << 20
    assert forging.is_well()


def test_what_a_model_logs_cannot_look_like_the_servers_own_lines(server, forging):
    forged = "2026-01-01T00:00:00Z notice the registry was emptied"
    assert forging.tell(f"sys.stderr.write({forged!r} + '\\x1b[2J\\r\\n')\nsys.stderr.flush()\ntime.sleep(0.2)")[0] == 500
    assert log_says(server, "the registry was emptied")
    shown = server.slipway("logs").stdout
    assert "\x1b" not in shown
    assert not any(line.startswith("2026-01-01") for line in shown.splitlines())
