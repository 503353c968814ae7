"""Connects, hands the connection to another process, and ends; that one asks once somebody else has its number.

Arguments: the socket, the pipe for the answer, the message as JSON, and a pipe that says when to ask.
"""

import os
import socket
import sys

from client import ask, leave

path, pipe, message, go = sys.argv[1:5]
connecting = os.fork()
if connecting == 0:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    if os.fork() == 0:
        with open(go) as said:
            said.read()
        leave(pipe, ask(connection, message))
    os._exit(0)
os.waitpid(connecting, 0)
print(f"number {connecting}.", flush=True)
