import { Container } from 'inversify';
import type { SessionContextOptions } from './context/session-context.js';
import { type StoreBinding, sessionModule } from './module.js';
import { ClientPolicy } from './service/client-policy.js';
import { SessionManager } from './service/session-manager.js';

/** A running service, for an application without a container. */
export interface RunningSessions {
  readonly sessions: SessionManager;
  /** Answers held polls, ends the background work and closes the store. */
  stop(): Promise<void>;
}

/**
 * Starts the service in its own container.
 * @param context the configuration. Default: all defaults
 * @param store the store of sessions and messages. Default: the memory of this process, without a snapshot
 * @param clientPolicy accepts or refuses clients that change address or user agent. Default: clients are not compared
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
