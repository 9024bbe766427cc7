/** Thrown for a row that is missing, or whose values do not match its checksum. None of its values is used. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';

  constructor(
    table: string,
    fault: 'does not fit its checksum' | 'is missing' | 'is not in its place' = 'does not fit its checksum',
  ) {
    const advice = 'close the session, or stop all processes that use the file and restore a backup';
    super(`the file is damaged: a row of the table ${table} ${fault}; ${advice}`);
  }
}
