import { inject, injectable } from 'inversify';
import { Histogram, Registry } from 'prom-client';
import { metrics } from '../../../metrics/prometheus.js';
import { SessionManager } from '../../../service/session-manager.js';

/** Histogram bounds in seconds: from a read in memory to a poll that is held to its end. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Metrics of this process for Prometheus: those of every service, and of the requests that this one answers. */
@injectable()
export class RestMetrics {
  readonly registry = new Registry();
  readonly #durations: Histogram<'method' | 'route' | 'status'>;

  constructor(@inject(SessionManager) manager: SessionManager) {
    const registers = [this.registry];
    metrics(manager, { registry: this.registry });
    this.#durations = new Histogram({
      name: 'session_mailbox_request_duration_seconds',
      help: 'Time from a request to the end of its response; of a poll, the time it was held',
      labelNames: ['method', 'route', 'status'],
      buckets: durations,
      registers,
    });
  }

  /** @param route the declared pattern: a label per requested path would grow without bound */
  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#durations.observe({ method, route, status }, seconds);
  }
}
