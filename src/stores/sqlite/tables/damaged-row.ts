/** Thrown for a row that is missing, or whose values do not match its checksum. None of its values is used. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';

  constructor(table: string, fault: 'does not fit its checksum' | 'is missing' = 'does not fit its checksum') {
    const advice = 'stop all processes that use it, then restore a backup or move it away';
    super(`the file is damaged: a row of the table ${table} ${fault}; ${advice}`);
  }
}
