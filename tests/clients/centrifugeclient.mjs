// SPDX-License-Identifier: GPL-3.0-or-later
// npm's centrifuge over npm's ws. Argument: {url, ca, token, headers}; where `token` is absent, one is asked for.
// Standard input: a command a line, {id, do, …}; standard output: an event a line, {answer: id, …} among them.
import fs from "node:fs";
import readline from "node:readline";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";

const { url, ca, token, headers } = JSON.parse(process.argv[2]);
const certificate = fs.readFileSync(ca);
const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const told = (error) => ({ code: error?.code, message: error?.message });

class Socket extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { ca: certificate, headers, perMessageDeflate: false });
  }
}

let waiting = [];
const ask = (what) => new Promise((done) => {
  waiting.push(done);
  say({ need: what });
});

const client = new Centrifuge(url, {
  websocket: Socket,
  token,
  getToken: () => ask("token"),
  minReconnectDelay: 50,
  maxReconnectDelay: 300,
});
client.on("connecting", ({ code, reason }) => say({ connecting: code, reason }));
client.on("connected", ({ client: id }) => say({ connected: id }));
client.on("disconnected", ({ code, reason }) => say({ disconnected: code, reason }));
client.on("error", ({ error }) => say({ error: told(error) }));
client.on("publication", ({ channel, data, offset }) => say({ server: channel, data, offset }));

function subscribe({ channel, options, token: wanted }) {
  const subscription = client.newSubscription(channel,
    { ...options, ...(wanted ? { getToken: () => ask("channel token") } : {}), minResubscribeDelay: 50 });
  subscription.on("publication", ({ data, offset, info }) => say({ publication: channel, data, offset, user: info?.user }));
  subscription.on("subscribing", ({ code }) => say({ subscribing: channel, code }));
  subscription.on("subscribed", ({ recoverable, positioned, wasRecovering, recovered }) =>
    say({ subscribed: channel, recoverable, positioned, wasRecovering, recovered }));
  subscription.on("unsubscribed", ({ code }) => say({ unsubscribed: channel, code }));
  subscription.on("join", ({ info }) => say({ join: channel, user: info.user }));
  subscription.on("leave", ({ info }) => say({ leave: channel, user: info.user }));
  subscription.on("error", ({ error }) => say({ failed: channel, ...told(error) }));
  subscription.subscribe();
}

const commands = {
  connect: () => client.connect(),
  disconnect: () => client.disconnect(),
  subscribe,
  unsubscribe: ({ channel }) => client.getSubscription(channel).unsubscribe(),
  token: ({ token: text }) => waiting.shift()(text),
  publish: ({ channel, data }) => client.publish(channel, data),
  many: async ({ channel, from, count }) => {
    client.startBatching();
    const all = Array.from({ length: count }, (_, i) => client.publish(channel, { n: from + i }));
    client.stopBatching();
    await Promise.all(all);
  },
  presence: ({ channel }) => client.presence(channel),
  presenceStats: ({ channel }) => client.presenceStats(channel),
  history: ({ channel, options }) => client.history(channel, options),
  rpc: ({ method }) => client.rpc(method, {}),
};

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const command = JSON.parse(line);
  try {
    say({ answer: command.id, result: (await commands[command.do](command)) ?? null });
  } catch (error) {
    say({ answer: command.id, error: told(error) });
  }
}).on("close", () => process.exit(0));
