#!/usr/bin/env python3
"""verify_log.py DIRECTORY: `good N`, `tampered SEQ` or `torn SEQ`. Written from the manual; needs `blake3` (PyPI) or `b3sum`."""
import glob, json, re, struct, subprocess, sys, tempfile
try:
    from blake3 import blake3
    def b3(data, key=None): return (blake3(data, key=key) if key else blake3(data)).digest()
except ImportError:
    def b3(data, key=None):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data); file.flush(); keyed = ["--keyed"] if key else []
            return subprocess.run(["b3sum", "--raw", *keyed, file.name], input=key, capture_output=True, check=True).stdout
TAIL = re.compile(rb',"sl":(\d+),"c":"([0-9a-f]{64})"(,"h":"([0-9a-f]{64})","m":"([0-9a-f]{32})"})\n$')
HEAD = re.compile(rb'{"v":1,"seq":(\d+),"d":(\d+),"ts":"[^"]*","boot":"[^"]*","kind":"(\w+)"')
SEAL = b',"h":"%s","m":"%s"}'
def split(line): # (seq, d, body without s, s, c, seal, h, m, kind), or None when the bytes are not a line
    head, tail = HEAD.match(line), TAIL.search(line)
    for length in (int(tail[1]), 4) if head and tail else ():
        start = tail.start() - length
        if line[:start].endswith(b',"s":') and (length != 4 or int(tail[1]) == 4 or line[start:tail.start()] == b"null"):
            return int(head[1]), int(head[2]), line[:start] + line[tail.start():tail.start(3)], line[start:tail.start()], *tail.group(2, 3, 4, 5), head[3]
def slots(data): # what the whole slots of the head say: next record, seal
    for slot in (data[:256], data[256:512]):
        if len(slot) == 256 and slot[:8] == b"kintsug1" and b3(slot[:224]) == slot[224:]:
            yield struct.unpack("<Q", slot[24:32])[0], (slot[48:80].hex().encode(), slot[80:96].hex().encode())
def main(directory):
    count, names = max(slots(open(f"{directory}/head", "rb").read()), default=("head", None))
    if count == "head": return "tampered head"
    files = sorted(glob.glob(f"{directory}/seg-{'[0-9]' * 12}.ndjson"))
    start, *_ = firsts = [int(file[-19:-7]) for file in files] or [0]
    seq, seal, key, taken, lines, redacted, named, pruned, hidden = start, b"", None, b"", [], set(), set(), 0, False
    for file, end in zip(files, [*firsts[1:], None]):
        extra, lines = lines, open(file, "rb").read().splitlines(keepends=True)
        try: opens = json.loads(lines[0])
        except (IndexError, ValueError): break
        why, previous, tree = opens.get("opening"), opens.get("previous"), opens.get("tree", {}).get("first", 0)
        if not why or why == "incident" and seq > start or extra and why != "failed_sync": break
        before = previous and SEAL % (previous["h"].encode(), previous["m"].encode())
        if seq == start:
            genesis = f"kintsugi audit genesis v1:{opens['log']}" + (f":{start}" if why == "incident" else "")
            seal = before or SEAL % (b3(genesis.encode()).hex().encode(), b"0" * 32)
            key = next((bytes.fromhex(open(name).read()) for name in glob.glob(f"{directory}/first-key-{tree:012}")), None)
            for _ in range(start - tree if key else 0): key = b3(b"kintsugi audit ratchet v1", key)
        elif seal != before or not hidden and b3(taken).hex() != previous["file"]: break
        taken, hidden = b"", False
        while lines and seq != end:
            part = split(lines[0])
            good = part and part[0] == seq >= part[1] and b3(seal + part[2]).hex().encode() == part[6] and (part[8] == b"open") == (not taken)
            good = good and (part[3] == b"null" or b3(part[3]).hex().encode() == part[4])
            good = good and (not key or b3(b"m" + bytes.fromhex(part[6].decode()), key)[:16].hex().encode() == part[7])
            if not good or seq + 1 == count and part[6:8] != names: break
            redacted, hidden = (redacted | {seq}, True) if part[3] == b"null" else (redacted, hidden)
            if part[8] in (b"redact", b"prune"): said = json.loads(lines[0]); named.update(said.get("seqs", [])); pruned = max(pruned, said.get("before", 0))
            taken, seal, key, seq = taken + lines.pop(0), part[5], key and b3(b"kintsugi audit ratchet v1", key), seq + 1
        if end not in (None, seq): break
    claims = [b[1] for a, b in zip(map(split, lines), map(split, lines[1:])) if a and b and b3(a[5] + b[2]).hex().encode() == b[6]]
    if max([count, *claims]) > seq or files and file != files[-1]: return f"tampered {seq}"
    if start > pruned or redacted - named: return f"tampered {0 if start > pruned else min(redacted - named)}"
    return f"torn {seq}" if lines or files and seq == firsts[-1] else f"good {seq - start}"
print(result := main(sys.argv[1]))
sys.exit({"good": 0, "tampered": 1, "torn": 2}[result.split()[0]])
