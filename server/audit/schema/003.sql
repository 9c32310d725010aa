-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 3 of the store, PRAGMA user_version = 3: every version of the policy that ran, and what an operator ordered in
-- an incident.
CREATE TABLE policy_versions (
    version INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,
    time INTEGER NOT NULL,
    author TEXT NOT NULL,
    via TEXT NOT NULL,
    reason TEXT NOT NULL,
    hash TEXT NOT NULL,
    restores INTEGER NOT NULL,
    provisional_until INTEGER,
    confirmed INTEGER,
    confirmed_by TEXT NOT NULL,
    document BLOB NOT NULL
);

CREATE INDEX policy_versions_hash ON policy_versions (hash);

-- One lockdown at most. Its users stand one on a line, its networks between spaces. Where it has no lists of its own, those
-- of the policy hold.
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
