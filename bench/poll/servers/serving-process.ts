import { readFileSync } from 'node:fs';
import type { ServedMemory } from '../poll-server.js';

const RESIDENT = /^Rss: +(\d+) kB$/m;

/** A server in another process, measured from outside by the figures that Linux keeps for it. */
export class ServingProcess {
  readonly #folder: string;

  constructor(pid: number) {
    this.#folder = `/proc/${pid}`;
  }

  /** CPU of its only thread in µs, user and system. */
  cpu(): number {
    const [nanoseconds] = readFileSync(`${this.#folder}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1000;
  }

  /** Without a garbage collector, this is the resident memory, including pages shared with other processes. */
  memory(): ServedMemory {
    const rss = Number(RESIDENT.exec(readFileSync(`${this.#folder}/smaps_rollup`, 'utf8'))?.[1]) * 1024;
    return { live: rss, rss };
  }
}
