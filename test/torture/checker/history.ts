import { steadyNow } from '../steady.js';

/** All histories of a run count from here. */
const start = steadyNow();

/** @param time on the steady clock */
export function sinceStart(time: number): number {
  return time - start;
}

/** What one client did and was told, in order, and what of it violates a promise. */
export class History {
  readonly subject: string;
  readonly violations: string[] = [];
  readonly #events: string[] = [];

  constructor(subject: string) {
    this.subject = subject;
  }

  note(event: string): void {
    this.#events.push(`${sinceStart(steadyNow())} ms ${event}`);
  }

  violate(text: string): void {
    this.violations.push(text);
    this.note(`VIOLATION ${text}`);
  }

  toString(): string {
    return [`history of ${this.subject}`, ...this.#events].join('\n  ');
  }
}
