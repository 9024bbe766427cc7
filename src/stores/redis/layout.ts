/**
 * The position of each field in the packed arrays that the scripts store, counted from 1 as in Lua. A session always has the
 * first seventeen fields. It has the others once its mailbox was used. A tombstone has only the first three.
 */
export const layout = {
  secretHash: 1,
  /** Why the session was closed; empty while it is live. */
  reason: 2,
  forgottenAt: 3,
  accountId: 3,
  /** Time of creation in microseconds. The sessions of an account are ordered by it. */
  birth: 4,
  lastTime: 5,
  lastContact: 6,
  ttl: 7,
  maxAge: 8,
  ip: 9,
  userAgent: 10,
  reads: 11,
  writes: 12,
  /** 1 unless the session was reported away. */
  online: 13,
  hasAttributes: 14,
  /** When the keys of the session expire if nothing happens before. */
  keepUntil: 15,
  /** Number of rotations that ended everything that earlier tokens had opened. */
  generation: 16,
  /** Values that replace those with which the session was created: a nested array, or `false` if there are none. */
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
  /** When the message at the tail was accepted. */
  tailProof: 29,
  /** When the message at `taken` was accepted. */
  takenProof: 30,
  /** The history of the server when the mailbox was used last; see `mailboxes.lua`. */
  history: 31,
  // Fields of a reader.
  name: 1,
  cursor: 2,
  lastPoll: 3,
  /** 0 when the reader is not parked. */
  parkedUntil: 4,
  node: 5,
  ticket: 6,
  /** When the message at the cursor was accepted. */
  proof: 7,
  /** The cursor that the reader received last. */
  given: 8,
  givenProof: 9,
  // Fields of the amendments.
  /** The hash of the secret before the latest rotation; empty before the first. */
  formerHash: 1,
  authenticatedAt: 2,
  level: 3,
  lastIp: 4,
  lastUserAgent: 5,
} as const;
