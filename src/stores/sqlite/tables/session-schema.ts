/**
 * The tables of the sessions. Values that change with every contact have a separate table with narrow rows, `contact`.
 * Each row has a checksum of its values. The checksum of `contact` includes the session's app and id, so that no
 * session is ever shown with the contact of another session.
 *
 * All times are milliseconds since the Unix epoch.
 */
export const sessionSchema = `
CREATE TABLE session (
  key INTEGER PRIMARY KEY, -- in the order of creation
  app TEXT NOT NULL,
  id TEXT NOT NULL,
  account TEXT NOT NULL,
  secret_hash TEXT NOT NULL, -- SHA-256, base64url
  generation INTEGER NOT NULL, -- number of rotations that closed the connections of earlier tokens
  created_at INTEGER NOT NULL,
  max_age INTEGER NOT NULL, -- 0: none
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  amendments TEXT, -- JSON: values that replace those of the creation, see amendments-text.ts; NULL: none
  attributes TEXT, -- JSON: [key, JSON text of the value, …]; NULL: none
  writes INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX session_by_id ON session (app, id);
CREATE INDEX session_by_account ON session (app, account);

-- One row for each session, under the same key.
CREATE TABLE contact (
  key INTEGER PRIMARY KEY,
  last_time INTEGER NOT NULL,
  last_contact INTEGER NOT NULL,
  ttl INTEGER NOT NULL,
  reads INTEGER NOT NULL,
  due_at INTEGER NOT NULL, -- earliest time at which the session can be due
  silent_at INTEGER, -- earliest time at which the session can be silent; NULL: reported as away
  parked INTEGER NOT NULL, -- 1: a reader of the mailbox is parked
  retained INTEGER NOT NULL, -- messages in the mailbox
  mailbox TEXT, -- JSON: its state, with its messages while they are small; NULL: none yet
  -- Differs after each change of the session. It begins at a random number: a session may get the key of an ended one,
  -- and must not be taken for it.
  version INTEGER NOT NULL DEFAULT (random() & 0x3ffffffffffff),
  checksum INTEGER NOT NULL
) STRICT;
CREATE INDEX contact_by_due ON contact (due_at);
CREATE INDEX contact_by_silence ON contact (silent_at) WHERE silent_at IS NOT NULL;

-- The messages of mailboxes that are too large for their row.
CREATE TABLE message (
  session INTEGER NOT NULL, -- the session's key
  offset INTEGER NOT NULL,
  at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  key TEXT,
  json TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (session, offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_by_key ON message (session, key) WHERE key IS NOT NULL;

-- One row: the current history of the file; see history.ts.
CREATE TABLE history (
  tag TEXT NOT NULL, -- empty until the file is opened for the first time
  boot TEXT NOT NULL -- the boot of the machine under which it is open with durability interval; empty: not open with interval
) STRICT;
INSERT INTO history VALUES ('', '');

-- Closed sessions, while their close reason is remembered.
CREATE TABLE tombstone (
  app TEXT NOT NULL,
  id TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  forgotten_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_by_time ON tombstone (forgotten_at);
`;
