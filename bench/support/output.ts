import { writeFileSync } from 'node:fs';
import { describeLoad, describeMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import type { Round } from './results.js';

export function printHeading(name: string, options: BenchOptions): void {
  console.log(`# ${name}\n\n${describeMachine()}; ${describeLoad()}; rounds: ${options.rounds}`);
  if (options.quick) console.log('\nA quick run shows that the bench works. Its figures mean nothing.');
}

/** Writes progress to stderr, so that stdout has only the report. */
export function note(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

export function writeJson(file: string, roundsBySize: ReadonlyMap<number, readonly Round[]>): void {
  const plain = [...roundsBySize].map(([size, rounds]) => ({
    size,
    rounds: rounds.map((round) => Object.fromEntries(round)),
  }));
  writeFileSync(file, `${JSON.stringify(plain, null, 2)}\n`);
}
