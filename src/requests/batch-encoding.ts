import type { Batch } from '../delivery/batch.js';

/**
 * Returns the JSON of a batch, as every front sends it. The push has serialised each message once; this function only
 * inserts the text.
 */
export function encodeBatch(batch: Batch): string {
  let text = '{"messages":[';
  let separator = '';
  for (const message of batch.messages) {
    text += `${separator}{"offset":${message.offset},"at":${message.at},"data":${message.json}}`;
    separator = ',';
  }
  text += `],"cursor":"${batch.cursor}","lost":${batch.lost}`;
  if (batch.reset) text += ',"reset":true';
  if (batch.superseded) text += ',"superseded":true';
  if (batch.retry !== undefined) text += `,"retry":${batch.retry}`;
  if (batch.closed !== undefined) text += `,"closed":${JSON.stringify(batch.closed)}`;
  return `${text}}`;
}
