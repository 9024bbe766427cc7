import { invalidArgument } from '../errors/session-error.js';

/** A position in a mailbox. A client that sends it as `after` acknowledges everything up to it. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
  /**
   * When the message was accepted that was the newest as this cursor was given, in milliseconds since the Unix epoch. A
   * store that lost its newest messages gives their offsets to other messages, and this tells which ones the client has.
   * Not used at offset 0. Negative for a cursor without proof, which fits no message.
   */
  readonly proof: number;
}

const noProof = -1;

/** At most 15 decimal digits and 10 of base 36 are below 2^53: every number that matches is exact. */
const pattern = /^[0-9a-z]{1,16}\.[0-9]{1,15}(?:\.[0-9a-z]{1,10})?$/;

/** The latest proof that was written: messages come many in a millisecond, and base 36 takes longer than all else here. */
let written = { proof: 0, text: '0' };

export function formatCursor(epoch: string, offset: number, proof: number): string {
  if (written.proof !== proof) written = { proof, text: proof.toString(36) };
  return `${epoch}.${offset}.${written.text}`;
}

/**
 * @param name of the argument, for the error
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function parseCursor(text: unknown, name: 'after' | 'cursor' = 'after'): Cursor {
  if (typeof text !== 'string' || !pattern.test(text)) {
    const rule = name === 'after' ? 'must be empty or the cursor of a batch' : 'must be the cursor of a batch';
    throw invalidArgument(name, rule, text);
  }
  const dot = text.indexOf('.');
  const proofDot = text.indexOf('.', dot + 1);
  const epoch = text.slice(0, dot);
  if (proofDot === -1) return { epoch, offset: Number(text.slice(dot + 1)), proof: noProof };
  const proof = Number.parseInt(text.slice(proofDot + 1), 36);
  return { epoch, offset: Number(text.slice(dot + 1, proofDot)), proof };
}
