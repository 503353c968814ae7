"""A client of the wire, version 1, that has nothing of Kintsugi in it: sockets and JSON, and the page of the specification.

    wire_1.py SOCKET            walks through everything that the page promises
    wire_1.py SOCKET shutdown   has the daemon stop

Prints what it checked, one line each; ends with 1 at the first thing that is not as it was promised.
"""

import json
import socket
import sys
import uuid

SOCKET = sys.argv[1]
FRAME_BYTES_MAX = 1024 * 1024

TEXT, NUMBER, LIST, OBJECT = str, int, list, dict
OPTIONAL_TEXT, OPTIONAL_NUMBER = (str, type(None)), (int, type(None))

# What must stand in each reply, and what it may be.
REPLIES = {
    "verdict": {
        "class": {"safe", "ambiguous", "catastrophic"},
        "decision": {"allow", "hold", "deny"},
        "tier": {1, 2},
        "reason": TEXT,
        "summary": OPTIONAL_TEXT,
        "risk": OPTIONAL_NUMBER,
    },
    "ack": {},
    "pendinglist": {"items": LIST},
    "pending": {"status": {"pending", "approved", "denied", "gone"}},
    "status": {
        "scorer": TEXT,
        "version": TEXT,
        "protocol": {1},
        "pid": NUMBER,
        "uptime_ms": NUMBER,
        "log": OBJECT,
        "holds": NUMBER,
        "mode": TEXT,
        "vault": {"none", "locked", "degraded"},
        "children": LIST,
    },
    "challenge": {"locked": bool, "nonce": TEXT, "salt": TEXT, "params": OBJECT},
    "hello": {"version": {1}},
    "event": {"record": OBJECT},
    "wanted": {"facts": OBJECT},
    "error": {"message": TEXT, "code": TEXT},
}


def check(is_so, what):
    if not is_so:
        sys.exit(f"not as promised: {what}")


class Connection:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(SOCKET)
        self.lines = self.socket.makefile("rb")

    def send(self, sent):
        self.socket.sendall(sent)

    def hear(self):
        line = self.lines.readline()
        if not line:
            return None
        check(line.endswith(b"\n") and len(line) <= FRAME_BYTES_MAX, "a reply is a frame")
        reply = json.loads(line.decode("utf-8"))
        members = REPLIES.get(reply.get("kind"))
        check(members is not None, f"a kind of reply: {reply}")
        for member, may_be in members.items():
            check(member in reply, f"`{member}` in {reply}")
            value = reply[member]
            fits = value in may_be if isinstance(may_be, set) else isinstance(value, may_be)
            check(fits, f"`{member}` in {reply}")
        return reply

    def ask(self, request):
        self.send(json.dumps(request).encode() + b"\n")
        return self.hear()

    def expect(self, request, kind):
        reply = self.ask(request)
        check(reply is not None and reply["kind"] == kind, f"{kind}, and not {reply}")
        return reply

    def refused(self, request, code):
        reply = self.expect(request, "error")
        check(reply["code"] == code, f"{code}, and not {reply}")


def command(raw, **more):
    return {
        "id": str(uuid.uuid4()),
        "ts": "2026-01-01T00:00:00Z",
        "agent": "claude-code",
        "cwd": "/home/ada/project",
        "argv": [],
        "raw": raw,
        "session": None,
        **more,
    }


def propose(proposed):
    return {"kind": "propose", **proposed}


def one_connection_one_request():
    """As the existing clients do it: connect, ask once, read one line, close."""
    decisions = []
    for raw in ["ls -la", "git push --force", "git status"]:
        connection = Connection()
        decisions.append(connection.expect(propose(command(raw)), "verdict")["decision"])
        connection.socket.close()
    check(decisions == ["allow", "hold", "allow"], decisions)


def any_number_on_one_connection():
    """One after another, also when all of them are written at once."""
    connection = Connection()
    ids = [command(f"echo {number}") for number in range(50)]
    frames = [json.dumps(propose(one)) for one in ids]
    frames.insert(25, json.dumps({"kind": "status"}))
    connection.send("".join(frame + "\n" for frame in frames).encode())
    kinds = [connection.hear()["kind"] for _ in frames]
    check(kinds == ["verdict"] * 25 + ["status"] + ["verdict"] * 25, kinds)


