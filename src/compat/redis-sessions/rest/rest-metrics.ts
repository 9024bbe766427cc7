import { inject, injectable } from 'inversify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { WaitingRoom } from '../../../delivery/waiting-room.js';
import { SessionEvents } from '../../../events/session-events.js';
import type { PushReport } from '../../../service/push-report.js';
import { SessionManager } from '../../../service/session-manager.js';

/** Histogram bounds in seconds: from a read in memory to a poll that is held to its end. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Events that are shown by kind. */
const countedByKind = [
  { event: 'closed', name: 'sessions_closed', label: 'reason', help: 'Sessions closed by this node, by reason' },
  { event: 'limit', name: 'limits_met', label: 'verdict', help: 'Logins of accounts at their limit, by verdict' },
  { event: 'refused', name: 'bearers_refused', label: 'kind', help: 'Requests whose bearer was refused, by kind' },
] as const;

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
    const { counts } = events;
    new Counter({
      name: 'session_mailbox_sessions_created_total',
      help: 'Sessions created at this node',
      registers,
      collect() {
        this.reset();
        this.inc(counts.total('created'));
      },
    });
    for (const { event, name, label, help } of countedByKind) {
      new Counter({
        name: `session_mailbox_${name}_total`,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset();
          for (const [kind, count] of Object.entries(counts.byKind(event))) this.inc({ [label]: kind }, count);
        },
      });
    }
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
