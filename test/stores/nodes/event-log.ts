import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { ServiceProcess } from './service-process.js';

let eventLogs = 0;

/** Returns the path of a file to which a node appends the id of each session that it reports as closed. */
export function newEventLog(t: ExecutionContext): string {
  eventLogs += 1;
  const path = join(tmpdir(), `session-mailbox-gc-${process.pid}-${eventLogs}`);
  t.teardown(() => rm(path, { force: true }));
  return path;
}

export async function idsIn(eventLog: string): Promise<readonly string[]> {
  const text = await readFile(eventLog, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

export async function idsInAll(eventLogs: readonly string[]): Promise<readonly string[]> {
  return (await Promise.all(eventLogs.map(idsIn))).flat();
}

/** Logs in `count` accounts, the same number at each node. */
export async function createSpread(nodes: readonly ServiceProcess[], count: number): Promise<readonly string[]> {
  const share = count / nodes.length;
  const tallies = await Promise.all(
    nodes.map((node, index) => node.do('createMany', `at-${index}`, share, 200, false)),
  );
  return tallies.flatMap(({ created }) => created.map(({ id }) => id));
}
