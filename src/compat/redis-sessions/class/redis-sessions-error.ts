export const redisSessionsErrorNames = ['missingParameter', 'invalidFormat', 'invalidValue'] as const;

/** The rule of redis-sessions that an argument breaks. */
export type RedisSessionsErrorName = (typeof redisSessionsErrorNames)[number];

/**
 * Error for a wrong argument. It has the name and the message of redis-sessions, because applications branch on them.
 * The call has changed nothing. Every other failure, for example a store that can't be reached, is a `SessionError`.
 */
export class RedisSessionsError extends Error {
  override readonly name: RedisSessionsErrorName;

  constructor(name: RedisSessionsErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}
