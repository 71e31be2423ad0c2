"""A bad network between two interfaces: relay.py A B passes frames on, loses one in a hundred and swaps some."""

import random
import select
import socket
import sys

OUTGOING = 4
chance = random.Random(4)
ends = []
for name in sys.argv[1:3]:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    end.bind((name, 0))
    ends.append(end)
held = []
while True:
    ready, _, _ = select.select(ends, [], [], 0.005)
    for end, frame in held if not ready else []:
        end.send(frame)
    if not ready:
        held = []
    for end in ready:
        frame, address = end.recvfrom(65535)
        if address[2] == OUTGOING:
            continue
        other = ends[1 - ends.index(end)]
        # The handshake passes, for a lost SYN makes a recording of nothing but waiting.
        large = len(frame) > 100
        if chance.random() < 0.01 and len(frame) > 70:
            continue
        if large and chance.random() < 0.02:
            held.append((other, frame))
            continue
        other.send(frame)
        if len(held) > 0 and chance.random() < 0.5:
            late, old = held.pop(0)
            late.send(old)