def what_is_more_is_ignored():
    connection = Connection()
    reply = connection.expect(propose(command("ls", colour="blue", nested={"deep": [1]})), "verdict")
    check(reply["decision"] == "allow", reply)
    members = {
        "shell": "bash",
        "tool": "Bash",
        "interactive": True,
        "can": ["juggle"],
        "session": "s",
    }
    check(connection.expect(propose(command("ls", **members)), "verdict")["decision"] == "allow", "+")


def holds():
    connection = Connection()
    held = command("git push --force origin main")
    verdict = connection.expect(propose(held), "verdict")
    check(verdict["decision"] == "hold" and verdict["class"] == "catastrophic", verdict)
    check(verdict["expires_ms"] > 0 and verdict["content_hash"], verdict)
    items = connection.expect({"kind": "listpending"}, "pendinglist")["items"]
    (item,) = [item for item in items if item["command"]["id"] == held["id"]]
    for member in ["class", "reason", "summary", "ts", "effects", "content_hash", "expires_ms", "seq"]:
        check(member in item, f"`{member}` in {item}")
    for member, value in held.items():
        check(item["command"][member] == value, f"`{member}` of a held command")
    about = {"id": held["id"]}
    check(connection.expect({"kind": "pendingstatus", **about}, "pending")["status"] == "pending", "held")
    wait = {"kind": "await", "timeout_ms": 50, **about}
    check(connection.expect(wait, "pending")["status"] == "pending", "a wait that is over")

    # Somebody waits, and another connection denies it.
    waiting = Connection()
    waiting.send(json.dumps({**wait, "timeout_ms": 60_000}).encode() + b"\n")
    connection.refused({"kind": "approve", "content_hash": "00", **about}, "content_changed")
    connection.expect({"kind": "deny", "reason": "not today", **about}, "ack")
    check(waiting.hear() == {"kind": "pending", "status": "denied"}, "whoever awaits is told")
    check(connection.expect({"kind": "pendingstatus", **about}, "pending")["status"] == "denied", "denied")
    # Never reopened, whoever this client may be to the daemon.
    connection.expect({"kind": "approve", **about}, "error")
    check(connection.expect({"kind": "pendingstatus", **about}, "pending")["status"] == "denied", "closed")
    nobody = {"kind": "pendingstatus", "id": str(uuid.uuid4())}
    check(connection.expect(nobody, "pending")["status"] == "gone", "unknown")

    asked = command("git push --force elsewhere")
    connection.expect(propose(asked), "verdict")
    resolve = {"kind": "resolve", "command": asked, "decision": "deny", "remember": False}
    connection.expect(resolve, "ack")


def an_id_means_one_command():
    connection = Connection()
    allowed, held = command("ls"), command("git push --force third")
    first = connection.expect(propose(allowed), "verdict")
    check(connection.expect(propose(allowed), "verdict") == first, "the recorded verdict again")
    # Only these make the fingerprint.
    same = {**allowed, "ts": "2027-01-01T00:00:00Z", "tool": "Bash"}
    check(connection.expect(propose(same), "verdict") == first, "the same fingerprint")
    for member, other in [
        ("raw", "pwd"),
        ("cwd", "/"),
        ("agent", "codex"),
        ("session", "s"),
        ("shell", "zsh"),
        ("argv", ["ls", "-l"]),
    ]:
        connection.refused(propose({**allowed, member: other}), "id_conflict_decided")
    hold = connection.expect(propose(held), "verdict")
    again = connection.expect(propose(held), "verdict")
    check(again["content_hash"] == hold["content_hash"], "the same hold")
    connection.refused(propose({**held, "raw": "pwd"}), "id_conflict_held")
    connection.expect({"kind": "deny", "id": held["id"]}, "ack")
    closed = connection.expect(propose(held), "verdict")
    check(closed["decision"] == "deny", closed)
    check(connection.expect(propose(held), "verdict") == closed, "the same answer")
    connection.refused(propose({**held, "raw": "pwd"}), "id_conflict_closed")
    rejected = command("ls", cwd="nowhere")
    connection.refused(propose(rejected), "bad_request")
    check(connection.expect(propose({**rejected, "cwd": "/"}), "verdict")["decision"] == "allow", "no id consumed")


