"""What every attempt ends in: says yes to a hold over the socket, and leaves the answer in a pipe.

Arguments: the socket, the pipe, and the message as JSON.
"""

import json
import os
import socket
import sys


def say(path, message):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        return ask(connection, message)


def ask(connection, message):
    connection.sendall(message.encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n"):
        more = connection.recv(65536)
        if not more:
            break
        answer += more
    return answer.decode() or json.dumps({"kind": "closed"})


def leave(pipe, answer):
    # Opened for both, so that nobody waits for the other end.
    descriptor = os.open(pipe, os.O_RDWR)
    os.write(descriptor, answer.strip().encode() + b"\n")


if __name__ == "__main__":
    leave(sys.argv[2], say(sys.argv[1], sys.argv[3]))
