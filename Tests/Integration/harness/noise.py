"""A backend and clients that speak the protocol, and now and then don't."""

import random
import socket
import struct
import threading
import time

from .wire import USUAL, Closed, Wire

OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
ERR = b"\xff\x48\x04#HY000noise"
FILE_REQUEST = b"\xfbnoise.txt"
AUTH_SWITCH = b"\xfemysql_native_password\0" + b"s" * 20 + b"\0"
COLUMN = b"\3def\0\0\0\1c\0\x0c\x08\0\x20\0\0\0\xfd\0\0\0\0\0"
COMMANDS = [1, 2, 3, 3, 3, 3, 4, 9, 14, 17, 22, 23, 24, 25, 26, 28, 31, 99, 250]
LOGIN = struct.pack("<IIB23x", USUAL, 1 << 24, 45) + b"noise\0\0test\0mysql_native_password\0"


def packet(payload, sequence):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence & 255]) + payload


def result_set(dice):
    columns = dice.randint(1, 3)
    payloads = [bytes([columns]), *[COLUMN] * columns, EOF]
    for _ in range(dice.randint(0, 100)):
        cells = [dice.randbytes(dice.randint(0, 100)) for _ in range(columns)]
        payloads.append(b"".join(bytes([len(cell)]) + cell for cell in cells))
    return b"".join(packet(payload, number) for number, payload in enumerate([*payloads, EOF], start=1))


def damaged(dice, data, likelihood):
    """The data, or, as often as likely, the data with some bytes changed, lost, added or cut off."""
    if dice.random() > likelihood:
        return data
    data = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0: data[place : place + 1] = dice.randbytes(1)
            case 1: del data[place : place + dice.randint(1, 10)]
            case 2: data[place:place] = dice.randbytes(dice.randint(1, 10))
            case 3: del data[place:]
    return bytes(data)


def send_torn(dice, connection, data):
    while data:
        size = dice.choice([1, 3, 10, 100, 10_000, 1_000_000])
        connection.sendall(data[:size])
        data = data[size:]


def read_packet(connection):
    header = b""
    while len(header) < 4:
        header += connection.recv(4 - len(header)) or end()
    payload, length = b"", int.from_bytes(header[:3], "little")
    while len(payload) < length:
        payload += connection.recv(length - len(payload)) or end()
    return header[3], payload


def end():
    raise Closed


class NoisyBackend:
    """Listens; greets well, and answers every packet with something, mostly well-formed and often enough not."""

    def __init__(self, greeting, seed):
        self.greeting = greeting
        self.seed = seed
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        for number in range(1_000_000):
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            dice = random.Random(f"{self.seed} {number}")
            threading.Thread(target=self.serve, args=(connection, dice), daemon=True).start()

    def serve(self, connection, dice):
        with connection:
            try:
                connection.settimeout(3)
                send_torn(dice, connection, damaged(dice, packet(self.greeting, 0), 0.02))
                sequence, _ = read_packet(connection)
                send_torn(dice, connection, damaged(dice, packet(OK, sequence + 1), 0.1))
                while dice.random() > 0.03:
                    sequence, payload = read_packet(connection)
                    if payload[:1] not in (b"\x01", b"\x18", b"\x19"):
                        send_torn(dice, connection, damaged(dice, self.answer(dice, sequence), 0.1))
            except (OSError, Closed):
                pass

    def answer(self, dice, sequence):
        short = dice.choice([OK, OK, ERR, FILE_REQUEST, AUTH_SWITCH, dice.randbytes(30)])
        return dice.choice([packet(short, sequence + 1), result_set(dice)])

    def close(self):
        self.listener.close()


def play_client(target, seed, deadline):
    """Logs in and sends commands until the time is up, again and again."""
    dice = random.Random(seed)
    while time.monotonic() < deadline:
        try:
            with Wire(target, timeout=0.3) as client:
                read_packet(client.socket)
                send_torn(dice, client.socket, damaged(dice, packet(LOGIN, 1), 0.1))
                for _ in range(dice.randint(0, 20)):
                    if dice.random() < 0.7:
                        hear(client.socket)
                    command = bytes([dice.choice(COMMANDS)]) + dice.randbytes(dice.choice([0, 5, 100, 5000]))
                    send_torn(dice, client.socket, damaged(dice, packet(command, 0), 0.1))
        except (OSError, Closed):
            pass


def hear(connection):
    try:
        connection.recv(1_000_000)
    except TimeoutError:
        pass
