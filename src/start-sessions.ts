import { Container } from 'inversify';
import type { SessionContextOptions } from './context/session-context.js';
import { type StoreBinding, sessionModule } from './module.js';
import { ClientPolicy } from './service/client-policy.js';
import { SessionManager } from './service/session-manager.js';

/** A service that runs, for an application that has no container of its own. */
export interface RunningSessions {
  readonly sessions: SessionManager;
  /** Answers held polls, ends the background work and closes the store. */
  stop(): Promise<void>;
}

/**
 * Starts the service in a container of its own.
 * @param context the configuration. Default: all defaults
 * @param store where sessions and messages are kept. Default: the memory of this process, without a snapshot
 * @param clientPolicy judges clients that change address or user agent. Default: they are not compared
 * @throws SessionError `INVALID_CONTEXT`, or `STORE_UNAVAILABLE` if the store can't be opened
 */
export async function startSessions(
  context: SessionContextOptions = {},
  store?: StoreBinding,
  clientPolicy?: ClientPolicy,
): Promise<RunningSessions> {
  const container = new Container();
  if (clientPolicy !== undefined) container.bind(ClientPolicy).toConstantValue(clientPolicy);
  container.load(sessionModule(context, store));
  const sessions = await container.getAsync(SessionManager);
  return { sessions, stop: () => container.unbindAllAsync() };
}
