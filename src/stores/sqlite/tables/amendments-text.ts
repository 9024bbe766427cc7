import type { Amendments } from '../../../store/engine/tables.js';

/** Returns the amendments as the column `amendments` stores them: a JSON array in a fixed order. */
export function textOfAmendments({ formerHash, authenticatedAt, level, lastIp, lastUserAgent }: Amendments): string {
  return JSON.stringify([formerHash, authenticatedAt, level, lastIp, lastUserAgent]);
}

/** @param text written by `textOfAmendments`, as the checksum of its row proves */
export function amendmentsOfText(text: string): Amendments {
  const values: readonly [string, number, number, string, string] = JSON.parse(text);
  const [formerHash, authenticatedAt, level, lastIp, lastUserAgent] = values;
  return { formerHash, authenticatedAt, level, lastIp, lastUserAgent };
}
