"""A MySQL client that shows the bytes, for what no driver would send or tell.

Source of the formats: the MariaDB knowledge base's "Clients & servers protocol".
"""

import hashlib
import socket
import struct

LONG_PASSWORD, FOUND_ROWS, CONNECT_WITH_DB, LOCAL_FILES = 0x1, 0x2, 0x8, 0x80
PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, SSL = 0x200, 0x2000, 0x8000, 0x800
COMPRESS, MULTI_STATEMENTS, MULTI_RESULTS, PS_MULTI_RESULTS = 0x20, 0x10000, 0x20000, 0x40000
PLUGIN_AUTH, DEPRECATE_EOF = 0x80000, 0x1000000
# MariaDB's own capabilities count from bit 32.
PROGRESS, BULK = 1 << 32, 1 << 34

USUAL = (
    LONG_PASSWORD | CONNECT_WITH_DB | LOCAL_FILES | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION
    | MULTI_STATEMENTS | MULTI_RESULTS | PS_MULTI_RESULTS | PLUGIN_AUTH
)  # fmt: skip

QUIT, INIT_DB, QUERY, FIELD_LIST, STATISTICS, DEBUG, PING = 1, 2, 3, 4, 9, 13, 14
STMT_PREPARE, STMT_EXECUTE, STMT_LONG_DATA, STMT_CLOSE, STMT_RESET = 0x16, 0x17, 0x18, 0x19, 0x1A
SET_OPTION, STMT_FETCH, RESET_CONNECTION, STMT_BULK_EXECUTE = 0x1B, 0x1C, 0x1F, 0xFA

LARGEST = 0xFFFFFF


class Closed(Exception):
    """The other side closed the connection, maybe inside a packet."""


def native_password(password, salt):
    """mysql_native_password's answer to a salt."""
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


class Greeting:
    """The fields of the server's first packet that tests ask for."""

    def __init__(self, payload):
        self.protocol = payload[0]
        end = payload.index(0, 1)
        self.version = payload[1:end].decode()
        self.connection_id = struct.unpack_from("<I", payload, end + 1)[0]
        low, _, _, high, salt_length = struct.unpack_from("<HBHHB", payload, end + 14)
        self.capabilities = low | high << 16
        if not self.capabilities & LONG_PASSWORD:
            self.capabilities |= struct.unpack_from("<I", payload, end + 28)[0] << 32
        self.salt = payload[end + 5 : end + 13] + payload[end + 32 : end + 32 + max(12, salt_length - 9)]
        self.salt = self.salt[:20]


class Wire:
    """One raw connection."""

    def __init__(self, target, timeout=30, schema="test"):
        if target.socket:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(target.socket)
        else:
            self.socket = socket.create_connection((target.host, target.port), timeout=timeout)
        self.target = target
        self.schema = schema
        self.sequence = 0
        self.greeting = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # Bytes and packets

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, payload, sequence):
        """One packet, or several where it is too long for one; answers the last sequence id."""
        while True:
            part, payload = payload[:LARGEST], payload[LARGEST:]
            self.send_raw(struct.pack("<I", len(part))[:3] + bytes([sequence & 255]) + part)
            sequence += 1
            if len(part) < LARGEST:
                return sequence

    def read_bytes(self, count):
        parts = []
        while count:
            try:
                part = self.socket.recv(min(count, 1 << 20))
            except ConnectionError as error:
                raise Closed from error
            if not part:
                raise Closed
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read(self):
        """One packet's payload; its sequence id is kept in `sequence`."""
        header = self.read_bytes(4)
        self.sequence = header[3]
        return self.read_bytes(int.from_bytes(header[:3], "little"))

    def read_until_closed(self):
        """What comes until the other side closes."""
        parts = []
        try:
            while True:
                parts.append(self.read_bytes(1))
        except Closed:
            return b"".join(parts)

    # Login

    def read_greeting(self):
        payload = self.read()
        if payload[:1] == b"\xff":
            raise AssertionError(f"an ERR packet instead of a greeting: {payload!r}")
        self.greeting = Greeting(payload)
        return self.greeting

    def login_packet(self, capabilities=USUAL, user=None, answer=None):
        user = self.target.user if user is None else user
        if answer is None:
            answer = native_password(self.target.password, self.greeting.salt)
        extended = capabilities >> 32
        if extended:
            capabilities &= ~LONG_PASSWORD
        return (
            struct.pack("<IIB19xI", capabilities & 0xFFFFFFFF, 1 << 30, 45, extended)
            + user.encode() + b"\0" + bytes([len(answer)]) + answer + self.schema.encode() + b"\0mysql_native_password\0"
        )  # fmt: skip

    def login(self, capabilities=USUAL):
        """Reads the greeting, logs in and expects an OK; answers the connection itself."""
        self.read_greeting()
        self.send(self.login_packet(capabilities), 1)
        answer = self.read()
        if answer[:1] == b"\xfe":
            salt = answer.split(b"\0", 1)[1][:20]
            self.send(native_password(self.target.password, salt), self.sequence + 1)
            answer = self.read()
        assert answer[:1] == b"\0", f"the login was refused: {answer!r}"
        return self

    # Commands

    def command(self, number, payload=b""):
        self.send(bytes([number]) + payload, 0)

    def query(self, sql):
        """Sends the statement; the answer is the caller's."""
        self.command(QUERY, sql.encode() if isinstance(sql, str) else sql)

    def answer(self, number, payload=b"", packets=1):
        """Sends a command and answers the next `packets` packets with their sequence ids."""
        self.command(number, payload)
        return [(self.read(), self.sequence) for _ in range(packets)]

    def answer_until_eof(self, number, payload=b"", eofs=1):
        """Sends a command and answers all packets up to the given EOF packet (or an ERR)."""
        self.command(number, payload)
        packets = []
        while eofs:
            packet = self.read()
            packets.append((packet, self.sequence))
            if packet[:1] == b"\xff":
                break
            eofs -= is_eof(packet)
        return packets

    def is_alive(self):
        return is_ok(self.answer(PING)[0][0])


def is_eof(packet):
    return packet[:1] == b"\xfe" and len(packet) < 9


def is_ok(packet):
    return packet[:1] == b"\0"


def error_of(packet):
    """Code, SQLSTATE and text of an ERR packet; the SQLSTATE is missing before the login."""
    assert packet[:1] == b"\xff", packet[:200]
    code = struct.unpack_from("<H", packet, 1)[0]
    if packet[3:4] == b"#":
        return code, packet[4:9].decode(), packet[9:].decode(errors="replace")
    return code, "", packet[3:].decode(errors="replace")


def text_values(packet):
    """The values of a row in text form."""
    values, position = [], 0
    while position < len(packet):
        first = packet[position]
        position += 1
        if first == 0xFB:
            values.append(None)
            continue
        size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
        length = int.from_bytes(packet[position : position + size], "little") if size else first
        position += size
        values.append(packet[position : position + length])
        position += length
    return values
