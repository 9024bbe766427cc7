import { randomInt } from 'node:crypto';

const epochs = 2 ** 31;
let latestEpoch = randomInt(epochs);

/**
 * A tag for one unbroken life of a mailbox. Starts at random in each process, and steps through all 31-bit numbers
 * before any comes again (a linear congruential generator with the full period of Hull and Dobell, 1962): it needs to
 * differ, not to be hard to guess.
 */
export function newEpoch(): string {
  latestEpoch = (Math.imul(latestEpoch, 1_103_515_245) + 12_345) & (epochs - 1);
  return latestEpoch.toString(36).padStart(6, '0');
}
