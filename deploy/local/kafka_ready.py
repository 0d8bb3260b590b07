#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Waits until a Kafka broker really serves: asks it for the cluster's metadata (Kafka protocol,
Metadata version 1) until the answer names the wanted number of brokers, the asked one among them.
An open port is not enough: a broker listens before the controller lets it in.
Exit 0 when ready, 1 when time is over or the given process is gone. Standard library only."""
import argparse
import socket
import struct
import sys
import time

METADATA, VERSION = 3, 1
CLIENT = b"citybrain-ready"


def receive(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise OSError("closed by the broker")
        data += part
    return data


def brokers(host, port):
    """The node ids of the brokers that this broker knows to be alive."""
    request = struct.pack(">hhih", METADATA, VERSION, 1, len(CLIENT)) + CLIENT + struct.pack(">i", 0)
    with socket.create_connection((host, port), timeout=2) as sock:
        sock.sendall(struct.pack(">i", len(request)) + request)
        body = receive(sock, struct.unpack(">i", receive(sock, 4))[0])
    count, at, nodes = struct.unpack(">i", body[4:8])[0], 8, set()
    for _ in range(count):
        node, length = struct.unpack(">ih", body[at:at + 6])
        at += 6 + length + 4
        rack = struct.unpack(">h", body[at:at + 2])[0]
        at += 2 + max(rack, 0)
        nodes.add(node)
    return nodes


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="host:port")
    parser.add_argument("--node", type=int, required=True, help="node id of the broker at the address")
    parser.add_argument("--nodes", type=int, default=1, help="brokers that must be known (default 1)")
    parser.add_argument("--pid", type=int, default=0, help="give up when this process is gone")
    parser.add_argument("--seconds", type=float, default=60, help="time to wait (default 60)")
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")
    until, said = time.monotonic() + options.seconds, "no answer"
    while True:
        if options.pid and not alive(options.pid):
            print(f"kafka_ready: process {options.pid} is gone", file=sys.stderr)
            return 1
        try:
            nodes = brokers(host, int(port))
            if options.node in nodes and len(nodes) >= options.nodes:
                return 0
            said = f"it knows brokers {sorted(nodes)}"
        except (OSError, struct.error) as error:
            said = str(error)
        if time.monotonic() >= until:
            print(f"kafka_ready: {options.address}: not ready: {said}", file=sys.stderr)
            return 1
        time.sleep(0.15)


if __name__ == "__main__":
    sys.exit(main())
