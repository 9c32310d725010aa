// SPDX-License-Identifier: GPL-3.0-or-later
// Echo on /echo, everybody's messages to everybody else on /all. Bun's server is uWebSockets on BoringSSL.
const [port, certificate, key] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  ...(certificate && { tls: { cert: Bun.file(certificate), key: Bun.file(key) } }), // plain behind a gateway
  fetch(request, server) {
    const all = new URL(request.url).pathname === "/all";
    return server.upgrade(request, { data: { all } }) ? undefined : new Response("", { status: 400 });
  },
  websocket: {
    open(socket) {
      if (socket.data.all) socket.subscribe("all");
    },
    message(socket, message) {
      if (socket.data.all) socket.publish("all", message);
      else socket.send(message);
    },
  },
});
console.log("ready");
