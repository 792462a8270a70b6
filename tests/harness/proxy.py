"""A TCP proxy in front of the front that cuts connections in mid-air."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET


@dataclass
class CuttingProxy:
    """Passes bytes on to ``port``; one piece in ``1 / share`` is the last that its connection sees.

    A request that is cut has reached the front whole, so its sender cannot know whether it was accepted; an
    answer that is cut has come half.
    """

    port: int
    chance: random.Random
    share: float = 0.0
    address: str = ""
    cuts: int = 0
    _clients: set[asyncio.StreamWriter] = field(default_factory=set)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serve on a free port, told by ``address``, until the block ends."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            self.cut_all()
            await asyncio.gather(*self._connections)

    def cut_all(self) -> None:
        """Cut every connection that is open now."""
        for client in list(self._clients):
            self._cut(client)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            return
        self._clients.add(writer)
        pumps = (
            asyncio.create_task(self._pump(reader, upstream, writer, whole=True)),
            asyncio.create_task(self._pump(upstream_reader, writer, writer, whole=False)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._clients.discard(writer)
            writer.close()
            upstream.close()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        *,
        whole: bool,
    ) -> None:
        with suppress(OSError):
            while piece := await source.read(65536):
                cut = self.chance.random() < self.share
                sink.write(piece if whole or not cut else piece[: len(piece) // 2])
                await sink.drain()
                if cut:
                    self._cut(client)
                    return

    def _cut(self, client: asyncio.StreamWriter) -> None:
        self.cuts += 1
        if (socket := client.get_extra_info("socket")) is not None:
            with suppress(OSError):  # a reset, as of a network that went away, not an orderly end
                socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        client.transport.abort()
