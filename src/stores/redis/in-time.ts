import { storeUnavailable } from './unavailable.js';

/**
 * How long to wait for a reply. ioredis has a time limit too, but not for every place where a command may wait, and an
 * application's client may have none: a call that never ends would block a poll for ever.
 */
const replyTimeMs = 10_000;

/**
 * @param moreMs how much longer the server may take, because it waits for others
 * @throws SessionError `STORE_UNAVAILABLE` when no reply comes in time
 */
export function inTime<Answer>(reply: Promise<Answer>, moreMs = 0): Promise<Answer> {
  const time = replyTimeMs + moreMs;
  return new Promise((resolve, reject) => {
    const late = () => reject(storeUnavailable(`There was no reply within ${time} ms`));
    const timer = setTimeout(late, time);
    reply.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
