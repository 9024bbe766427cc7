import * as v from 'valibot';
import { problemResponse } from '../src/http/index.js';
import { type PushReport, SessionError, type SessionManager } from '../src/index.js';

export const messageSchema = v.object({
  to: v.union([
    v.strictObject({ session: v.string() }),
    v.strictObject({ account: v.string() }),
    v.strictObject({ app: v.string() }),
  ]),
  data: v.unknown(),
  key: v.optional(v.string()),
});

/** @throws ErrorHttpResponse 404 for a session that is not live */
export async function pushTo(
  manager: SessionManager,
  { to, data, key }: v.InferOutput<typeof messageSchema>,
): Promise<PushReport> {
  const options = key === undefined ? {} : { key };
  if ('session' in to) return manager.push(to.session, data, options).catch(notFound);
  if ('account' in to) return manager.pushToAccount(to.account, data, options);
  return manager.inApp(to.app).pushToApp(data, options);
}

/** Answers 404, not 401. The missing session is not that of the client that pushes, and 401 would ask this client to log in. */
function notFound(error: unknown): never {
  const isMiss = SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED');
  throw isMiss ? problemResponse(error, 404) : error;
}
