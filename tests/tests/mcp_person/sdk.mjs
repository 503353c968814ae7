// Speaks to `kintsugi mcp` with the client of modelcontextprotocol.io's own SDK. Arguments: the SDK's directory, and the server.
// Prints a line of JSON for each thing that came of it; waits for a line on standard input where a person is asked.
import { createInterface } from "node:readline";

const [sdk, server] = process.argv.slice(2);
const { Client } = await import(`${sdk}/dist/esm/client/index.js`);
const { StdioClientTransport } = await import(`${sdk}/dist/esm/client/stdio.js`);
const { ElicitRequestSchema } = await import(`${sdk}/dist/esm/types.js`);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (what) => console.log(JSON.stringify(what));
const client = new Client({ name: "test", version: "1" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, async (request) => {
  say({ elicited: request.params.message });
  await lines.next();
  return { action: "accept", content: {} };
});
await client.connect(new StdioClientTransport({ command: server, args: ["mcp"], env: process.env }));
say({ server: client.getServerVersion(), can: client.getServerCapabilities() });
const { tools } = await client.listTools();
say({ tools: tools.map((tool) => tool.name) });

const run = (command, options) =>
  client.callTool({ name: "run_command", arguments: { command } }, undefined, options);
say(await run("printf out"));
say(await client.callTool({ name: "explain_command", arguments: { command: "rm -rf ~/" } }));
say(await client.callTool({ name: "approve", arguments: {} }).catch((error) => ({ code: error.code })));
const stop = new AbortController();
setTimeout(() => stop.abort("enough"), 300);
say(await run("sleep 100", { signal: stop.signal }).catch(() => ({ aborted: true })));
say(await run("git push --force origin main"));
say(await client.callTool({ name: "list_held", arguments: {} }));
await client.close();
say({ ended: true });
