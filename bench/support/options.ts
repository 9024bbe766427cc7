import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** A smoke run: small sizes and one round. Its figures mean nothing. */
  readonly quick: boolean;
  readonly rounds: number;
  readonly sizes: readonly number[];
  /** Subjects to run; empty means all. */
  readonly only: readonly string[];
  /** Folder for a CPU profile of every subject's process, or undefined for none. */
  readonly profile: string | undefined;
  /** File that receives every single figure as JSON, or undefined for none. */
  readonly json: string | undefined;
}

export interface BenchDefaults {
  readonly rounds: number;
  readonly sizes: readonly number[];
  readonly quickSizes: readonly number[];
}

export function readOptions(defaults: BenchDefaults): BenchOptions {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      sizes: { type: 'string' },
      only: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const { quick } = values;
  return {
    quick,
    rounds: values.rounds === undefined ? (quick ? 1 : defaults.rounds) : count('rounds', values.rounds),
    sizes:
      values.sizes?.split(',').map((size) => count('sizes', size)) ?? (quick ? defaults.quickSizes : defaults.sizes),
    only: values.only?.split(',') ?? [],
    profile: values.profile,
    json: values.json,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`--${option} takes whole numbers from 1, got ${JSON.stringify(text)}`);
  }
  return value;
}
