/** Primary result codes of SQLite (sqlite.org/rescode.html) that this store distinguishes. */
export const resultCodes = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  interrupt: 9,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  schema: 17,
  constraint: 19,
  misuse: 21,
  notADatabase: 26,
} as const;

/** An error that SQLite reported. */
export class SqliteFault extends Error {
  override readonly name = 'SqliteFault';
  /** The extended result code, whose low byte is the primary code; 0 if the library reported none. */
  readonly extendedCode: number;

  constructor(message: string, extendedCode: number, cause: unknown) {
    super(message, { cause });
    this.extendedCode = extendedCode;
  }

  get code(): number {
    return this.extendedCode & 0xff;
  }

  /** Whether another connection holds a lock that this one needs. Nothing has changed, and the caller may try again. */
  get isBusy(): boolean {
    return this.code === resultCodes.busy || this.code === resultCodes.locked;
  }
}

/** Converts an error of a SQLite library to a `SqliteFault`. Returns any other error unchanged. */
export function asSqliteFault(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return error;
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
  return new SqliteFault(error.message, code, error);
}
