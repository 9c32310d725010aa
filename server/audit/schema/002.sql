-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 2 of the store, PRAGMA user_version = 2: what tokens are worth nothing any more.
CREATE TABLE revocations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    value TEXT NOT NULL,
    issuer TEXT NOT NULL,
    issued_before INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
);

-- One-time tokens that were used, each by the digest of its issuer and jti.
CREATE TABLE token_uses (
    digest BLOB PRIMARY KEY NOT NULL,
    until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX token_uses_until ON token_uses (until);
