# SPDX-License-Identifier: Apache-2.0
"""Callers of a model of which one sends what makes it misbehave: the others get their answers, and in time."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from foreign import ask, kill, workers

BAD, GOOD = "127.0.0.3", "127.0.0.2"


def good(server, value=3.0, **how):
    return ask(server, "obedient", {"value": value, "what": "nothing"}, caller=GOOD, **how)


def bad(server, code, **how):
    return ask(server, "obedient", {"value": 1, "what": f"#run\n{code}"}, caller=BAD, **how)


def answers_well(server, **how):
    status, answer = good(server, **how)
    return status == 200 and answer["predictions"][0]["prediction"] == 6


def load_of(server):
    shown = server.slipway("endpoint", "show", "obedient", "--format", "json").stdout
    return json.loads(shown)["endpoint"]["requests"]


def among_good_ones(server, code, count, **how):
    """What bad requests got that came among a hundred good ones, none of which may fail."""
    with ThreadPoolExecutor(24) as pool:
        asked = []
        for index in range(100):
            if index % (100 // count) == 0:
                asked.append(pool.submit(bad, server, code, **how))
            asked.append(pool.submit(good, server, index))
        results = [answer.result() for answer in asked]
    of_good = [answer for position, answer in enumerate(results) if position % (100 // count + 1)]
    # What arrives while no process is there may be refused at once, before it is accepted.
    assert {(status, answer.get("code")) for status, answer in of_good} <= {(200, None), (503, "SRV-002")}
    given = [answer["predictions"][0]["prediction"] if status == 200 else None for status, answer in of_good]
    assert all(value in (None, 2 * index) for index, value in enumerate(given))
    assert given.count(None) <= 20
    return [answer for position, answer in enumerate(results) if position % (100 // count + 1) == 0]


def test_requests_that_raise_spoil_no_others(obedient):
    refused = among_good_ones(obedient, "raise ValueError('in a bad mood')", 20)
    assert {(status, answer["code"]) for status, answer in refused} == {(500, "ENG-005")}


def test_requests_that_end_processes_spoil_no_others(obedient):
    refused = among_good_ones(obedient, "import os; os._exit(9)", 2)
    assert {(status, answer["code"]) for status, answer in refused} == {(500, "ENG-008")}
    assert answers_well(obedient)


def test_a_request_that_hangs_does_not_take_others_along(obedient):
    """Requests that wait together may become one call, which then lasts as long as its slowest."""
    with ThreadPoolExecutor(16) as pool:
        busy = [pool.submit(bad, obedient, "import time; time.sleep(1)", deadline="9s") for _ in range(3)]
        time.sleep(0.3)
        hanging = pool.submit(bad, obedient, "import time; time.sleep(3600)", deadline="3s")
        others = [pool.submit(good, obedient, deadline="9s") for _ in range(8)]
        assert [answer.result()[0] for answer in busy] == [200] * 3
        assert (hanging.result()[0], hanging.result()[1]["code"]) == (504, "SRV-003")
        assert [answer.result()[0] for answer in others] == [200] * 8


def test_many_slow_requests_of_one_caller_leave_others_their_turn(obedient):
    with ThreadPoolExecutor(16) as pool:
        slow = [pool.submit(bad, obedient, "import time; time.sleep(1)", deadline="60s") for _ in range(10)]
        time.sleep(0.5)
        for _ in range(3):
            began = time.monotonic()
            assert answers_well(obedient)
            assert time.monotonic() - began < 4
        assert {answer.result()[0] for answer in slow} <= {200, 503}


def test_requests_that_end_processes_again_and_again_do_not_hold_up_others(obedient):
    for index in range(4):
        assert bad(obedient, f"import os; os._exit({index})", deadline="60s")[1]["code"] == "ENG-008"
    began = time.monotonic()
    assert answers_well(obedient)
    assert time.monotonic() - began < 4


def test_what_is_accepted_is_answered_while_processes_are_killed(obedient):
    before = load_of(obedient)
    with ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(good, obedient, index, deadline="60s") for index in range(200)]
        for _ in range(4):
            time.sleep(0.3)
            for process in workers(obedient):
                kill(process)
        answers = [answer.result() for answer in asked]
    kinds = [(status, answer.get("code")) for status, answer in answers]
    assert set(kinds) <= {(200, None), (500, "ENG-008"), (503, "ENG-007"), (503, "SRV-002")}
    assert kinds.count((200, None)) >= 60
    after = load_of(obedient)
    told = {name: after[name] - before[name] for name in ("accepted", "answered", "failed")}
    # What is refused at once is not accepted; what is dropped later was, and was told so.
    assert told["accepted"] == told["answered"] <= 200


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.closerange(0, 64)",
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'no frame' * 100)\n    except OSError: pass",
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "import signal, time; signal.signal(signal.SIGALRM, signal.SIG_IGN); time.sleep(3600)",
        "import os, time\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(3600)\n    except OSError: break",
        "import sys; sys.setrecursionlimit(1 << 30)\ndef deeper(n): return deeper(n + 1) + 1\ndeeper(0)",
    ],
    ids=["closes", "scribbles", "stops", "ignores", "forks", "recurses"],
)
def test_a_request_after_which_a_process_is_of_no_use_costs_the_next_one_a_start(obedient, code):
    status, answer = bad(obedient, code, deadline="2s")
    assert (status, answer["code"]) in [(500, "ENG-005"), (500, "ENG-008"), (504, "SRV-003")]
    assert answers_well(obedient)
    assert answers_well(obedient)


def test_what_one_request_uses_up_is_there_for_the_next(obedient):
    """Threads, the temporary folder, the working folder and the variables."""
    bad(obedient, "import threading, time\nwhile True:\n"
        "    try: threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n    except RuntimeError: break")
    bad(obedient, "import tempfile\nfile = tempfile.NamedTemporaryFile(delete=False)\n"
        "try:\n    while True: file.write(bytes(1 << 24))\nexcept OSError: pass")
    bad(obedient, "import os; os.environ.clear(); os.chdir('/')")
    assert answers_well(obedient)


def test_a_process_without_memory_is_replaced(obedient):
    """What it holds may be held for ever: the next request finds another process."""
    bad(obedient, "kept = KEPT.setdefault('memory', [])\nwhile True: kept.append(np.zeros(1 << 22))", deadline="30s")
    needs_memory = {"value": 3, "what": "#run\nimport numpy; numpy.ones(1 << 23).sum()"}
    answers = [ask(obedient, "obedient", needs_memory, caller=GOOD) for _ in range(3)]
    assert {status for status, _ in answers} == {200}, answers
