/** A row whose values do not fit its checksum. Nothing of it is used. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';

  constructor(table: string) {
    const advice = 'stop all processes that use it, then restore a backup or move it away';
    super(`the file is damaged: a row of the table ${table} does not fit its checksum; ${advice}`);
  }
}
