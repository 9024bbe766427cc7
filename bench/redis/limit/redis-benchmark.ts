import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from './recorded-calls.js';

/** Placeholder: redis-benchmark replaces each occurrence by a new random number of twelve digits. */
export const RANDOM_MARK = '__rand_int__';
const PROGRAMS = ['redis-benchmark', 'valkey-benchmark'];
const CONNECTIONS = 50;
const run = promisify(execFile);

export interface BenchmarkRun {
  readonly port: number;
  readonly command: Command;
  readonly requests: number;
  /** Exclusive upper bound of the random numbers. */
  readonly keyspace: number;
  /** Concurrent commands on each of 50 connections. */
  readonly pipeline: number;
}

/** Returns the number of `EVALSHA` commands per second. */
export async function benchmarkRate({ port, command, requests, keyspace, pipeline }: BenchmarkRun): Promise<number> {
  const sizes = ['-c', CONNECTIONS, '-n', requests, '-r', keyspace, '-P', pipeline];
  const args = ['-h', '127.0.0.1', '-p', port, ...sizes, '--csv', 'EVALSHA', ...command].map(String);
  const output = await runFirst(programs(), args);
  // The first column is the command, with its quotes; the rate is the first plain number after it.
  const rate = /","([\d.]+)","[\d.]+","[\d.]+","[\d.]+","[\d.]+","[\d.]+","[\d.]+"\s*$/.exec(output)?.[1];
  if (rate === undefined) throw new Error(`redis-benchmark answered ${JSON.stringify(output)}`);
  return Number(rate);
}

function programs(): readonly string[] {
  const { REDIS_SERVER } = process.env;
  if (REDIS_SERVER === undefined || !REDIS_SERVER.includes('/')) return PROGRAMS;
  // redis-benchmark is installed with its server.
  return [...PROGRAMS.map((name) => join(dirname(REDIS_SERVER), name)), ...PROGRAMS];
}

async function runFirst(names: readonly string[], args: readonly string[]): Promise<string> {
  for (const name of names) {
    try {
      return (await run(name, args)).stdout;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error(`no ${names.join(' or ')} found: install Redis's tools`);
}
