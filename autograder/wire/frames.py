"""Frames on a socket: a number that pairs a reply with its request, a JSON header, and raw bytes.

Both ends check the size of a message before they read it, and every wait has a deadline.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from time import monotonic
from typing import Any

PREFIX = struct.Struct("<QIQ")  # number, bytes of the header, bytes of the body
HEADER_BYTES = 16_000_000


class FrameError(Exception):
    """The received bytes are not a frame, or the frame is larger than agreed."""


def send_frame(
    connection: socket.socket,
    number: int,
    header: Any,
    buffers: Sequence[bytes | memoryview] = (),
    deadline: float | None = None,
) -> None:
    """Send a frame.

    Args:
        connection: the socket.
        number: the number of the request that this frame is, or answers.
        header: data that JSON can represent.
        buffers: raw bytes, joined in this order.
        deadline: the deadline on the clock ``time.monotonic``; None waits without limit.

    Raises:
        TimeoutError: if the other end does not read in time.
        OSError: if the other end has closed.
    """
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    head = PREFIX.pack(number, len(text), sum(map(len, buffers))) + text
    _set_timeout(connection, deadline)
    if not buffers:
        connection.sendall(head)
    elif len(buffers) == 1 and len(buffers[0]) <= 1 << 16:
        connection.sendall(head + bytes(buffers[0]))  # one system call instead of two
    else:
        connection.sendall(head)
        for buffer in buffers:
            _set_timeout(connection, deadline)
            connection.sendall(buffer)


def receive_frame(
    connection: socket.socket, body_bytes: int, deadline: float | None = None
) -> tuple[int, Any, bytearray]:
    """Return the number, the header and the body of the next frame.

    Every text in the header can be written to a file: half a character (a lone surrogate) becomes ``?``.

    Args:
        connection: the socket.
        body_bytes: the maximum size of the body.
        deadline: the deadline on the clock ``time.monotonic``; None waits without limit.

    Raises:
        TimeoutError: if the frame does not arrive in time.
        ConnectionError: if the other end has closed.
        FrameError: if the frame is larger than agreed, or its header is not JSON.
    """
    number, header_size, body_size = PREFIX.unpack(_receive(connection, PREFIX.size, deadline))
    if header_size > HEADER_BYTES or body_size > body_bytes:
        raise FrameError(f"a message of {header_size + body_size} bytes is longer than agreed")
    text = _receive(connection, header_size, deadline)
    body = _receive(connection, body_size, deadline)
    try:
        header = json.loads(text.decode())
        if b"\\u" in text:
            header = json.loads(json.dumps(header, ensure_ascii=False).encode(errors="replace"))
        return number, header, body
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a message must be JSON: {str(error)[:200]}") from None


def _receive(connection: socket.socket, count: int, deadline: float | None) -> bytearray:
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        _set_timeout(connection, deadline)
        received = connection.recv_into(view[got:])
        if not received:
            raise ConnectionError("the other end has closed the connection")
        got += received
    return data


def _set_timeout(connection: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        connection.settimeout(None)
        return
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    connection.settimeout(left)
