// SPDX-License-Identifier: GPL-3.0-or-later
// One connection of npm's mqtt. Argument: {url, ca, headers}. Subscribes, publishes what it then must receive, and says on
// standard output how it went: one event a line.
import fs from "node:fs";
import mqtt from "mqtt";

const { url, ca, headers } = JSON.parse(process.argv[2]);
const say = (event, rest = {}) => process.stdout.write(JSON.stringify({ event, ...rest }) + "\n");
const client = mqtt.connect(url, { reconnectPeriod: 0, wsOptions: { ca: fs.readFileSync(ca), headers } });

client.on("connect", async () => {
  say("connected");
  await client.subscribeAsync("plant/+/state", { qos: 1 });
  await client.publishAsync("plant/7/state", Buffer.from([0, 255, 128]), { qos: 1 });
});
client.on("close", () => say("closed")); // all that is said of a connection that was refused
client.on("message", async (topic, payload) => {
  say("message", { topic, payload: payload.toString("hex") });
  await client.endAsync();
});
client.on("error", (error) => {
  say("error", { message: error.message });
  client.end(true);
});
