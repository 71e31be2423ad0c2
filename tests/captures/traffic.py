"""Traffic of record.sh: `traffic.py ROLE …`, all with Python's sockets, so over the kernel's stack."""

import os
import random
import select
import socket
import struct
import sys
import time


def stream(size, seed):
    return random.Random(seed).randbytes(size)


def server(host):
    """TCP on 8000: reads a line "SIZE\\n", then as many bytes, and answers with as many. UDP echo on 7. DNS on 53."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    tcp = socket.socket(family)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((host, 8000))
    tcp.listen()
    echo = socket.socket(family, socket.SOCK_DGRAM)
    echo.bind((host, 7))
    dns = socket.socket(family, socket.SOCK_DGRAM)
    dns.bind((host, 53))
    while True:
        for ready in select.select([tcp, echo, dns], [], [])[0]:
            if ready is tcp:
                conn, _ = tcp.accept()
                if os.fork() == 0:
                    serve(conn)
                    os._exit(0)
                conn.close()
            elif ready is echo:
                data, peer = echo.recvfrom(65535)
                echo.sendto(data, peer)
            else:
                data, peer = dns.recvfrom(512)
                dns.sendto(answer(data), peer)


def serve(conn):
    conn.settimeout(20)
    file = conn.makefile("rb")
    while line := file.readline():
        size = int(line)
        file.read(size)
        conn.sendall(stream(size, 2))
    conn.close()


def answer(query):
    end = query.index(b"\0", 12) + 5
    kind = struct.unpack(">H", query[end - 4 : end - 2])[0]
    data = {1: bytes([192, 0, 2, 7]), 28: bytes(15) + b"\7", 16: b"\5hello"}.get(kind)
    head = query[:2] + struct.pack(">HHHHH", 0x8180 if data else 0x8183, 1, 1 if data else 0, 0, 0)
    body = query[12:end]
    return head + body + (b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data if data else b"")


def connect(host):
    return socket.create_connection((host, 8000))


def exchange(host, size):
    conn = connect(host)
    for part in (size, 10):
        conn.sendall(b"%d\n" % part + stream(part, 1))
        left = part
        while left > 0:
            left -= len(conn.recv(65536))
    conn.close()


def half_close(host):
    conn = connect(host)
    conn.sendall(b"3000\n" + stream(3000, 1))
    conn.shutdown(socket.SHUT_WR)
    while conn.recv(65536):
        pass
    conn.close()


def resets(host):
    try:
        socket.create_connection((host, 9999))
    except OSError:
        pass
    conn = connect(host)
    conn.sendall(b"100\n")
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()
    conn = connect(host)
    conn.send(b"!", socket.MSG_OOB)
    conn.close()


def datagrams(host, *sizes):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.settimeout(2)
    for size in map(int, sizes):
        udp.sendto(stream(size, size), (host, 7))
        try:
            udp.recv(65535)
        except OSError:
            pass
    udp.sendto(b"nobody listens", (host, 9998))


def names(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.settimeout(2)
    for number, (name, kind) in enumerate([("www.example.com", 1), ("www.example.com", 28), ("x.example", 16), ("no", 15)]):
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        query = struct.pack(">HHHHHH", 1000 + number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)
        udp.sendto(query, (host, 53))
        udp.recv(512)


def relay(left, right, loss, reorder):
    """Carries frames between two interfaces, loses some and holds some back, by a seed."""
    chance = random.Random(7)
    ends = []
    for name in (left, right):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        end.bind((name, 0))
        ends.append(end)
    held = []
    while True:
        ready = select.select(ends, [], [], 0.01)[0]
        for end in ready:
            frame, (_, _, kind, _, _) = end.recvfrom(65536)
            if kind == socket.PACKET_OUTGOING or chance.random() < float(loss):
                continue
            other = ends[1 - ends.index(end)]
            if chance.random() < float(reorder):
                held.append((time.monotonic() + 0.004, other, frame))
            else:
                other.send(frame)
        now = time.monotonic()
        for item in [item for item in held if item[0] <= now]:
            held.remove(item)
            item[1].send(item[2])


def tag(left, right, *tags):
    """Carries frames between two interfaces: those that go right get tags of VLANs, those that go left lose theirs."""
    ends = []
    for name in (left, right):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        end.bind((name, 0))
        ends.append(end)
    wanted = b"".join(struct.pack(">HH", int(kind, 16), int(number)) for kind, number in (tag.split(":") for tag in tags))
    while True:
        for end in select.select(ends, [], [])[0]:
            frame, (_, _, direction, _, _) = end.recvfrom(65536)
            if direction == socket.PACKET_OUTGOING:
                continue
            rest = frame[12:]
            if end is ends[0]:
                ends[1].send(frame[:12] + wanted + rest)
                continue
            while rest[:2] in (b"\x81\x00", b"\x88\xa8"):
                rest = rest[4:]
            ends[0].send(frame[:12] + rest)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "exchange":
        exchange(rest[0], int(rest[1]))
    else:
        globals()[role](*rest)
