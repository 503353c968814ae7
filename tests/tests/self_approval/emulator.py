"""Plays a terminal emulator that keeps starting programs: holds the other end of a terminal, forks, and lets the forks become programs."""

import os
import random
import time

master, window = os.openpty()
os.close(window)
print(os.getpid(), flush=True)
while True:
    fork = os.fork()
    if fork == 0:
        # As long as a search for who holds the terminal takes: so that many are met while they change.
        time.sleep(random.uniform(0, 0.004))
        os.execvp("sleep", ["sleep", "0.002"])
    os.waitpid(fork, 0)
