import type { RedisServer } from '../../support/redis-server.js';
import type { World } from '../faults.js';
import { steadyNow } from '../steady.js';
import { replicationOf } from './redis-servers.js';

/** Maximum time between the start of a failover that no fault caused and its detection. */
const unseenMs = 20_000;

/** Detects failovers that a busy machine caused, not a fault. */
export class ReplicationWatch {
  readonly #servers: readonly RedisServer[];
  #masters = '';
  #lookedAt = steadyNow();

  constructor(servers: readonly RedisServer[]) {
    this.#servers = servers;
  }

  /** Number of detected failovers. */
  count = 0;

  /** Accepts the current masters as the expected ones. */
  async expect(): Promise<void> {
    this.#masters = await this.#look();
  }

  async look({ changes }: World): Promise<void> {
    const since = this.#lookedAt;
    const found = await this.#look();
    if (this.#masters !== '' && found !== this.#masters) {
      this.count += 1;
      changes.wentBack(since - unseenMs, this.#lookedAt);
    }
    this.#masters = found;
  }

  async #look(): Promise<string> {
    const infos = await Promise.all(this.#servers.map(replicationOf));
    this.#lookedAt = steadyNow();
    return infos.map((info) => /master_replid:\w+/.exec(info)?.[0] ?? '').join();
  }
}
