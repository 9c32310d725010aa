// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

const kept = 500; // lines on the page; older ones go
const byId = (id) => document.getElementById(id);
let socket = null;

function show(state, words) {
  byId("state").dataset.state = state;
  byId("state").textContent = words;
  const open = state === "open";
  byId("text").disabled = byId("send").disabled = !open;
  byId("connect").textContent = open ? "Disconnect" : "Connect";
}

function append(text) {
  const line = document.createElement("li");
  const time = line.appendChild(document.createElement("time"));
  time.textContent = new Date().toLocaleTimeString();
  line.appendChild(document.createElement("span")).textContent = text; // never as HTML: others wrote it
  const list = byId("messages");
  list.append(line);
  while (list.children.length > kept) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}

// A browser cannot set headers on a WebSocket, so the token travels as a subprotocol beside the one that is echoed.
function connect(url, token) {
  show("idle", "connecting…");
  try {
    socket = new WebSocket(url, ["gatehouse", "bearer." + token]);
  } catch (error) {
    show("closed", error.message);
    return;
  }
  let opened = false;
  socket.onopen = () => {
    opened = true;
    show("open", "connected");
    byId("text").focus();
  };
  socket.onmessage = (event) => append(typeof event.data === "string" ? event.data : `(${event.data.size} bytes)`);
  socket.onclose = (event) => {
    socket = null;
    // Before the upgrade a browser tells a page nothing, neither status nor certificate error.
    show("closed", opened ? `closed ${event.code} ${event.reason}` : "refused: token, origin, or CA not trusted");
  };
}

byId("door").onsubmit = (event) => {
  event.preventDefault();
  if (socket) socket.close(1000);
  else connect(byId("url").value, byId("token").value);
};

byId("publish").onsubmit = (event) => {
  event.preventDefault();
  if (!socket || !byId("text").value) return;
  socket.send(byId("text").value);
  byId("text").value = "";
};

const given = new URLSearchParams(location.hash.slice(1));
byId("url").value = given.get("url") || "wss://localhost:8443/hub/chat.lobby";
byId("token").value = given.get("token") || "";
if (given.has("token")) {
  history.replaceState(null, "", location.pathname); // out of the address bar and the history
  connect(byId("url").value, byId("token").value);
}
