import type { ExecutionContext } from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import type {
  Batch,
  Cancellable,
  IssuedSession,
  PollOptions,
  SessionContextOptions,
  SessionManager,
} from '../../src/index.js';
import { bindStore, type Service, startService } from '../support/service.js';
import { DelayedStore } from './delayed-store.js';

/** Number of timers of a service that holds no poll: one for the sweep, one for the heartbeat. */
export const timersAtRest = 2;

/** A poll with a token, as a front starts it. */
export class HeldPoll {
  readonly batches: Batch[] = [];
  readonly errors: unknown[] = [];
  acknowledge: (() => void) | undefined;
  readonly #poll: Cancellable;

  constructor(manager: SessionManager, token: string, options: PollOptions = { after: '' }) {
    this.#poll = manager.pollAsBearer(token, options, {
      deliver: (batch, acknowledge) => {
        this.batches.push(batch);
        this.acknowledge = acknowledge;
      },
      fail: (error) => this.errors.push(error),
    });
  }

  hangUp(): void {
    this.#poll.cancel();
  }

  get isHeld(): boolean {
    return this.batches.length === 0 && this.errors.length === 0;
  }

  /** The answer to the poll. Throws unless there was exactly one. */
  get batch(): Batch {
    const [batch] = this.batches;
    if (batch === undefined || this.batches.length > 1 || this.errors.length > 0) {
      throw new Error(`expected one answer, got ${this.batches.length} and ${this.errors.length} errors`);
    }
    return batch;
  }

  get data(): readonly unknown[] {
    return this.batch.messages.map((message) => message.data);
  }
}

export async function hold(service: Service, session: IssuedSession, options?: PollOptions): Promise<HeldPoll> {
  const poll = new HeldPoll(service.manager, session.token, { after: '', ...options });
  await settle();
  return poll;
}

export interface DelayedService extends Service {
  readonly store: DelayedStore;
}

/** Starts a service with a `DelayedStore`. */
export async function startDelayedService(
  t: ExecutionContext,
  context: SessionContextOptions = {},
): Promise<DelayedService> {
  let store: DelayedStore | undefined;
  const binding = bindStore((...args) => {
    store = new DelayedStore(...args);
    return store;
  });
  const service = await startService(t, context, { store: binding });
  if (store === undefined) throw new Error('the store was not resolved');
  const found = store;
  // An unanswered read would keep the service from stopping.
  t.teardown(() => {
    found.delays = false;
    for (const read of found.underWay.splice(0)) read.answer();
  });
  return { ...service, store };
}

/** Asserts that no poll is held, and that the session can expire again. */
export async function assertNoneHeld(t: ExecutionContext, service: Service, id: string): Promise<void> {
  await settle();
  t.is(service.room.held, 0, 'no poll is held');
  t.is(service.clock.pending, timersAtRest, 'no timer is left');
  const { ttl, lastTime } = await service.manager.getSession(id);
  t.true(lastTime <= service.clock.now());
  await service.clock.advance(ttl);
  await t.throwsAsync(service.manager.getSession(id), { code: 'SESSION_CLOSED' }, 'the session idles again');
}
