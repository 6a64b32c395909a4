"""The bridge between noVNC's WebSocket and the display's socket: frames, the opening, and whole connections."""

from __future__ import annotations

import asyncio
import pathlib
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.roles_loader import load

bridge = load("desktop/files/usr/local/lib/dlbox-desktop/bridge.py")

REQUEST = (
    b"GET /websockify HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def masked(opcode: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """A frame as a browser sends it."""
    size = len(payload)
    length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0xFE, size) if size < 65536 else struct.pack("!BQ", 0xFF, size)  # fmt: skip
    return bytes([0x80 | opcode]) + length + mask + bridge.unmasked(payload, mask)


def read(data: bytes) -> tuple[int, bytes]:
    """The first frame of some bytes."""

    async def one() -> tuple[int, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found: tuple[int, bytes] = await bridge.message(reader)
        return found

    return asyncio.run(one())


def test_the_opening_is_that_of_the_protocols_own_example() -> None:
    answer = bridge.accepted(REQUEST)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert b"Protocol" not in answer.partition(b"\r\n")[2]
    assert answer.endswith(b"\r\n\r\n")


def test_an_old_novnc_is_told_its_protocol() -> None:
    asked = REQUEST.replace(b"\r\n\r\n", b"\r\nsec-websocket-protocol: base64, binary\r\n\r\n")
    assert b"\r\nSec-WebSocket-Protocol: binary\r\n" in bridge.accepted(asked)


@pytest.mark.parametrize("missing", [b"Upgrade: websocket\r\n", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"])
def test_what_is_no_websocket_is_refused(missing: bytes) -> None:
    assert bridge.accepted(REQUEST.replace(missing, b"")).startswith(b"HTTP/1.1 400 ")


@given(st.binary(max_size=300) | st.sampled_from([b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536]), st.binary(min_size=4, max_size=4))  # fmt: skip
def test_a_masked_frame_is_read_as_it_was_meant(payload: bytes, mask: bytes) -> None:
    assert read(masked(bridge.BINARY, payload, mask)) == (bridge.BINARY, payload)


@pytest.mark.parametrize(("size", "head"), [(125, 2), (126, 4), (65535, 4), (65536, 10)])
def test_a_frame_to_the_browser_has_its_length_and_no_mask(size: int, head: int) -> None:
    sent = bridge.frame(bridge.BINARY, b"x" * size)
    assert len(sent) == head + size
    assert sent[0] == 0x82
    assert not sent[1] & 0x80


BROKEN = {
    "not_masked": b"\x82\x01x",
    "reserved_bits": b"\xf2\x81\x00\x00\x00\x00x",
    "too_long": b"\x82\xff" + struct.pack("!Q", 1 << 40),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_breaks_the_protocol_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no frame of a browser"):
        read(data)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


def connected(folder: pathlib.Path, talk: Talk, late: float = 0) -> Any:
    """Run a browser's side against the bridge and a display that answers each message in capitals."""

    async def display(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RFB 003.008\n")
        while block := await reader.read(100):
            writer.write(block.upper())
        writer.close()

    async def whole() -> Any:
        serving = asyncio.ensure_future(bridge.serve(str(folder / "web.sock"), str(folder / "vnc.sock")))
        while not (folder / "web.sock").exists():
            await asyncio.sleep(0.01)
        assert (folder / "web.sock").stat().st_mode & 0o777 == 0o600
        reader, writer = await asyncio.open_unix_connection(str(folder / "web.sock"))
        writer.write(REQUEST)
        await asyncio.sleep(late)
        server = await asyncio.start_unix_server(display, str(folder / "vnc.sock"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        try:
            return await asyncio.wait_for(talk(reader, writer), 10)
        finally:
            writer.close()
            server.close()
            serving.cancel()

    return asyncio.run(whole())


async def sent(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next short frame of the bridge."""
    first, size = await reader.readexactly(2)
    return first & 0x0F, await reader.readexactly(size)


@pytest.mark.parametrize("late", [0, 0.3])
def test_messages_go_both_ways_even_to_a_display_that_comes_late(tmp_path: pathlib.Path, late: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[tuple[int, bytes]]:
        greeting = await sent(reader)
        writer.write(masked(bridge.BINARY, b"hello") + masked(bridge.PING, b"?"))
        answers = sorted([await sent(reader), await sent(reader)])
        writer.write(masked(bridge.CLOSE, b"\x03\xe8"))
        return [greeting, *answers, await sent(reader), (0, await reader.read())]

    assert connected(tmp_path, talk, late) == [
        (bridge.BINARY, b"RFB 003.008\n"), (bridge.BINARY, b"HELLO"), (bridge.PONG, b"?"), (bridge.CLOSE, b"\x03\xe8"), (0, b"")
    ]  # fmt: skip


def test_a_silent_display_is_pinged(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "PING_SECONDS", 0.05)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[tuple[int, bytes]]:
        return [await sent(reader), await sent(reader), await sent(reader)]

    assert connected(tmp_path, talk)[1:] == [(bridge.PING, b""), (bridge.PING, b"")]


def test_text_ends_the_connection(tmp_path: pathlib.Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        await sent(reader)
        writer.write(masked(bridge.TEXT, b"hello"))
        return await reader.read()

    assert connected(tmp_path, talk) == b""
