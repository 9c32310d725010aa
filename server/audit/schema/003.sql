-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 3 of the store, PRAGMA user_version = 3: what an operator ordered in an incident, beside bans. One lockdown at most. Its users stand one on a line, its
-- networks between spaces. Where it has no lists of its own, those of the policy hold.
CREATE TABLE lockdown (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    own_lists INTEGER NOT NULL,
    users TEXT NOT NULL,
    networks TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
);

-- A limit of a session goes when the store is opened, as the session has gone. A rate is a count in so many nanoseconds.
CREATE TABLE temporary_limits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL,
    user TEXT NOT NULL,
    issuer TEXT NOT NULL,
    count INTEGER NOT NULL,
    per INTEGER NOT NULL,
    burst INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
);
