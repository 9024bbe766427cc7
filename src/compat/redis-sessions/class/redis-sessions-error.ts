/** Which rule of redis-sessions an argument breaks. */
export type RedisSessionsErrorName = 'missingParameter' | 'invalidFormat' | 'invalidValue';

/**
 * An argument that redis-sessions refuses, by its names and in its words, on which its users branch. Nothing has
 * changed then. What goes wrong otherwise, as when the store can't be reached, is a `SessionError`.
 */
export class RedisSessionsError extends Error {
  override readonly name: RedisSessionsErrorName;

  constructor(name: RedisSessionsErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}
