export default function (amp) {
  amp.on("tool.call", async (event) => {
    const message = await refusal("amp", {
      hook_event_name: "PreToolUse",
      session_id: event?.threadID ?? event?.thread?.id ?? null,
      cwd: process.cwd(),
      tool_name: event?.tool,
      tool_input: event?.input ?? {},
    });
    return message === undefined ? { action: "allow" } : { action: "reject-and-continue", message };
  });
}
