"""Carries the binary messages of WebSockets to a Unix socket and back: noVNC on the one side, Xvnc on the other.

Usage: bridge.py LISTEN TARGET, both paths. websockify does the same, but listens on a TCP port only, which every program and
every web page on the box could open. Who may connect here is who may open the socket; the front door asks for the password.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import re
import struct
import sys
import time

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
# RFC 6455, section 1.3.
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# A browser sends key strokes and clipboards, which Xvnc cuts off at a quarter of this.
LONGEST = 1 << 20
BLOCK = 1 << 16
# Routers forget a connection that is silent for minutes.
PING_SECONDS = 50
# noVNC tries once to connect again.
PATIENCE = 30.0


def accepted(request: bytes) -> bytes:
    """The answer to a request: 101 where it asks for a WebSocket, else 400."""
    fields = dict(re.findall(rb"\r\n([^:\r\n]+):[ \t]*([^\r\n]*)", request))
    given = {name.lower(): value.strip() for name, value in fields.items()}
    if given.get(b"upgrade", b"").lower() != b"websocket" or b"sec-websocket-key" not in given:
        return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    proof = base64.b64encode(hashlib.sha1(given[b"sec-websocket-key"] + GUID).digest())  # noqa: S324 - the protocol's
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    lines.append(b"Sec-WebSocket-Accept: " + proof)
    # noVNC 1.0 asks for it by name.
    if b"binary" in re.split(rb"[,\s]+", given.get(b"sec-websocket-protocol", b"")):
        lines.append(b"Sec-WebSocket-Protocol: binary")
    return b"\r\n".join([*lines, b"", b""])


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message as the server sends it: not masked."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """What the browser meant: it masks each byte with one of four."""
    size = len(payload)
    pattern = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")


async def message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next frame of the browser: its opcode and what is in it; a ValueError where it breaks the protocol."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    if not second & 0x80 or first & 0x70 or size > LONGEST:
        raise ValueError("no frame of a browser")
    mask = await reader.readexactly(4)
    return first & 0x0F, unmasked(await reader.readexactly(size), mask)


async def inwards(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: asyncio.StreamWriter) -> None:
    """From the browser to the display, until it closes."""
    while True:
        opcode, payload = await message(reader)
        if opcode == CLOSE:
            writer.write(frame(CLOSE, payload[:2]))
            return
        if opcode == PING:
            writer.write(frame(PONG, payload))
        elif opcode in (CONTINUED, BINARY):
            target.write(payload)
            await target.drain()
        elif opcode != PONG:
            raise ValueError("noVNC sends binary messages only")


async def outwards(source: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """From the display to the browser, until it ends; a ping where it has nothing to say."""
    while True:
        try:
            block = await asyncio.wait_for(source.read(BLOCK), PING_SECONDS)
        except asyncio.TimeoutError:
            writer.write(frame(PING, b""))
            continue
        if not block:
            writer.write(frame(CLOSE, struct.pack("!H", 1001)))
            return
        writer.write(frame(BINARY, block))
        await writer.drain()


async def opened(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The display's socket; one that is just being started anew is waited for."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except OSError:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(0.2)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
    """One connection, from its first line to its end."""
    with contextlib.suppress(OSError, ValueError, EOFError, asyncio.LimitOverrunError), contextlib.closing(writer):
        answer = accepted(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10))
        if not answer.startswith(b"HTTP/1.1 101"):
            writer.write(answer)
            return
        source, target = await opened(path)
        writer.write(answer)
        with contextlib.closing(target):
            both = [
                asyncio.ensure_future(inwards(reader, writer, target)),
                asyncio.ensure_future(outwards(source, writer)),
            ]
            _, rest = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in rest:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)


async def serve(listen: str, target: str) -> None:
    """Listen for ever."""
    os.umask(0o177)
    server = await asyncio.start_unix_server(lambda reader, writer: carry(reader, writer, target), listen)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:3]))
