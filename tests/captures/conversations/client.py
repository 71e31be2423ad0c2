"""The clients of record.sh that no common program is: client.py HOST WHAT."""

import socket
import struct
import sys
import time

HOST = sys.argv[1]


def connect(port):
    conn = socket.create_connection((HOST, port))
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return conn


def read_all(conn):
    data = b""
    while piece := conn.recv(65536):
        data += piece
    return data


def pipelined():
    conn = connect(80)
    conn.sendall(b"".join(b"GET /%d HTTP/1.1\r\nHost: %s\r\n\r\n" % (n, HOST.encode()) for n in (3, 100, 1, 40, 2)))
    conn.shutdown(socket.SHUT_WR)
    read_all(conn)


def half_close():
    conn = connect(7000)
    conn.sendall(b"a text that comes ")
    time.sleep(0.02)
    conn.sendall(b"in two pieces, and comes back turned round")
    conn.shutdown(socket.SHUT_WR)
    read_all(conn)


def reset_by_client():
    conn = connect(80)
    conn.sendall(b"GET /20 HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST.encode())
    time.sleep(0.05)
    conn.recv(100)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def reset_by_server():
    conn = connect(7001)
    conn.sendall(b"go on")
    try:
        read_all(conn)
    except ConnectionResetError:
        pass


def refused():
    try:
        connect(81)
    except ConnectionRefusedError:
        pass


def dialog():
    conn = connect(7002)
    file = conn.makefile("rb")
    file.readline()
    for line in (b"HELO there\r\n", b"NOOP\r\n", b"QUIT\r\n"):
        conn.sendall(line)
        file.readline()
    conn.close()


def slow_reader():
    conn = socket.socket()
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    conn.connect((HOST, 7003))
    conn.sendall(b"send")
    time.sleep(0.5)
    while conn.recv(3000):
        time.sleep(0.002)


def udp_echo():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((HOST, 7))
    for size in (0, 1, 100, 1400):
        sock.send(b"u" * size)
        sock.recv(65535)


def udp_unreachable():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((HOST, 9))
    sock.send(b"is anybody there")
    try:
        sock.recv(100)
    except ConnectionRefusedError:
        pass


globals()[sys.argv[2]]()
