import { open } from 'lmdb';
import type { SessionRow } from '../../../src/stores/lmdb/engine/rows.js';
import { beyondAll, numberText, Tables } from '../../../src/stores/lmdb/engine/tables.js';

/** Everything in an environment that contradicts something else there. Nobody else may have it open. */
export async function faultsIn(path: string): Promise<readonly string[]> {
  const root = open<unknown, string>({ path, noSubdir: false, maxDbs: 12 });
  try {
    const tables = root.transactionSync(() => new Tables(root));
    return [...indexFaults(tables), ...orphanFaults(tables)];
  } finally {
    await root.close();
  }
}

/** How many rows each table has. */
export async function sizesIn(path: string): Promise<Readonly<Record<string, number>>> {
  const root = open<unknown, string>({ path, noSubdir: false, maxDbs: 12 });
  try {
    const tables = root.transactionSync(() => new Tables(root));
    return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.getKeysCount({ start: '' })]));
  } finally {
    await root.close();
  }
}

function* indexFaults(tables: Tables): Generator<string> {
  for (const { key: name, value: row } of tables.sessions.getRange({ start: '' })) {
    if (row[0] === 0) {
      if (!tables.due.doesExist(numberText(row[3]) + name)) yield `the tombstone ${name} is never reclaimed`;
      continue;
    }
    const app = name.slice(0, name.indexOf(':'));
    if (!tables.accounts.doesExist(`${app}:${row[2]}\n${numberText(row[4])}`)) yield `${name} is not its account's`;
    if (!tables.due.doesExist(numberText(row[13]) + name)) yield `${name} never expires`;
    if (row[14] !== 0 && !tables.online.doesExist(numberText(row[14]) + name)) yield `${name} never falls silent`;
    if ((row[15] === 1) !== tables.attributes.doesExist(name)) yield `${name} has other attributes than it says`;
    yield* mailboxFaults(tables, name, row);
  }
}

function* mailboxFaults(tables: Tables, name: string, row: SessionRow): Generator<string> {
  const [, , , count = 0, bytes = 0] = row[16] ?? [];
  const range = { start: `${name}:`, end: `${name}:${beyondAll}` };
  const messages = [...tables.messages.getRange(range)];
  if (messages.length !== count) yield `${name} retains ${messages.length} messages, and says ${count}`;
  const sum = messages.reduce((total, { value }) => total + value[1], 0);
  if (sum !== bytes) yield `${name} retains ${sum} bytes, and says ${bytes}`;
}

/** Rows whose session is not there. */
function* orphanFaults(tables: Tables): Generator<string> {
  const isLive = (name: string) => tables.sessions.get(name)?.[0] === 1;
  const nameOf = (key: string) => key.slice(0, key.indexOf(':') + 25);
  for (const key of tables.attributes.getKeys({ start: '' })) if (!isLive(key)) yield `attributes of ${key} are left`;
  for (const key of tables.messages.getKeys({ start: '' })) if (!isLive(nameOf(key))) yield `message ${key} is left`;
  for (const key of tables.keyed.getKeys({ start: '' })) if (!isLive(nameOf(key))) yield `key ${key} is left`;
  for (const { key, value } of tables.accounts.getRange({ start: '' })) {
    if (!isLive(`${key.slice(0, key.indexOf(':'))}:${value}`)) yield `place ${key} is left`;
  }
}
