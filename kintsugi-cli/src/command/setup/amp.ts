// Written by `kintsugi setup`: asks Kintsugi before every tool, and refuses the tool unless the answer is yes.
import { spawnSync } from "node:child_process";

const HOOK = "@HOOK@";

export default function (amp: any) {
  amp.on("tool.call", async (event: any) => {
    const payload = {
      hook_event_name: "PreToolUse",
      session_id: event.threadID ?? event.thread?.id ?? null,
      cwd: process.cwd(),
      tool_name: event.tool,
      tool_input: event.input ?? {},
    };
    const asked = spawnSync(HOOK, ["amp"], { input: JSON.stringify(payload), encoding: "utf8" });
    // Nothing on standard output and a status of 0: nothing to decide about.
    if (asked.status === 0 && asked.stdout === "") return { action: "allow" };
    let answer: any = {};
    try {
      answer = JSON.parse(asked.stdout);
    } catch {
      // No answer is a no.
    }
    if (asked.status === 0 && answer.decision === "allow") return { action: "allow" };
    return {
      action: "reject-and-continue",
      message: answer.reason ?? `Kintsugi: no answer (${asked.error ?? asked.stderr ?? asked.status})`,
    };
  });
}