def what_ran_and_what_was_seen():
    connection = Connection()
    connection.expect({"kind": "observe", "change": "created", "path": "/home/ada/x"}, "ack")
    connection.expect({"kind": "record", **command("make"), "exit_code": 2, "duration_ms": 7}, "ack")
    connection.expect({"kind": "record", **command("make")}, "ack")
    allowed = command("touch x")
    connection.expect(propose(allowed), "verdict")
    connection.expect({"kind": "captured", "id": allowed["id"], "manifest": {"paths": []}}, "ack")
    hello = connection.expect({"kind": "hello", "version": 1, "client": "another"}, "hello")
    check(hello["version"] == 1, hello)


def records_are_told_in_order():
    follower, connection = Connection(), Connection()
    size = connection.expect({"kind": "status"}, "status")["log"]["size"]
    follower.send(json.dumps({"kind": "subscribe", "from_seq": 0}).encode() + b"\n")
    told = [follower.hear()["record"]["seq"] for _ in range(size)]
    check(told == list(range(size)), "every record from the first")
    asked = command("echo told")
    connection.expect(propose(asked), "verdict")
    check(follower.hear()["record"]["seq"] == size, "and every new one")
    chosen = Connection()
    chosen.send(json.dumps({"kind": "subscribe", "from_seq": 0, "kinds": ["hold"]}).encode() + b"\n")
    check("hold" in json.dumps(chosen.hear()["record"]), "of the kinds that were asked for")


def bad_frames():
    connection = Connection()
    for frame, code in [
        (b"", "bad_request"),
        (b"ls", "bad_request"),
        (b"\xff\xfe", "bad_request"),
        (b"[]", "bad_request"),
        (b'{"kind":7}', "bad_request"),
        (b'{"kind":"propose"}', "bad_request"),
        (b'{"kind":"dance"}', "unknown_request"),
    ]:
        connection.send(frame + b"\n")
        reply = connection.hear()
        check(reply["kind"] == "error" and reply["code"] == code, f"{code} for {frame}: {reply}")
    check(connection.expect({"kind": "status"}, "status")["protocol"] == 1, "it goes on")
    for frame, code in [
        (b"x" * (FRAME_BYTES_MAX + 1) + b"\n", "frame_too_large"),
        (b'{"kind":', "frame_timeout"),
    ]:
        connection = Connection()
        try:
            connection.send(frame)
        except (BrokenPipeError, ConnectionResetError):
            pass
        reply = connection.hear()
        check(reply["code"] == code, f"{code}: {reply}")
        try:
            check(connection.hear() is None, f"closed after {code}")
        except ConnectionResetError:
            pass


def idle_ones_delay_nobody():
    idle = [Connection() for _ in range(100)]
    halves = [Connection() for _ in range(20)]
    for half in halves:
        half.send(b"{")
    for _ in range(20):
        check(Connection().expect(propose(command("ls")), "verdict")["decision"] == "allow", "ls")
    check(idle[0].expect({"kind": "status"}, "status")["pid"] > 0, "an idle one may stay")


def a_challenge():
    connection = Connection()
    challenge = connection.expect({"kind": "authbegin", "op": "shutdown"}, "challenge")
    check(not challenge["locked"], challenge)
    bytes.fromhex(challenge["nonce"]), bytes.fromhex(challenge["salt"])
    for member in ["m_cost", "t_cost", "p_cost"]:
        check(isinstance(challenge["params"][member], int), challenge)
    stop = {"kind": "shutdown", "op": "shutdown"}
    connection.refused({**stop, "nonce": "00" * 32}, "auth_failed")
    return connection, {**stop, "nonce": challenge["nonce"]}


def shutdown():
    connection, stop = a_challenge()
    # The wrong one above has used the challenge up, or has not: another is given either way.
    challenge = connection.expect({"kind": "authbegin", "op": "shutdown"}, "challenge")
    connection.expect({**stop, "nonce": challenge["nonce"]}, "ack")
    check(connection.hear() is None, "it has stopped")


if sys.argv[2:] == ["shutdown"]:
    steps = [shutdown]
else:
    steps = [
        one_connection_one_request,
        any_number_on_one_connection,
        what_is_more_is_ignored,
        holds,
        an_id_means_one_command,
        what_ran_and_what_was_seen,
        records_are_told_in_order,
        bad_frames,
        idle_ones_delay_nobody,
        a_challenge,
    ]
for step in steps:
    step()
    print(step.__name__)
