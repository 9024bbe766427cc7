export const redisSessionsErrorNames = ['missingParameter', 'invalidFormat', 'invalidValue'] as const;

/** Which rule of redis-sessions an argument breaks. */
export type RedisSessionsErrorName = (typeof redisSessionsErrorNames)[number];

/**
 * A wrong argument, with the name and the message of redis-sessions, because applications branch on them. The call has
 * changed nothing. Every other failure, such as a store that can't be reached, is a `SessionError`.
 */
export class RedisSessionsError extends Error {
  override readonly name: RedisSessionsErrorName;

  constructor(name: RedisSessionsErrorName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}
