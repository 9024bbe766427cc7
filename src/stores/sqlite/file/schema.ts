import type { Database } from '../driver/database.js';
import { nodeSchema } from '../nodes/node-tables.js';
import { sessionSchema } from '../tables/session-schema.js';

/** `smbx`: tells a database of this store from one of another program. */
const applicationId = 0x736d6278;
/** Raised when the tables change. */
const version = 3;

/**
 * Creates the tables in an empty database, and accepts one that has them.
 * @throws Error when the database is of another program or of another version
 * @throws SqliteFault
 */
export function prepareSchema(database: Database): void {
  if (!isEmpty(database)) {
    requireOwnSchema(database);
    return;
  }
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have created the tables meanwhile.
    if (isEmpty(database)) createSchema(database);
    else requireOwnSchema(database);
    database.exec('COMMIT');
  } catch (error) {
    rollback(database);
    throw error;
  }
}

/** @throws Error when the database is of another program or of another version */
export function requireOwnOrEmpty(database: Database): void {
  if (!isEmpty(database)) requireOwnSchema(database);
}

function createSchema(database: Database): void {
  database.exec(sessionSchema);
  database.exec(nodeSchema);
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
}

function isEmpty(database: Database): boolean {
  return database.prepare('SELECT count(*) FROM sqlite_schema').get()?.[0] === 0 && idOf(database) === 0;
}

function requireOwnSchema(database: Database): void {
  if (idOf(database) !== applicationId) throw new Error('it is a database of another program');
  const found = Number(database.prepare('PRAGMA user_version').get()?.[0]);
  if (found === version) return;
  throw new Error(
    found > version
      ? `its schema is of version ${found}, and this version of session-mailbox knows ${version} and older: install the newer one`
      : `its schema is of version ${found}, which this version of session-mailbox does not know`,
  );
}

function idOf(database: Database): number {
  return Number(database.prepare('PRAGMA application_id').get()?.[0]);
}

function rollback(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself.
  }
}
