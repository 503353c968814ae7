// Written by `kintsugi setup`: asks Kintsugi before every tool, and stops the tool unless the answer is yes.
import { spawnSync } from "node:child_process";

const HOOK = "@HOOK@";

export const Kintsugi = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const payload = {
      hook_event_name: "PreToolUse",
      session_id: input.sessionID,
      tool_use_id: input.callID,
      cwd: directory,
      tool_name: input.tool,
      tool_input: output.args ?? {},
    };
    const asked = spawnSync(HOOK, ["opencode"], { input: JSON.stringify(payload), encoding: "utf8" });
    // Nothing on standard output and a status of 0: nothing to decide about.
    if (asked.status === 0 && asked.stdout === "") return;
    let answer = {};
    try {
      answer = JSON.parse(asked.stdout);
    } catch {
      // No answer is a no.
    }
    if (asked.status === 0 && answer.decision === "allow") return;
    throw new Error(answer.reason ?? `Kintsugi: no answer (${asked.error ?? asked.stderr ?? asked.status})`);
  },
});
