# SPDX-License-Identifier: Apache-2.0
"""Models that misbehave. Each is answered as the protocol says, and the worker goes on wherever a process
can."""

import signal
import time

import numpy as np
import pytest
from bundles import code_bundle
from contract import Connection
from workers import PYTHON, bare_environment

ROWS = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.fixture
def start(tmp_path):
    """A worker with a model of the source, which misbehaves while the first value is below 0 and adds up
    otherwise."""
    connections = []

    def started(misbehaves, first="", **how):
        bundle = tmp_path / "bundle"
        bundle.mkdir()
        source = (
            f"{first}\ndef predict(x):\n    if x[0, 0] < 0:\n        {misbehaves}\n    return x.sum(axis=1)\n"
        )
        connections.append(Connection(PYTHON, bare_environment(tmp_path)).__enter__())
        return connections[-1].loaded(code_bundle(bundle, source, **how))

    yield started
    for connection in connections:
        connection.__exit__()


def still_answers(worker):
    np.testing.assert_array_equal(worker.predict(x=ROWS)["y"], [3.0, 7.0])


@pytest.mark.parametrize(
    ("misbehaves", "says"),
    [
        ("raise ValueError('negative\\nage')", "ValueError: negative age"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise BaseException('all')", "BaseException: all"),
        ("exit(3)", "SystemExit: 3"),
        ("import sys; sys.exit()", "SystemExit"),
        ("return predict(x)", "RecursionError"),
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("raise ValueError('x' * 100_000_000)", "ValueError: xxx"),
        ("raise ValueError('\\udc80')", "ValueError: ?"),
        ("raise Unprintable", "Unprintable: (its text cannot be had: ZeroDivisionError)"),
    ],
    ids=lambda value: value[:30],
)
def test_what_a_model_raises_is_failed(start, misbehaves, says):
    worker = start(misbehaves, "class Unprintable(Exception):\n    def __str__(self):\n        1 / 0\n")
    answer = worker.predict(x=-ROWS)
    assert answer["code"] == "failed" and answer["message"].startswith(says)
    assert len(answer["trace"]) <= 10_000
    still_answers(worker)


def test_a_process_without_memory_says_so_and_leaves(start):
    """What it holds it may hold for ever: the next request is for another process."""
    worker = start("return bytearray(1 << 60)")
    answer = worker.predict(x=-ROWS)
    assert answer["code"] == "failed" and answer["message"].startswith("MemoryError")
    assert worker.process.wait(60) == 1


@pytest.mark.parametrize(
    ("misbehaves", "output", "says"),
    [
        ("return x", ("FP64", (-1,)), "ndarray of shape [2, 2], float64 for 2 rows, whose shape is another"),
        ("return x[:1, 0]", ("FP64", (-1,)), "shape [1], float64 for 2 rows, whose shape is another"),
        ("return 1.0", ("FP64", (-1,)), "float for 2 rows"),
        ("return None", ("FP64", (-1,)), "NoneType"),
        ("return 'yes'", ("FP64", (-1,)), "str"),
        ("return ['a', 'b']", ("FP64", (-1,)), "list of 2"),
        ("return [[1.0], [1.0, 2.0]]", ("FP64", (-1,)), "list of 2"),
        ("return x[:, 0] * 1j", ("FP64", (-1,)), "complex128"),
        ("return object()", ("FP64", (-1,)), "object"),
        ("return {'z': x[:, 0], 'w': x}", ("FP64", (-1,)), "the output “y” is missing"),
        ("return x[:, 0] * float('nan')", ("INT64", (-1,)), "which has NaN"),
        ("return x[:, 0] + 0.5", ("INT64", (-1,)), "no such integers"),
        ("return x[:, 0] * 1e30", ("INT64", (-1,)), "no such integers"),
        ("return x[:, 0] * 1e300", ("FP32", (-1,)), "beyond FP32"),
        ("return [None, 1]", ("BOOL", (-1,)), "not booleans"),
        ("return [1, 2]", ("BYTES", (-1,)), "not texts"),
        ("return ['a', 2]", ("BYTES", (-1,)), "a int stands among the texts"),
        ("return ['a', '\\ud800']", ("BYTES", (-1,)), "no Unicode"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_what_was_promised_is_failed(start, misbehaves, output, says):
    answer = start(misbehaves, output=output).predict(x=-ROWS)
    assert answer["code"] == "failed", answer
    assert says in answer["message"] and f"{output[0]} [-1]" in answer["message"] or "is missing" in says


def test_nan_is_an_answer_where_floats_are_promised(start):
    worker = start("return x[:, 0] * float('nan')")
    assert np.isnan(worker.predict(x=-ROWS)["y"]).all()


def test_what_a_model_prints_is_in_the_log_and_never_between_frames(start):
    worker = start(
        "print('from Python'); import os; os.write(1, b'to fd 1\\n'); os.system('echo from a child'); "
        "sys.stdout.write('half a line'); sys.stdout.flush()",
        "import sys; print('while loading')",
    )
    np.testing.assert_array_equal(worker.predict(x=-ROWS)["y"], [-3.0, -7.0])
    still_answers(worker)
    for text in ("while loading", "from Python", "to fd 1", "from a child", "half a line"):
        assert text in worker.logged()


def test_a_model_reads_nothing_from_standard_input(start):
    worker = start("import sys; assert sys.stdin.read() == ''; import os; assert os.read(0, 1) == b''")
    np.testing.assert_array_equal(worker.predict(x=-ROWS)["y"], [-3.0, -7.0])


def test_os_exit_closes_the_connection(start):
    worker = start("import os; os._exit(7)")
    worker.send_predict(x=-ROWS)
    assert worker.ended() == 7


def test_a_crash_closes_the_connection_and_the_log_says_where(start):
    worker = start("import ctypes; ctypes.string_at(0)")
    worker.send_predict(x=-ROWS)
    assert worker.ended() == -signal.SIGSEGV
    assert "Segmentation fault" in worker.logged() and "in predict" in worker.logged()


def test_a_forked_child_neither_answers_nor_holds_the_connection(start):
    # The child goes on in the model, as its parent does; another sleeps on after the worker has ended.
    worker = start("import os, time; os.fork() or (os.fork() or time.sleep(20))")
    np.testing.assert_array_equal(worker.predict(x=-ROWS)["y"], [-3.0, -7.0])
    still_answers(worker)
    worker.send({"kind": "shut_down"})
    began = time.monotonic()
    assert worker.ended() == 0
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "misbehaves",
    [
        "import time; time.sleep(60)",
        "while True: pass",
        "import threading; threading.Lock().acquire() and threading.Event().wait(60)",
        "swallow()",
    ],
    ids=["sleeps", "loops", "waits", "swallows"],
)
def test_cancel_stops_it(start, misbehaves):
    swallow = """
def swallow():
    for _ in range(3):
        try:
            while True: pass
        except BaseException:
            pass
    while True: pass
"""
    worker = start(misbehaves, swallow)
    identifier = worker.send_predict(x=-ROWS)
    time.sleep(0.1)
    # One for another request changes nothing.
    worker.send({"kind": "cancel", "id": identifier + 1})
    worker.send({"kind": "cancel", "id": identifier})
    began = time.monotonic()
    assert worker.answered()["code"] == "cancelled"
    assert time.monotonic() - began < 5
    still_answers(worker)


def test_a_cancel_for_another_request_stops_nothing(start):
    worker = start("import time; time.sleep(0.5)")
    identifier = worker.send_predict(x=-ROWS)
    worker.send({"kind": "cancel", "id": identifier + 1})
    np.testing.assert_array_equal(worker.answered()["y"], [-3.0, -7.0])


def test_a_request_that_is_there_already_stays_where_it_is(start):
    worker = start("import time; time.sleep(0.3)")
    worker.send_predict(x=-ROWS)
    worker.send({"kind": "ping"})
    np.testing.assert_array_equal(worker.answered()["y"], [-3.0, -7.0])
    assert worker.receive() == ({"kind": "pong"}, b"")


def test_the_end_of_the_server_ends_an_endless_prediction(start):
    worker = start("while True: pass")
    worker.send_predict(x=-ROWS)
    time.sleep(0.1)
    worker.socket.close()
    assert worker.process.wait(60) == 0


def test_nothing_is_written_beside_the_model(start, tmp_path):
    worker = start("import neighbour", "import sys, pathlib\n")
    (tmp_path / "bundle/neighbour.py").write_text("")
    np.testing.assert_array_equal(worker.predict(x=-ROWS)["y"], [-3.0, -7.0])
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == [
        "neighbour.py", "predict.py", "worker.json"]  # fmt: skip
