import { isCloseReason } from '../../../errors/close-reason.js';
import type { Tombstone } from '../../../store/engine/tables.js';
import { boundLimit, type Database, type Statement } from '../driver/database.js';
import { checksumOf } from './checksum.js';
import { DamagedRow } from './damaged-row.js';

/** The statements on the table `tombstone`. */
export class TombstoneRows {
  readonly #find: Statement;
  readonly #put: Statement;
  readonly #drop: Statement;

  constructor(database: Database) {
    this.#find = database.prepare(
      'SELECT secret_hash, reason, forgotten_at, checksum FROM tombstone WHERE app = ? AND id = ?',
    );
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO tombstone (app, id, secret_hash, reason, forgotten_at, checksum) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#drop = database.prepare(
      `DELETE FROM tombstone WHERE (app, id) IN
       (SELECT app, id FROM tombstone WHERE forgotten_at <= ? ORDER BY forgotten_at ${boundLimit})`,
    );
  }

  /** @throws DamagedRow */
  find(app: string, id: string): Tombstone | undefined {
    const row = this.#find.get(app, id);
    if (row === undefined) return undefined;
    const [secretHash, reason, forgottenAt, sum] = row;
    const isWhole = typeof secretHash === 'string' && isCloseReason(reason) && typeof forgottenAt === 'number';
    if (!isWhole || checksumOf(app, id, secretHash, reason, forgottenAt) !== sum) throw new DamagedRow('tombstone');
    return { secretHash, reason, forgottenAt };
  }

  put(app: string, id: string, { secretHash, reason, forgottenAt }: Tombstone): void {
    const sum = checksumOf(app, id, secretHash, reason, forgottenAt);
    this.#put.run(app, id, secretHash, reason, forgottenAt, sum);
  }

  /** @returns the number of tombstones dropped, at most `most` */
  drop(now: number, most: number): number {
    return this.#drop.run(now, most);
  }
}
