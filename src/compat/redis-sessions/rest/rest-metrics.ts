import { inject, injectable } from 'inversify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { WaitingRoom } from '../../../delivery/waiting-room.js';
import { closeReasons } from '../../../errors/close-reason.js';
import { everyApp, SessionEvents } from '../../../events/session-events.js';
import type { PushReport } from '../../../service/push-report.js';
import { SessionManager } from '../../../service/session-manager.js';

/** From a look-up in memory to a poll held to its end. Seconds. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * What the service tells Prometheus of this process. Several nodes on one store each count what they did themselves,
 * so that sums over all of them are right; an expiry is counted by the one that swept it.
 */
@injectable()
export class RestMetrics {
  readonly registry = new Registry();
  readonly #pushes: Counter<'outcome'>;
  readonly #durations: Histogram<'method' | 'route' | 'status'>;

  constructor(
    @inject(SessionEvents) events: SessionEvents,
    @inject(WaitingRoom) room: WaitingRoom,
    @inject(SessionManager) manager: SessionManager,
  ) {
    const registers = [this.registry];
    const created = new Counter({
      name: 'session_mailbox_sessions_created_total',
      help: 'Sessions created at this node',
      registers,
    });
    events.on(everyApp, 'created', () => created.inc());
    const closed = new Counter({
      name: 'session_mailbox_sessions_closed_total',
      help: 'Sessions closed by this node, by reason',
      labelNames: ['reason'],
      registers,
    });
    // A rate is known only from a number that was there before.
    for (const reason of Object.keys(closeReasons)) closed.inc({ reason }, 0);
    events.on(everyApp, 'closed', ({ reason }) => closed.inc({ reason }));
    new Gauge({
      name: 'session_mailbox_polls_held',
      help: 'Polls held at this node now',
      registers,
      collect() {
        this.set(room.held);
      },
    });
    new Gauge({
      name: 'session_mailbox_store_up',
      help: 'Whether the store answers: 1, or 0',
      registers,
      async collect() {
        this.set((await isStoreUp(manager)) ? 1 : 0);
      },
    });
    this.#pushes = new Counter({
      name: 'session_mailbox_messages_pushed_total',
      help: 'Messages pushed to mailboxes through this node, by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'session_mailbox_request_duration_seconds',
      help: 'From a request to the end of its response; of a poll, the time it was held',
      labelNames: ['method', 'route', 'status'],
      buckets: durations,
      registers,
    });
  }

  countPush({ accepted, dropped, refused }: PushReport): void {
    this.#pushes.inc({ outcome: 'accepted' }, accepted);
    this.#pushes.inc({ outcome: 'dropped' }, dropped);
    this.#pushes.inc({ outcome: 'refused' }, refused);
  }

  /** @param route as it was declared: one label for each path that is asked for would have no end */
  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#durations.observe({ method, route, status }, seconds);
  }
}

async function isStoreUp(manager: SessionManager): Promise<boolean> {
  try {
    await manager.ping();
    return true;
  } catch {
    return false;
  }
}
