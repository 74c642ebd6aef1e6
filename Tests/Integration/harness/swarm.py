"""A small MySQL client on asyncio, of which a thousand fit into one test."""

import asyncio
import struct
from dataclasses import dataclass, field

from . import wire
from .wire import Closed, error_of, is_eof, native_password, text_values

CAPABILITIES = wire.USUAL & ~wire.LOCAL_FILES
CHANGING = 0x0008
# In a transaction, autocommit, no backslash escapes, read-only transaction.
STATE_FLAGS = 0x0001 | 0x0002 | 0x0200 | 0x2000
STRING, NULL_TYPE = 0xFD, 0x06


class ServerError(Exception):
    """An ERR packet."""

    def __init__(self, packet):
        self.code, self.state, self.text = error_of(packet)
        super().__init__(self.code, self.state, self.text)


@dataclass
class Answer:
    """One result; rows are the packets as they came."""

    columns: list = field(default_factory=list)
    packets: list = field(default_factory=list)
    affected: int = 0
    insert_id: int = 0
    status: int = 0
    warnings: int = 0

    @property
    def rows(self):
        """The rows of the text protocol, as text."""
        return [
            tuple(value if value is None else value.decode(errors="replace") for value in text_values(p))
            for p in self.packets
        ]

    @property
    def value(self):
        ((value,),) = self.rows
        return value


class Client:
    """One connection; `connection_id` is what the greeting said."""

    def __init__(self, reader, writer, timeout):
        self.reader, self.writer, self.timeout, self.sequence = reader, writer, timeout, 0
        self.connection_id = 0

    @classmethod
    async def open(cls, target, schema="", timeout=60):
        """Connects and logs in."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(target.host, target.port), timeout)
        client = cls(reader, writer, timeout)
        try:
            async with asyncio.timeout(timeout):
                await client.log_in(target, schema)
        except BaseException:
            client.abort()
            raise
        return client

    async def log_in(self, target, schema):
        greeting = wire.Greeting(await self.packet())
        self.connection_id = greeting.connection_id
        scramble = native_password(target.password, greeting.salt)
        self.send(
            struct.pack("<IIB23x", CAPABILITIES, 1 << 30, 45) + target.user.encode() + b"\0"
            + bytes([len(scramble)]) + scramble + schema.encode() + b"\0mysql_native_password\0", 1,
        )  # fmt: skip
        answer = await self.packet()
        if answer[:1] == b"\xfe":
            self.send(native_password(target.password, answer.split(b"\0", 1)[1][:20]), self.sequence + 1)
            await self.packet()

    def send(self, payload, sequence=0):
        """Sends at once what the kernel takes."""
        self.writer.write(struct.pack("<I", len(payload) | sequence << 24) + payload)

    async def packet(self):
        """The next packet; an ERR is raised."""
        try:
            header = await self.reader.readexactly(4)
            payload = await self.reader.readexactly(int.from_bytes(header[:3], "little"))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Closed from error
        self.sequence = header[3]
        if payload[:1] == b"\xff":
            raise ServerError(payload)
        return payload

    async def result(self):
        """The next result of a statement that was sent."""
        head = await self.packet()
        if head[:1] == b"\0":
            return ok(head)
        answer = Answer()
        while not is_eof(packet := await self.packet()):
            answer.columns.append(column(packet))
        while not is_eof(packet := await self.packet()):
            answer.packets.append(packet)
        answer.warnings, answer.status = struct.unpack_from("<HH", packet, 1)
        return answer

    async def results(self, command, payload=b""):
        async with asyncio.timeout(self.timeout):
            self.send(bytes([command]) + payload)
            answers = [await self.result()]
            while answers[-1].status & CHANGING:
                answers.append(await self.result())
            return answers

    async def query(self, sql):
        """The last result of a statement."""
        return (await self.results(wire.QUERY, sql.encode()))[-1]

    async def reset(self):
        return (await self.results(wire.RESET_CONNECTION))[-1]

    async def prepare(self, sql):
        """The number of the prepared statement, and how many parameters it has."""
        async with asyncio.timeout(self.timeout):
            self.send(bytes([wire.STMT_PREPARE]) + sql.encode())
            number, columns, parameters = struct.unpack_from("<IHH", await self.packet(), 1)
            for count in (parameters, columns):
                while count and not is_eof(await self.packet()):
                    pass
            return number, parameters

    async def execute(self, number, values):
        """Runs a prepared statement with strings and None."""
        nulls = bytearray((len(values) + 7) // 8)
        types, data = b"", b""
        for place, value in enumerate(values):
            types += bytes([NULL_TYPE if value is None else STRING, 0])
            if value is None:
                nulls[place // 8] |= 1 << place % 8
            else:
                text = value.encode()
                data += b"\xfc" + struct.pack("<H", len(text)) + text
        head = struct.pack("<IBI", number, 0, 1)
        return (await self.results(wire.STMT_EXECUTE, head + (bytes(nulls) + b"\1" + types + data if values else b"")))[
            -1
        ]

    def close_statement(self, number):
        self.send(bytes([wire.STMT_CLOSE]) + struct.pack("<I", number))

    def abort(self):
        """Ends the connection with a reset."""
        self.writer.transport.abort()

    async def close(self):
        self.send(bytes([wire.QUIT]))
        self.writer.close()


def ok(packet):
    affected, place = length_encoded(packet, 1)
    insert_id, place = length_encoded(packet, place)
    status, warnings = struct.unpack_from("<HH", packet, place)
    return Answer(affected=affected, insert_id=insert_id, status=status, warnings=warnings)


def length_encoded(packet, place):
    first = packet[place]
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    if not size:
        return first, place + 1
    return int.from_bytes(packet[place + 1 : place + 1 + size], "little"), place + 1 + size


def column(packet):
    """A column's name, character set, type and flags."""
    place, texts = 0, []
    for _ in range(6):
        length, place = length_encoded(packet, place)
        texts.append(packet[place : place + length])
        place += length
    # Where extended metadata was not negotiated, the fixed part follows.
    charset, _, kind, flags, _ = struct.unpack_from("<HIBHB", packet, place + 1)
    return texts[4].decode(errors="replace"), charset, kind, flags


async def open_all(target, count, **options):
    """Connections one after another, a few at a time."""
    clients = []
    for start in range(0, count, 50):
        clients += await asyncio.gather(*[Client.open(target, **options) for _ in range(min(50, count - start))])
    return clients


async def close_all(clients):
    for client in clients:
        await client.close()
