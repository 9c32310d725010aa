-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 1 of the store, PRAGMA user_version = 1. Statements end in a semicolon, which stands nowhere else.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    rule_pointer TEXT NOT NULL,
    rule_name TEXT NOT NULL,
    met TEXT NOT NULL,
    allowed TEXT NOT NULL,
    session INTEGER NOT NULL,
    user TEXT NOT NULL,
    issuer TEXT NOT NULL,
    address TEXT NOT NULL,
    route TEXT NOT NULL,
    origin TEXT NOT NULL,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    code INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    policy_version INTEGER NOT NULL,
    hash BLOB NOT NULL
);

CREATE INDEX audit_session ON audit (session);

CREATE INDEX audit_user ON audit (user);

CREATE INDEX audit_address ON audit (address);

-- AUTOINCREMENT keeps the number of a lifted ban from being given again.
CREATE TABLE bans (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    value TEXT NOT NULL,
    issuer TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
);
