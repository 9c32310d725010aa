// SPDX-License-Identifier: GPL-3.0-or-later
// An application that knows nothing of tokens, on the public API of npm's ws. Arguments: "echo" or "chat", a port (0: any).
// Says on standard output where it listens and how each connection was closed.
import { WebSocket, WebSocketServer } from "ws";

const [kind, port] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(port),
  handleProtocols: (offered) => (offered.has("lines.v2") ? "lines.v2" : false),
});
server.on("listening", () => say({ port: server.address().port }));
server.on("connection", (socket, request) => {
  socket.on("close", (code, reason) => say({ code, reason: reason.toString("utf8") }));
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    const text = isBinary ? "" : data.toString("utf8");
    if (text === "request") socket.send(JSON.stringify({ target: request.url, headers: request.headers }));
    else if (text === "bye") socket.close(4000, "the shift is over");
    else if (kind === "echo") socket.send(data, { binary: isBinary });
    else for (const other of server.clients) if (other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
  });
});
