import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ServiceProcess } from './service-process.js';

let diaries = 0;

/** A file in which a node writes down each close as it hears of it. */
export function newDiary(t: ExecutionContext): string {
  diaries += 1;
  const path = join(tmpdir(), `session-mailbox-gc-${process.pid}-${diaries}`);
  t.teardown(() => rm(path, { force: true }));
  return path;
}

export async function idsIn(diary: string): Promise<readonly string[]> {
  const text = await readFile(diary, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

export async function idsInAll(diaries: readonly string[]): Promise<readonly string[]> {
  return (await Promise.all(diaries.map(idsIn))).flat();
}

/** Logins of so many accounts, shared out among the nodes. */
export async function createSpread(nodes: readonly ServiceProcess[], count: number): Promise<readonly string[]> {
  const share = count / nodes.length;
  const tallies = await Promise.all(
    nodes.map((node, index) => node.do('createMany', `at-${index}`, share, 200, false)),
  );
  return tallies.flatMap(({ created }) => created.map(({ id }) => id));
}
