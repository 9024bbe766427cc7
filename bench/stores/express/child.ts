import type { SessionData } from 'express-session';
import { inCallbackLanes } from '../../support/flight.js';
import type { Run } from '../../support/measured-run.js';
import { serveParent } from '../../support/rpc.js';
import { shuffledIndex } from '../../support/shuffle.js';
import { FRONT_IN_FLIGHT, TEXT_SIZE } from '../plan.js';
import { FRONT_STORES } from './front-stores.js';
import type { FrontOperation } from './operations.js';

type Stored = SessionData & { readonly text?: string };
type Done = (error?: unknown) => void;

const idleTime = 3_600_000;
const text = 'x'.repeat(TEXT_SIZE);
const otherText = 'y'.repeat(TEXT_SIZE);
const [name = '', folder = ''] = process.argv.slice(2);
const subject = FRONT_STORES[name];
if (subject === undefined) throw new Error(`no store ${JSON.stringify(name)}`);
const store = await subject.open(folder);
/** What `get` returned for each sid: a request touches the object that it has loaded. */
const loaded = new Map<string, SessionData>();

const calls: Readonly<Record<FrontOperation, (sid: string, done: Done) => void>> = {
  set: (sid, done) => {
    const data: Stored = { cookie: cookieFor(idleTime), text };
    store.set(sid, data, done);
  },
  get: (sid, done) => {
    store.get(sid, (error, data) => {
      if (error === null && (data === null || data === undefined)) return done(new Error('no such session'));
      if (data !== null && data !== undefined) loaded.set(sid, data);
      done(error ?? undefined);
    });
  },
  touch: (sid, done) => {
    const data = loaded.get(sid);
    if (data === undefined) return done(new Error('a session was not loaded before it is touched'));
    data.cookie = cookieFor(idleTime);
    store.touch(sid, data, done);
  },
  change: (sid, done) => {
    const data = loaded.get(sid);
    if (data === undefined) return done(new Error('a session was not loaded before it is changed'));
    store.set(sid, Object.assign(data, { text: otherText }), done);
  },
};

const handlers = {
  /** Makes one call for each sid from number `start` to `end`; all except creations in a random order. */
  async run(operation: FrontOperation, start: number, end: number): Promise<Run> {
    const numbers = Array.from({ length: end - start }, (_, i) => i);
    const order = operation === 'set' ? numbers : Array.from(shuffledIndex(end - start));
    const sids = order.map((i) => sidOf(start + i));
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    await inCallbackLanes(sids, FRONT_IN_FLIGHT, (sid, advance) => {
      calls[operation](sid, (error) => {
        // Thrown uncaught: a failed call ends the run.
        if (error !== undefined && error !== null) throw error;
        advance();
      });
    });
    const elapsed = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { elapsed, cpu: user + system };
  },
};

export type FrontChild = typeof handlers;
serveParent(handlers);

/** A sid of 32 characters, like those of express-session. */
function sidOf(n: number): string {
  return `${n.toString(36)}_`.padEnd(32, 'QfX2bHc7');
}

/** The default cookie of express-session in serialised form. */
function cookieFor(maxAge: number): SessionData['cookie'] {
  return { originalMaxAge: maxAge, expires: new Date(Date.now() + maxAge), httpOnly: true, path: '/' };
}
