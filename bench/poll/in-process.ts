import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastLane, LaneCounts } from '../../src/fast-lane/index.js';
import { memoryAfterGc } from '../support/memory.js';
import { deliverBroadcast, deliverUnicast } from './delivery.js';
import { PollCounter } from './poll-counter.js';
import type { PollServer, Publishing } from './poll-server.js';

/**
 * @param http a server that listens already
 * @param polls a counter that counts already. Default: one that counts the requests of `http`
 */
export function inProcess(http: Server, publishing: Publishing, polls?: PollCounter): PollServer {
  const counter = polls ?? countRequests(http);
  return {
    port: (http.address() as AddressInfo).port,
    held: counter,
    register: (count) => publishing.register(count),
    unicast: (n) => publishing.unicast(n),
    deliverUnicast: (order) => deliverUnicast(publishing, counter, order),
    deliverBroadcast: (clients) => deliverBroadcast(publishing, counter, clients),
    connections: () => openConnections(http),
    cpu() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    memory: memoryAfterGc,
  };
}

function countRequests(http: Server): PollCounter {
  const counter = new PollCounter();
  http.on('request', counter.count);
  return counter;
}

/**
 * Counts the polls of a lane where the lane counts them itself, because they don't become requests of `node:http`. A
 * listener on each socket would be measured as a cost of the lane: 64 bytes for each connection, and a second listener
 * for every read. So would an accessor that is defined on the object of counts: V8 stores to such a property by a call
 * of its runtime.
 */
export function countLanePolls(lane: FastLane): PollCounter {
  const counter = new PollCounter();
  Reflect.set(lane, 'counts', new WatchedCounts(counter));
  return counter;
}

class WatchedCounts implements LaneCounts {
  readonly #counter: PollCounter;
  pollsOutside = 0;
  handedOver = 0;
  returned = 0;

  constructor(counter: PollCounter) {
    this.#counter = counter;
  }

  get pollsInLane(): number {
    return this.#counter.seen;
  }

  /** The lane increments the count for each poll. */
  set pollsInLane(_seen: number) {
    this.#counter.count();
  }
}

function openConnections(http: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
