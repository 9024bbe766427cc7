import type { Cluster, Redis } from 'ioredis';
import { isCluster } from './client.js';
import { slotOf } from './cluster-slot.js';
import type { RedisConnection } from './connection.js';

/**
 * Direct connections to the masters. The Cluster client can't route calls that wait for replicas: it does not report
 * which connection a call took, and `WAIT` must follow on the same connection.
 */
export class Masters {
  readonly #connection: RedisConnection;
  readonly #slots = new Map<string, number>();

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /**
   * Returns a name that identifies the master of this bucket; '' when it is not known, and always on a single server.
   */
  nameOf(bucket: string): string {
    const { client } = this.#connection;
    return isCluster(client) ? (client.slots[this.#slotOf(bucket)]?.[0] ?? '') : '';
  }

  /** Returns the connection to the master of this bucket; `undefined` when no master is known. */
  of(bucket: string): Redis | undefined {
    const { client } = this.#connection;
    return isCluster(client) ? nodeAt(client, this.nameOf(bucket)) : client;
  }

  /** Returns the connection to the server that a redirection names. */
  at(address: string): Redis | undefined {
    const { client } = this.#connection;
    return isCluster(client) ? nodeAt(client, reachable(client, address)) : undefined;
  }

  all(): readonly Redis[] {
    const { client } = this.#connection;
    return isCluster(client) ? client.nodes('master') : [client];
  }

  /** Asks the Cluster which server holds which slot. If it does not answer, the known assignment stays. */
  async refresh(): Promise<void> {
    const { client } = this.#connection;
    if (isCluster(client)) await new Promise<void>((resolve) => client.refreshSlotsCache(() => resolve()));
  }

  #slotOf(bucket: string): number {
    let slot = this.#slots.get(bucket);
    if (slot === undefined) {
      slot = slotOf(bucket);
      this.#slots.set(bucket, slot);
    }
    return slot;
  }
}

function nodeAt(client: Cluster, address: string): Redis | undefined {
  return client.nodes('all').find(({ options }) => `${options.host}:${options.port}` === address);
}

/** Applies the option `natMap` of ioredis: returns the address under which the client reaches the server. */
function reachable({ options: { natMap } }: Cluster, address: string): string {
  const mapped = typeof natMap === 'function' ? natMap(address) : natMap?.[address];
  return mapped ? `${mapped.host}:${mapped.port}` : address;
}
