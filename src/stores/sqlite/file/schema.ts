import type { Database } from '../driver/database.js';
import { nodeSchema } from '../nodes/node-tables.js';
import { sessionSchema } from '../tables/session-schema.js';

/** `smbx`: distinguishes a database of this store from databases of other programs. */
const applicationId = 0x736d6278;
/** Version of the schema, which is raised when the tables change. */
const version = 3;

/**
 * Creates the tables in an empty database. Accepts a database that has them already.
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
    // Another process may have created the tables since the first check.
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
      ? `its schema is of version ${found}, but this version of session-mailbox supports only version ${version}: install the newer release`
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
