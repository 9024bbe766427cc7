import { randomInt } from 'node:crypto';

const epochs = 2 ** 31;
let latestEpoch = randomInt(epochs);

/**
 * Returns a tag that distinguishes a new mailbox from older mailboxes of the same session. Epochs must differ, but need
 * not be hard to guess. A process starts at a random number and goes through all 31-bit numbers before a number
 * repeats: a linear congruential generator with full period (Hull and Dobell, 1962).
 */
export function newEpoch(): string {
  latestEpoch = (Math.imul(latestEpoch, 1_103_515_245) + 12_345) & (epochs - 1);
  return latestEpoch.toString(36).padStart(6, '0');
}
