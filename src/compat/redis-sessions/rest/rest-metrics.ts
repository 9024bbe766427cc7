import { inject, injectable } from 'inversify';
import { Histogram, Registry } from 'prom-client';
import { metrics } from '../../../metrics/prometheus.js';
import { SessionManager } from '../../../service/session-manager.js';

/** Bounds of the histogram in seconds, from a read in memory to a poll that is held for its whole wait. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Metrics of this process for Prometheus: the metrics of every service, and a histogram of the requests to this
 * service.
 */
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

  /** @param route the declared pattern of the route: one label per requested path would be unbounded */
  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.#durations.observe({ method, route, status }, seconds);
  }
}
