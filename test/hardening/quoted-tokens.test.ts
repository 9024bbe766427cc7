import test from 'ava';
import RedisSessions from '../../src/compat/redis-sessions/class/index.js';
import { SessionError } from '../../src/index.js';
import { startService } from '../support/http-service.js';

/** All option keys of the methods, so that the token is also used as the value of each option. */
const optionKeys = [
  ...['ip', 'userAgent', 'attributes', 'ttl', 'maxAge', 'reason', 'except', 'key', 'after', 'wait', 'limit', 'reader'],
  ...['signal', 'activity', 'activeWithin', 'cursor', 'app', 'id', 'd', 'no_resave', 'deltaTime', 'dt', 'token'],
];

/** Returns the token alone, and inside values that a caller might pass by mistake. */
function valuesWith(token: string): readonly unknown[] {
  const wrapped = [token, `${token}\n`, `sid=${token}`, [token], { [token]: token }, { attributes: { [token]: 1n } }];
  return [...wrapped, ...optionKeys.map((key) => ({ [key]: token })), ...optionKeys.map((key) => ({ [key]: [token] }))];
}

/** Returns the methods of an object, including the inherited ones. */
function methodsOf(subject: object): readonly string[] {
  const names = new Set<string>();
  for (let each: object = subject; each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) {
      const descriptor = Object.getOwnPropertyDescriptor(each, name);
      if (name !== 'constructor' && typeof descriptor?.value === 'function') names.add(name);
    }
  }
  return [...names];
}

/** Returns the error of a call, or `undefined` if it succeeds. */
async function errorOf(subject: object, name: string, args: readonly unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(subject, name);
  if (typeof method !== 'function') throw new TypeError(`${name} is no method`);
  try {
    await Reflect.apply(method, subject, args);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Returns all that a log shows of an error and its causes. */
function shown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = SessionError.is(error) ? JSON.stringify(error.details) : '';
  return [error.name, error.message, error.stack, details, error.cause && shown(error.cause)].join('\n');
}

/** Returns lists of arguments with the value at each position. Methods with a receiver get one. */
function argumentsWith(
  value: unknown,
  name: string,
  id: string,
  judge: (what: string, error: unknown) => void,
): readonly (readonly unknown[])[] {
  if (name !== 'pollAsBearer' && name !== 'pollInto') {
    return [[value], [id, value], ['alice', value], [id, 1, value], ['alice', 'x', value]];
  }
  const receiver = { deliver: () => {}, fail: (error: unknown) => judge(`the receiver of ${name}`, error) };
  return [
    [value, {}, receiver],
    [id, value, receiver],
  ];
}

/** Methods that would end the service under test. */
const enders: ReadonlySet<string> = new Set(['drain', 'quit', 'closeApp', 'killall']);

test('no error of any method quotes a token, no matter in which argument it is passed', async (t) => {
  const { container, manager } = await startService({ maxSession: 0, pollTime: 0 });
  const library = new RedisSessions({ manager });
  const { id, token } = await manager.createSession('alice');
  const secret = token.slice(24);
  let failed = 0;
  const subjects = [manager, library, await manager.createSession('bob')];
  for (const subject of subjects) {
    for (const name of methodsOf(subject)) {
      if (enders.has(name)) continue;
      for (const value of valuesWith(token)) {
        for (const args of argumentsWith(value, name, id, judge)) {
          judge(`${name} with ${args.length} arguments`, await errorOf(subject, name, args));
        }
      }
    }
  }
  t.true(failed > 1_000, `${failed} calls failed`);
  await container.unbindAllAsync();

  function judge(what: string, error: unknown): void {
    if (error === undefined) return;
    failed += 1;
    const text = shown(error);
    if (text.includes(secret)) t.fail(`${what}: ${text.slice(0, 400)}`);
  }
});
