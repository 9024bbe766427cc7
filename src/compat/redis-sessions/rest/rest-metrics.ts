import { inject, injectable } from 'inversify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { WaitingRoom } from '../../../delivery/waiting-room.js';
import { closeReasons } from '../../../errors/close-reason.js';
import { everyApp, SessionEvents } from '../../../events/session-events.js';
import type { PushReport } from '../../../service/push-report.js';
import { SessionManager } from '../../../service/session-manager.js';

/** Histogram bounds in seconds: from a read in memory to a poll that is held to its end. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Metrics of this process for Prometheus. Each node counts what it did itself, so sums over the nodes of one store are
 * right. An expiry is counted by the node that swept the session.
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
    // Prometheus computes a rate only for a counter that existed before its first increment.
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
      help: '1 while the store can be used, else 0',
      registers,
      async collect() {
        this.set((await isStoreUp(manager)) ? 1 : 0);
      },
    });
    this.#pushes = new Counter({
      name: 'session_mailbox_messages_pushed_total',
      help: 'Messages pushed to mailboxes through this node, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'session_mailbox_request_duration_seconds',
      help: 'Time from a request to the end of its response; of a poll, the time it was held',
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

  /** @param route the declared pattern: a label per requested path would grow without bound */
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
