"""Frames on a socket: what is sent arrives, what is no frame is refused, and nobody waits for ever."""

import json
import socket
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import HANG_SECONDS

from autograder.wire.frames import HEADER_BYTES, PREFIX, FrameError, receive_frame, send_frame

BODY = 1 << 20


@pytest.fixture
def ends():
    """The two ends of a connection."""
    one, two = socket.socketpair()
    with one, two:
        yield one, two


def soon() -> float:
    return time.monotonic() + HANG_SECONDS


def received(raw: bytes, body_bytes: int = BODY):
    """Receive a frame from another end that sends these bytes and hangs up."""
    one, two = socket.socketpair()
    with one, two, ThreadPoolExecutor(1) as thread:
        sending = thread.submit(lambda: (one.sendall(raw), one.close()))
        try:
            return receive_frame(two, body_bytes, soon())
        finally:
            two.close()
            sending.exception()


def framed(header: bytes, body: bytes = b"", number: int = 1) -> bytes:
    return PREFIX.pack(number, len(header), len(body)) + header + body


@pytest.mark.parametrize("sizes", [[], [0], [3], [1 << 16], [(1 << 16) + 1], [5, 0, 70_000, 1]])
def test_a_frame_arrives_as_it_was_sent(ends, sizes):
    one, two = ends
    header, buffers = {"do": ["ä😀", 1.5, None]}, [bytes([i]) * size for i, size in enumerate(sizes)]
    with ThreadPoolExecutor(1) as thread:
        sent = thread.submit(send_frame, one, 2**64 - 1, header, list(map(memoryview, buffers)), soon())
        assert receive_frame(two, BODY, soon()) == (2**64 - 1, header, b"".join(buffers))
        sent.result()


def test_frames_arrive_one_after_the_other(ends):
    one, two = ends
    for number in range(3):
        send_frame(one, number, {"n": number}, [b"x" * number])
    assert [receive_frame(two, BODY)[0] for _ in range(3)] == [0, 1, 2]


REFUSED = {
    "a header larger than agreed": PREFIX.pack(1, HEADER_BYTES + 1, 0),
    "a body larger than agreed": PREFIX.pack(1, 2, BODY + 1) + b"{}",
    "a giant": PREFIX.pack(1, 2, 2**64 - 1) + b"{}",
    "no JSON": framed(b"{"),
    "an empty header": framed(b""),
    "pickle": framed(b"\x80\x04K\x01."),
    "not UTF-8": framed(b'"\xff"'),
    "half a character in three bytes": framed(b'"\xed\xa0\x80"'),
    "UTF-16": framed('{"a": 1}'.encode("utf-16")),
    "endless nesting": framed(b"[" * 1_000_000),
    "a number of too many digits": framed(b"1" * 1_000_000),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_what_is_no_frame_is_refused(raw):
    with pytest.raises(FrameError):
        received(raw)


@pytest.mark.parametrize("length", [0, 5, PREFIX.size, PREFIX.size + 1, PREFIX.size + 4])
def test_an_end_that_hangs_up_in_the_middle_is_gone(length):
    with pytest.raises(ConnectionError, match="has closed"):
        received(framed(b"{}", b"body")[:length])


def test_no_memory_is_taken_for_what_is_larger_than_agreed():
    tracemalloc.start()
    with pytest.raises(FrameError):
        received(PREFIX.pack(1, 2, 2**40) + b"{}")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


def test_half_a_character_becomes_a_question_mark():
    text = '["\\ud800 a", {"\\udfff": "\\ud83d\\ude00 \\u00e4"}]'
    assert received(framed(text.encode()))[1] == ["? a", {"?": "😀 ä"}]


def test_half_a_character_can_be_sent(ends):
    send_frame(ends[0], 1, ["\ud800 a"])
    assert receive_frame(ends[1], BODY)[1] == ["? a"]


@settings(max_examples=100)
@given(
    st.binary(max_size=60)
    | st.builds(framed, st.binary(max_size=20), st.binary(max_size=5))
    | st.builds(lambda b, n: framed(b"{}", b)[:n], st.binary(max_size=9), st.integers(0, 30))
)
def test_whatever_arrives_is_a_frame_or_is_refused(raw):
    try:
        _, header, body = received(raw)
    except (FrameError, ConnectionError):
        return
    assert raw.endswith(bytes(body))
    json.dumps(header, ensure_ascii=False).encode()


def test_a_message_that_does_not_arrive_in_time_is_not_waited_for(ends):
    one, two = ends
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        receive_frame(two, BODY, began + 0.1)
    one.sendall(framed(b"{}", b"body")[:-1])
    with pytest.raises(TimeoutError):
        receive_frame(two, BODY, time.monotonic() + 0.1)
    with pytest.raises(TimeoutError):
        receive_frame(two, BODY, began - 1)


def test_drop_by_drop_is_no_way_round_the_deadline(ends):
    one, two = ends
    stop = threading.Event()

    def drip() -> None:
        for byte in framed(b" " * 1000):
            one.sendall(bytes([byte]))
            if stop.wait(0.02):
                return

    with ThreadPoolExecutor(1) as thread:
        thread.submit(drip)
        with pytest.raises(TimeoutError):
            receive_frame(two, BODY, time.monotonic() + 0.3)
        stop.set()


def test_an_end_that_does_not_read_is_not_waited_for(ends):
    one, _ = ends
    with pytest.raises(TimeoutError):
        send_frame(one, 1, {}, [bytes(10_000_000)] * 2, time.monotonic() + 0.2)


def test_an_end_that_is_gone_is_told(ends):
    one, two = ends
    two.close()
    with pytest.raises(OSError, match=r"pipe|reset"):
        send_frame(one, 1, {}, [bytes(1000)], soon())
