"""Plays an agent that was refused and tries to approve itself.

Arguments: a directory with `plan.json`: the socket, the client's command line, the hold, and the attempts by name. Writes one
line of JSON for each attempt to `answers`, and waits for a line on its standard input before the next.
"""

import ctypes
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios

PATIENCE = 60

directory = sys.argv[1]
sys.path.insert(0, directory)
from client import ask, leave  # noqa: E402

with open(f"{directory}/plan.json") as file:
    plan = json.load(file)
client = plan["client"]
pipe = f"{directory}/pipe"


def orphan(work):
    """Runs `work` in a process of its own session whose parents have ended."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        middle = os.getpid()
        if os.fork() == 0:
            os.close(write)
            os.read(read, 1)  # ends when everybody else with the other end has
            while os.getppid() == middle:
                pass
            work()
            os._exit(0)
        os._exit(0)
    os.close(write)
    os.wait()


def in_terminal(argv):
    """Runs a command in a new terminal whose other end this process holds, reading all that it prints."""
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    drain(pid, master)


def drain(pid, master):
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        pass
    os.waitpid(pid, 0)


def own_terminal(argv):
    """Makes a terminal and becomes its session, both ends in one process."""
    os.setsid()
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.set_inheritable(master, True)
    subprocess.run(argv, stdin=slave, close_fds=False)


def connected_before(message):
    """Connects as a plain child, and only then leaves the session for a terminal of its own."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(plan["socket"])
    pid, master = pty.fork()
    if pid == 0:
        leave(pipe, ask(connection, message))
        os._exit(0)
    drain(pid, master)


def connected_by_the_dead(message):
    """The process that connected has ended when the message comes."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(plan["socket"])
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(write)
        os.read(read, 1)
        leave(pipe, ask(connection, message))
    os._exit(0)


def undumpable(argv):
    """Keeps others from looking into the process that holds the terminal (prctl(2), PR_SET_DUMPABLE is 4)."""
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    in_terminal(argv)


def confined(argv):
    """Sheds rights as agents' sandboxes do (PR_SET_NO_NEW_PRIVS is 38), in a terminal of its own."""
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
    in_terminal(argv)


def background(argv):
    """Asks from behind, while another group is in the foreground of the terminal."""
    pid, master = pty.fork()
    if pid == 0:
        child = subprocess.Popen(argv, process_group=0)
        child.wait()
        os._exit(0)
    drain(pid, master)


def feeds_the_prompt(argv):
    """Opens a terminal, proposes in it as a person would, and presses y."""
    pid, master = pty.fork()
    if pid == 0:
        for mark in ("CLAUDECODE", "AI_AGENT"):
            os.environ.pop(mark, None)
        os.execvp(argv[0], argv)
    printed = b""
    try:
        while b"[y/N]" not in printed:
            printed += os.read(master, 4096)
        os.write(master, b"y")
        guessed = False
        while more := os.read(master, 4096):
            printed += more
            if b"code: " in printed and not guessed:
                os.write(master, b"000000\n")
                guessed = True
    except OSError:
        pass
    os.waitpid(pid, 0)
    refused = b"no answer of a person" in printed or b"a code is shown" in printed
    leave(pipe, json.dumps({"kind": "error" if refused else "ack", "printed": printed.decode()}))


def preload(argv):
    """Puts a library in front of the client that says that everything is a terminal and every session another."""
    source, library = f"{directory}/preload.c", f"{directory}/preload.so"
    with open(source, "w") as file:
        file.write("int isatty(int fd) { (void)fd; return 1; }\nint getsid(int pid) { (void)pid; return 1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    environment = {**os.environ, "LD_PRELOAD": library}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    printed = done.stdout + done.stderr
    leave(pipe, json.dumps({"kind": "error" if done.returncode == 3 else "ack", "printed": printed}))


def handed_over(argv):
    """One process opens a terminal and keeps its other end; another, an orphan, is handed the terminal and makes it its own."""
    ours, theirs = socket.socketpair()

    def take():
        os.setsid()
        _, descriptors, _, _ = socket.recv_fds(theirs, 1, 1)
        fcntl.ioctl(descriptors[0], termios.TIOCSCTTY, 0)
        subprocess.run(argv, stdin=descriptors[0])

    orphan(take)
    _master, slave = pty.openpty()  # a number, so it stays open
    socket.send_fds(ours, [b"x"], [slave])


def kept_terminal(argv):
    """A terminal whose shell has ended, and whose other end was kept, is taken by another session."""
    pid, master = pty.fork()
    if pid == 0:
        os._exit(0)
    number = fcntl.ioctl(master, 0x80045430, b"\0\0\0\0")  # TIOCGPTN
    name = f"/dev/pts/{struct.unpack('I', number)[0]}"
    os.waitpid(pid, 0)

    def take():
        os.setsid()
        slave = os.open(name, os.O_RDWR)  # of a session's leader: its controlling terminal from here on
        subprocess.run(argv, stdin=slave)

    orphan(take)


def inject(text):
    """Puts keys into the terminal that it shares with its shell (TIOCSTI)."""
    for byte in text.encode():
        fcntl.ioctl(0, termios.TIOCSTI, struct.pack("B", byte))


WAYS = {
    "run": lambda argv: subprocess.run(argv),
    "shell": lambda argv: subprocess.run(["sh", "-c", argv[0]]),
    "orphan": lambda argv: orphan(lambda: os.execvp(argv[0], argv)),
    "orphan_shell": lambda argv: orphan(lambda: os.execvp("sh", ["sh", "-c", argv[0]])),
    "terminal": in_terminal,
    "orphan_terminal": lambda argv: orphan(lambda: in_terminal(argv)),
    "orphan_own_terminal": lambda argv: orphan(lambda: own_terminal(argv)),
    "orphan_undumpable": lambda argv: orphan(lambda: undumpable(argv)),
    "own_terminal": lambda argv: fork(lambda: own_terminal(argv)),
    "connected_before": lambda argv: connected_before(argv[0]),
    "connected_by_the_dead": lambda argv: fork(lambda: connected_by_the_dead(argv[0])),
    "confined": lambda argv: fork(lambda: confined(argv)),
    "orphan_confined": lambda argv: orphan(lambda: confined(argv)),
    "background": background,
    "preload": preload,
    "handed_over": handed_over,
    "kept_terminal": kept_terminal,
    "feeds_the_prompt": feeds_the_prompt,
}


def fork(work):
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    os.waitpid(pid, 0)


def answer(reader):
    ready, _, _ = select.select([reader], [], [], PATIENCE)
    if not ready:
        return {"kind": "silence"}
    return json.loads(os.read(reader, 65536).splitlines()[0])


def main():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    for name, way, argv in plan["attempts"]:
        try:
            WAYS[way](argv)
            said = answer(reader)
        except Exception as error:  # shown by the test
            said = {"kind": "failed", "why": repr(error)}
        with open(f"{directory}/answers", "a") as answers:
            answers.write(json.dumps([name, said]) + "\n")
        print(f"tried {name}.", flush=True)
    if plan["inject"]:
        inject(plan["inject"])
    print("all tried.", flush=True)


main()
