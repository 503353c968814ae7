#!/usr/bin/env python3
"""verify_log.py DIRECTORY: says `good N`, `tampered SEQ` or `torn SEQ` of a Kintsugi audit log, format 1.
Written from the manual. Needs the package `blake3`, or the program `b3sum`."""
import glob, os, re, struct, subprocess, sys, tempfile
try:
    from blake3 import blake3
    def b3(data, key=None): return (blake3(data, key=key) if key else blake3(data)).digest()
except ImportError:
    def b3(data, key=None):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data); file.flush()
            keyed = ["--keyed"] if key else []
            return subprocess.run(["b3sum", "--raw", *keyed, file.name], input=key, capture_output=True, check=True).stdout
TAIL = re.compile(rb',"sl":(\d+),"c":"([0-9a-f]{64})"(,"h":"([0-9a-f]{64})","m":"([0-9a-f]{32})"})\n$')
HEAD = re.compile(rb'{"v":1,"seq":(\d+),"d":(\d+),"ts":"')

def split(line):
    """Returns (seq, d, body without s, s, c, seal, h, m), or None when the bytes are not a line."""
    head, tail = HEAD.match(line), TAIL.search(line)
    if not head or not tail: return None
    for length in (int(tail[1]), 4):
        start = tail.start() - length
        if line[:start].endswith(b',"s":') and (length != 4 or int(tail[1]) == 4 or line[start:tail.start()] == b"null"):
            body = line[:start] + line[tail.start():tail.start(3)]
            return int(head[1]), int(head[2]), body, line[start:tail.start()], tail[2], tail[3], tail[4], tail[5]
    return None

def slots(path):
    """Returns what the whole slots of the head say: next record, seal."""
    data = open(path, "rb").read()
    for slot in (data[:256], data[256:512]):
        if len(slot) == 256 and b3(slot[:224]) == slot[224:] and slot[:8] == b"kintsug1":
            yield struct.unpack("<Q", slot[24:32])[0], (slot[48:80].hex().encode(), slot[80:96].hex().encode())

def main(directory):
    heads = list(slots(f"{directory}/head"))
    if not heads: return "tampered head"
    count, names = max(heads)
    lines = [line for file in sorted(glob.glob(f"{directory}/seg-*.ndjson")) for line in open(file, "rb").read().splitlines(keepends=True)]
    keys = glob.glob(f"{directory}/first-key-000000000000")
    key = bytes.fromhex(open(keys[0]).read()) if keys else None
    log = re.search(rb'"log":"([0-9a-f-]{36})"', lines[0]) if lines else None
    genesis = b3(b"kintsugi audit genesis v1:" + log[1]).hex().encode() if log else b""
    seal, seq = b',"h":"%s","m":"%s"}' % (genesis, b"0" * 32), 0
    for seq, line in enumerate(lines + [None]):
        part = split(line) if line else None
        good = part and part[0] == seq >= part[1] and b3(seal + part[2]).hex().encode() == part[6]
        good = good and (part[3] == b"null" or b3(part[3]).hex().encode() == part[4])
        good = good and (not key or b3(b"m" + bytes.fromhex(part[6].decode()), key)[:16].hex().encode() == part[7])
        if not good or seq + 1 == count and (part[6], part[7]) != names: break
        seal, key = part[5], key and b3(b"kintsugi audit ratchet v1", key)
    later = [split(line) for line in lines[seq:]]
    claims = [b[1] for a, b in zip(later, later[1:]) if a and b and b3(a[5] + b[2]).hex().encode() == b[6]]
    if max([count, *claims]) > seq: return f"tampered {seq}"
    return f"good {seq}" if seq == len(lines) else f"torn {seq}"

result = main(sys.argv[1])
print(result)
sys.exit({"good": 0, "tampered": 1, "torn": 2}[result.split()[0]])
