import * as v from 'valibot';
import { SessionContext } from '../../../context/session-context.js';
import type { SessionManager } from '../../../service/session-manager.js';
import { checkOptions, nonEmptyText, objectWith, wholeNumber } from '../../../validation/options.js';
import { namespaceRule } from './client-options.js';
import { contextOf } from './started-service.js';
import type { RedisSessionsOptions } from './types.js';

const front = 'RedisSessions';

function seconds() {
  const rule = 'must be a number of seconds, 0 or more';
  return v.pipe(v.number(rule), v.minValue(0, rule));
}

function plainObject() {
  return v.custom<object>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  );
}

const cacheRules = {
  cachetime: v.optional(seconds()),
  cachemax: v.optional(wholeNumber(1, 10_000_000)),
};

/** Options of the class if it starts its own service. */
export const redisRules = {
  ...cacheRules,
  port: v.optional(wholeNumber(1, 65_535)),
  host: v.optional(nonEmptyText()),
  options: v.optional(plainObject()),
  namespace: v.optional(namespaceRule),
  wipe: v.optional(v.number('must be a number of seconds')),
  context: v.optional(plainObject()),
  manager: v.optional(v.undefined()),
  // redis-sessions 3 accepts a client of the package `redis`. If this class ignored the client, it would store the
  // sessions on another server.
  client: v.optional(
    v.undefined(
      'is not supported: give port and host, or options.url; for an ioredis client give a manager, ' +
        'whose module has redisStore({ client })',
    ),
  ),
};

/** Options of the class if the application gives it a manager. */
export const managerRules = {
  ...cacheRules,
  manager: objectWith<SessionManager>('inApp', 'authenticate', 'watchChanges'),
};

const ofTheManager = 'leave it out if manager is given, because its store decides';

/**
 * Checks the options of the class before anything is connected, and returns a copy. Leaves the check of the connection
 * options to ioredis.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function checkClassOptions(options: RedisSessionsOptions): RedisSessionsOptions {
  if (typeof options === 'object' && options !== null && options.manager !== undefined) {
    const instead = Object.fromEntries(
      ['port', 'host', 'options', 'namespace', 'wipe', 'context', 'client'].map((name) => [name, ofTheManager]),
    );
    checkOptions({ front, known: managerRules, secrets: ['manager'], instead }, options);
    return { ...options };
  }
  checkOptions({ front, known: redisRules, secrets: ['options', 'client'] }, options);
  new SessionContext(contextOf(options));
  return { ...options };
}
