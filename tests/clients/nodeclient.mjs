// SPDX-License-Identifier: GPL-3.0-or-later
// One connection of npm's ws. Argument: {url, ca, headers, subprotocols, compress, origin?}.
// Standard output: one event a line. Standard input: {"text": …} or {"binary": hex} a line; its end closes the connection.
import fs from "node:fs";
import readline from "node:readline";
import WebSocket from "ws";

const { url, ca, headers, subprotocols, compress, origin } = JSON.parse(process.argv[2]);
const say = (event, rest = {}) => process.stdout.write(JSON.stringify({ event, ...rest }) + "\n");

const perMessageDeflate = compress && { threshold: 0 };
const socket = new WebSocket(url, subprotocols, { ca: fs.readFileSync(ca), headers, origin, perMessageDeflate });

socket.on("open", () => say("open", { subprotocol: socket.protocol, extensions: socket.extensions }));
socket.on("unexpected-response", (request, response) => {
  say("refused", { status: response.statusCode, headers: response.headers });
  response.destroy();
  process.exitCode = 0;
  lines.close();
});
socket.on("error", (error) => {
  say("error", { message: error.message });
  lines.close();
});
socket.on("message", (data, isBinary) =>
  say("message", isBinary ? { binary: data.toString("hex") } : { text: data.toString("utf8") }));
socket.on("close", (code, reason) => {
  say("close", { code, reason: reason.toString("utf8") });
  lines.close();
});

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const message = JSON.parse(line);
  socket.send("text" in message ? message.text : Buffer.from(message.binary, "hex"));
});
lines.on("close", () => {
  process.stdin.destroy();
  if (socket.readyState === WebSocket.OPEN) socket.close(1000);
});
