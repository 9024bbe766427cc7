import { storeUnavailable } from './unavailable.js';

/**
 * Milliseconds to wait for a reply. The time limit of ioredis does not cover every place where a command may wait, and
 * an application's client may have no limit. A call that never ends would block a poll for ever.
 */
const replyTimeMs = 10_000;

/**
 * @param moreMs additional milliseconds for a server that waits for its replicas
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
