import { readFileSync } from 'node:fs';
import type { ServedMemory } from '../poll-server.js';

const RESIDENT = /^Rss: +(\d+) kB$/m;

/** Another process that serves, seen from outside, by Linux's account of it. */
export class ServingProcess {
  readonly #folder: string;

  constructor(pid: number) {
    this.#folder = `/proc/${pid}`;
  }

  /** CPU in µs, user and system, of its one thread. */
  cpu(): number {
    const [nanoseconds] = readFileSync(`${this.#folder}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1000;
  }

  /** It collects no garbage: what it holds is what is resident, pages shared with other processes included. */
  memory(): ServedMemory {
    const rss = Number(RESIDENT.exec(readFileSync(`${this.#folder}/smaps_rollup`, 'utf8'))?.[1]) * 1024;
    return { live: rss, rss };
  }
}
