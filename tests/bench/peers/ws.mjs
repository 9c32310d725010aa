// SPDX-License-Identifier: GPL-3.0-or-later
// Echo on /echo, everybody's messages to everybody else on /all: npm's ws on node's https.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { WebSocket, WebSocketServer } from "ws";

const [port, certificate, key] = process.argv.slice(2);
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
const sockets = new WebSocketServer({ server });
const all = new Set();

sockets.on("connection", (socket, request) => {
  if (request.url !== "/all") {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    return;
  }
  all.add(socket);
  socket.on("close", () => all.delete(socket));
  socket.on("message", (data, binary) => {
    for (const other of all) if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary });
  });
});
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
