# SPDX-License-Identifier: Apache-2.0
"""Who sends a byte now and then is ended in the stated time, and keeps nobody else waiting.

The limits are long, so these clients begin with the first test of the folder (see conftest.py) and these come late.
"""

import pytest
from slow import KINDS, LIMIT_S, SLACK_S


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_sender_is_ended_in_time_and_told_why(slow_clients, kind):
    for client in slow_clients.wait():
        if client.kind == kind:
            assert client.ended_after is not None, f"still there after {slow_clients.waited:.0f} s"
            assert LIMIT_S - SLACK_S < client.ended_after < LIMIT_S + SLACK_S
            assert client.received.startswith(b"HTTP/1.1 408 ") or not client.received, client.received


def test_others_are_served_meanwhile(slow_clients):
    slow_clients.wait()
    assert len(slow_clients.latencies) > 20
    assert max(slow_clients.latencies) < 2
    assert slow_clients.error is None


def test_slow_senders_take_little_memory(slow_clients):
    slow_clients.wait()
    assert slow_clients.bytes_each < 64 << 10


# Silence


def test_silent_connections_and_those_that_read_nothing_are_ended(silent_clients):
    """Only in the long run: 75 seconds."""
    assert silent_clients() == []
