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
# Up to here, copying bytes together costs less than asking the kernel once more.
MOST_JOINED = 1 << 16

_decode_json = json.JSONDecoder().raw_decode
_HEAD = struct.Struct("<II")


class NoChannel(Exception):
    """Standard input is not the server's socket."""


class FrameBroken(Exception):
    """The other side broke a rule of frames; there is no way to find the next one."""


class Channel:
    """Frames over a connected stream socket. Nothing is read ahead: what has not been received is still in the socket."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        # A child that a model forks neither answers in its parent's place nor keeps the connection open after it.
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
        head = self.socket.recv(8)
        while 0 < len(head) < 8:
            more = self.socket.recv(8 - len(head))
            head = head + more if more else b""
        if not head:
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
        encoded = header.encode()
        size = sum(map(len, pieces))
        head = _HEAD.pack(4 + len(encoded) + size, len(encoded))
        if size <= MOST_JOINED:
            self.socket.sendall(b"".join((head, encoded, *pieces)))
            return
        self.socket.sendall(head + encoded)
        for piece in pieces:
            self.socket.sendall(piece)


def parse_header(header: bytes | memoryview) -> dict:
    try:
        text = str(header, "utf-8")
        message, end = _decode_json(text)
        if text[end:].strip():
            raise ValueError("something follows the object")
    except (ValueError, RecursionError) as error:
        raise FrameBroken(f"a header that is no JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise FrameBroken("a header that is no object with a “kind”")
    return message
