import { RedisSessions } from './redis-sessions.js';

export { RedisSessions } from './redis-sessions.js';
export { RedisSessionsError, type RedisSessionsErrorName } from './redis-sessions-error.js';
export type {
  AccountOptions,
  Activity,
  AppOptions,
  Callback,
  CreateCallOptions,
  Created,
  DataPatch,
  InitialData,
  Killed,
  Listed,
  ListedSession,
  Missing,
  RedisClientOptions,
  RedisSessionsManagerOptions,
  RedisSessionsOptions,
  RedisSessionsRedisOptions,
  Scalar,
  Session,
  SessionData,
  SetOptions,
  TokenOptions,
  WithinOptions,
} from './types.js';

// redis-sessions has a default export. With the same default export here, users change only the name of the package.
export default RedisSessions;
