/**
 * The position of each field in the packed arrays that the scripts store, counted from 1 as in Lua. A session always has the
 * first seventeen, and the others once its mailbox was used; a tombstone has only the first three.
 */
export const layout = {
  secretHash: 1,
  /** Why it was closed; empty while it lives. */
  reason: 2,
  forgottenAt: 3,
  accountId: 3,
  /** Creation in microseconds, by which the sessions of an account are ordered. */
  birth: 4,
  lastTime: 5,
  lastContact: 6,
  ttl: 7,
  maxAge: 8,
  ip: 9,
  userAgent: 10,
  reads: 11,
  writes: 12,
  /** 1 unless it was reported away. */
  online: 13,
  hasAttributes: 14,
  /** When its keys expire if nothing happens before. */
  keepUntil: 15,
  /** How many rotations ended what earlier tokens had opened. */
  generation: 16,
  /** What came in the place of what it was created with: an array of its own, or `false` for nothing. */
  amendments: 17,
  epoch: 18,
  tail: 19,
  taken: 20,
  count: 21,
  bytes: 22,
  newest: 23,
  gaps: 24,
  agesMixed: 25,
  keyed: 26,
  readers: 27,
  replaced: 28,
  /** When the message at the tail was accepted, and the one at `taken`. */
  tailProof: 29,
  takenProof: 30,
  /** The history of the server in which the mailbox was used last; see `mailboxes.lua`. */
  history: 31,
  // A reader.
  name: 1,
  cursor: 2,
  lastPoll: 3,
  /** 0 when it is not parked. */
  parkedUntil: 4,
  node: 5,
  ticket: 6,
  /** When the message at the cursor was accepted. */
  proof: 7,
  /** The cursor that the reader was given last. */
  given: 8,
  givenProof: 9,
  // The amendments.
  /** The hash of the secret before the latest rotation; empty before the first. */
  formerHash: 1,
  authenticatedAt: 2,
  level: 3,
  lastIp: 4,
  lastUserAgent: 5,
} as const;
