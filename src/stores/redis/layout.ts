/**
 * The position of each field in the packed arrays that the scripts store, counted from 1 as in Lua. A session always has the
 * first sixteen, and the others once its mailbox was used; a tombstone has only the first three.
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
  epoch: 17,
  tail: 18,
  taken: 19,
  count: 20,
  bytes: 21,
  newest: 22,
  gaps: 23,
  agesMixed: 24,
  keyed: 25,
  readers: 26,
  replaced: 27,
  /** When the message at the tail was accepted, and the one at `taken`. */
  tailProof: 28,
  takenProof: 29,
  /** The history of the server in which the mailbox was used last; see `mailboxes.lua`. */
  history: 30,
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
} as const;
