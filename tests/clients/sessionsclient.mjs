// SPDX-License-Identifier: GPL-3.0-or-later
// Many connections of npm's ws. Argument: {url, ca, headers, count, atOnce}. Standard input: "connect" or "leave" a line;
// "connect" says {"open"} when each has had its message back or was refused, and {"closed": codes} when none is open.
import fs from "node:fs";
import readline from "node:readline";
import WebSocket from "ws";

const { url, ca, headers, count, atOnce } = JSON.parse(process.argv[2]);
const certificate = fs.readFileSync(ca);
const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const sockets = new Set();
let codes = {};

function connectOne() {
  return new Promise((done) => {
    let open = false;
    const socket = new WebSocket(url, { ca: certificate, headers, perMessageDeflate: false });
    socket.on("open", () => socket.send("hello"));
    socket.on("message", () => done((open = sockets.add(socket) && true)));
    socket.on("error", () => {});
    socket.on("close", (code) => {
      if (!open) return done(false);
      codes[code] = (codes[code] ?? 0) + 1;
      sockets.delete(socket);
      if (sockets.size === 0) say({ closed: codes });
    });
  });
}

async function connectAll() {
  codes = {};
  let started = 0, opened = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (started++ < count) if (await connectOne()) ++opened;
  }));
  say({ open: opened });
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "connect") connectAll();
  else for (const socket of sockets) socket.close(1000);
}).on("close", () => process.exit(0));
