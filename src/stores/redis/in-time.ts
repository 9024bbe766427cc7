import { storeUnavailable } from './unavailable.js';

/**
 * How long to wait for a reply. ioredis has a time limit too, but not for every place where a command may wait, and an
 * application's client may have none: a call that never ends would block a poll for ever.
 */
const replyTimeMs = 10_000;

/** @throws SessionError `STORE_UNAVAILABLE` when no reply comes in time */
export function inTime<Answer>(reply: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = () => reject(storeUnavailable(`There was no reply within ${replyTimeMs} ms`));
    const timer = setTimeout(late, replyTimeMs);
    reply.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
