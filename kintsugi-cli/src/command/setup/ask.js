// Written by `kintsugi setup`: asks Kintsugi before every tool, and stops the tool unless the answer is yes.
import { spawn } from "node:child_process";

const HOOK = "@HOOK@";
// Longer than the hook itself waits for a person.
const LIMIT_MS = 150_000;
const OUTPUT_MAX = 1 << 20;

// Resolves to nothing when the tool may run, and to the reason when it may not. Whatever goes wrong is a reason.
async function refusal(host, payload) {
  try {
    const input = JSON.stringify(payload);
    const asked = await new Promise((resolve, reject) => {
      const child = spawn(HOOK, [host]);
      // Of our own: that of `spawn` goes on when there is no hook to start, and keeps the host from ending meanwhile.
      const late = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      const said = { out: "", err: "" };
      const keep = (name) => (text) => {
        if (said[name].length < OUTPUT_MAX) said[name] += text;
      };
      child.stdout.setEncoding("utf8").on("data", keep("out"));
      child.stderr.setEncoding("utf8").on("data", keep("err"));
      // A hook that has read enough to refuse closes its input.
      child.stdin.on("error", () => {});
      const done = (settle) => (what) => {
        clearTimeout(late);
        settle(what);
      };
      child.on("error", done(reject));
      child.on("close", done((status) => resolve({ ...said, status })));
      child.stdin.end(input);
    });
    // Nothing on standard output and a status of 0: nothing to decide about.
    if (asked.status === 0 && asked.out === "") return undefined;
    const answer = asked.out === "" ? {} : JSON.parse(asked.out);
    if (asked.status === 0 && answer.decision === "allow") return undefined;
    return answer.reason || `Kintsugi: no answer (${asked.err || asked.status})`;
  } catch (error) {
    return `Kintsugi: no answer (${error})`;
  }
}

