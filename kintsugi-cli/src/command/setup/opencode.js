export const Kintsugi = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const reason = await refusal("opencode", {
      hook_event_name: "PreToolUse",
      session_id: input.sessionID,
      tool_use_id: input.callID,
      cwd: directory,
      tool_name: input.tool,
      tool_input: output.args ?? {},
    });
    if (reason !== undefined) throw new Error(reason);
  },
});
