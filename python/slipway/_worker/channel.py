# SPDX-License-Identifier: Apache-2.0
"""The connection to the server: frames in, frames out."""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import sys

import numpy as np

LONGEST_FRAME = 1 << 30
# The kernel takes at most 1024 pieces at once.
MOST_PIECES = 512

_decode_json = json.JSONDecoder().decode
_HEAD = struct.Struct("<II")


class NoChannel(Exception):
    """Standard input is not the server's socket."""


class FrameBroken(Exception):
    """The other side broke a rule of frames; there is no way to find the next one."""


class Channel:
    """Frames over a connected stream socket. Nothing is read ahead: what has not been received is still in the socket."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self._owner = os.getpid()
        # A child that a model forks must neither answer in its parent's place nor keep the connection open after it.
        os.register_at_fork(after_in_child=connection.close)

    @staticmethod
    def take() -> Channel:
        """Takes the socket away from fds 0 and 1, so that whatever a model prints or reads never meets a frame."""
        if not stat.S_ISSOCK(os.fstat(0).st_mode):
            raise NoChannel("standard input is no socket. This program is started by `slipway serve`, not by hand.")
        channel = Channel(socket.socket(fileno=os.dup(0)))
        channel.socket.setblocking(True)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return channel

    def receive(self) -> tuple[dict, memoryview] | None:
        """The next message and its tensors' bytes; None when the server is gone."""
        head = self.socket.recv(8, socket.MSG_WAITALL)
        if len(head) < 8:
            return None
        length, header_length = _HEAD.unpack(head)
        if length > LONGEST_FRAME or header_length + 4 > length:
            raise FrameBroken(f"a frame of {length} bytes with a header of {header_length}")
        # The first tensor is to lie at a multiple of 16, so that it can be used where it is. Memory that numpy gives is
        # touched only as bytes arrive.
        start = -header_length % 16
        body = memoryview(np.empty(start + length - 4, np.uint8))
        unread = body[start:]
        while unread:
            count = self.socket.recv_into(unread, 0, socket.MSG_WAITALL)
            if not count:
                return None
            unread = unread[count:]
        return parse_header(body[start : start + header_length]), body[start + header_length :]

    def send(self, header: str, pieces: list[bytes | memoryview] = []) -> None:
        if os.getpid() != self._owner:
            os._exit(0)
        encoded = header.encode()
        length = 4 + len(encoded) + sum(len(piece) for piece in pieces)
        unsent = [_HEAD.pack(length, len(encoded)) + encoded, *pieces]
        while unsent:
            count = self.socket.sendmsg(unsent[:MOST_PIECES])
            while unsent and count >= len(unsent[0]):
                count -= len(unsent.pop(0))
            if count:
                unsent[0] = memoryview(unsent[0])[count:]


def parse_header(header: bytes | memoryview) -> dict:
    try:
        message = _decode_json(str(header, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise FrameBroken(f"a header that is no JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise FrameBroken("a header that is no object with a “kind”")
    return message
