-- SPDX-License-Identifier: GPL-3.0-or-later
-- Version 3 of the store, PRAGMA user_version = 3: every version of the policy that ran.
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
