import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import {
  Clock,
  type SessionContextOptions,
  SessionError,
  type SessionErrorCode,
  SessionManager,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';

export interface Service {
  readonly container: Container;
  readonly manager: SessionManager;
  readonly clock: ManualClock;
}

/** Starts the service without a server, with a clock that does not advance by itself. */
export async function startService(context: SessionContextOptions = {}, store?: StoreBinding): Promise<Service> {
  const container = new Container();
  const clock = new ManualClock();
  container.bind(Clock).toConstantValue(clock);
  container.load(sessionModule(context, store));
  return { container, clock, manager: await container.getAsync(SessionManager) };
}

/** Returns the code with which the call is refused. Rethrows any error but a `SessionError`. */
export async function refusalOf(deed: () => Promise<unknown>): Promise<SessionErrorCode | 'not refused'> {
  try {
    await deed();
    return 'not refused';
  } catch (error) {
    if (SessionError.is(error)) return error.code;
    throw error;
  }
}
