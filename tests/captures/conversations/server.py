"""The servers of record.sh. Each answers the same from run to run; tests/testing/apps.ts does as they do."""

import hashlib
import socket
import struct
import sys
import threading
import time

FAMILY = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
HOST = sys.argv[1]


def lines(count):
    return b"".join(b"line %d of a text that goes on for a while\n" % i for i in range(count))


def read_head(file):
    head = b""
    while True:
        line = file.readline()
        head += line
        if line in (b"\r\n", b""):
            return head


def http(conn):
    file = conn.makefile("rb")
    while True:
        head = read_head(file)
        if not head.strip():
            break
        path = head.split(b" ")[1]
        size = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        if head.startswith(b"POST"):
            upload = file.read(size)
            body = b"%d bytes, SHA-256 %s\n" % (len(upload), hashlib.sha256(upload).hexdigest().encode())
        else:
            body = lines(int(path[1:]))
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    conn.close()


def half_close(conn):
    data = b""
    while piece := conn.recv(4096):
        data += piece
    conn.sendall(data[::-1])
    conn.close()


def reset(conn):
    conn.recv(4096)
    conn.sendall(lines(10))
    time.sleep(0.05)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def dialog(conn):
    file = conn.makefile("rb")
    conn.sendall(b"220 ready\r\n")
    for line in file:
        if line.startswith(b"QUIT"):
            break
        conn.sendall(b"250 " + line)
    conn.sendall(b"221 bye\r\n")
    conn.close()


def big(conn):
    conn.recv(4096)
    conn.sendall(lines(8000))
    conn.close()


def tcp(port, serve):
    listener = socket.socket(FAMILY, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen()

    def guarded(conn):
        try:
            serve(conn)
        except OSError:
            pass

    while True:
        conn, _ = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=guarded, args=(conn,), daemon=True).start()


def udp(port, answer):
    sock = socket.socket(FAMILY, socket.SOCK_DGRAM)
    sock.bind((HOST, port))
    while True:
        data, peer = sock.recvfrom(65535)
        sock.sendto(answer(data), peer)


def dns(query):
    """Knows one name, with one address of either family."""
    end = query.index(b"\0", 12) + 5
    question = query[12:end]
    name, kind = question[:-4].lower(), question[-4:-2]
    known = name == b"\x03www\x07example\x00"
    data = {b"\0\x01": bytes([192, 0, 2, 7]), b"\0\x1c": bytes([0x20, 1, 0xD, 0xB8]) + bytes(11) + b"\x07"}.get(kind)
    answers = b"\xc0\x0c" + kind + b"\0\x01\0\0\0\x3c" + struct.pack("!H", len(data)) + data if known and data else b""
    flags = b"\x85\x80" if known else b"\x85\x83"
    return query[:2] + flags + struct.pack("!HHHH", 1, 1 if answers else 0, 0, 0) + question + answers


for port, serve in ((80, http), (7000, half_close), (7001, reset), (7002, dialog), (7003, big)):
    threading.Thread(target=tcp, args=(port, serve), daemon=True).start()
threading.Thread(target=udp, args=(7, lambda data: data), daemon=True).start()
udp(53, dns)
