import { createAdaptorServer, type ServerType } from '@hono/node-server';
import test from 'ava';
import { WebSocketServer } from 'ws';
import { fastLane } from '../../src/fast-lane/index.js';
import {
  type Batch,
  type ClosedSession,
  type CloseReason,
  type CreateOptions,
  closeReasons,
  type IssuedSession,
  type JsonValue,
  type PollOptions,
  type Presence,
  type PushReport,
  type Session,
  SessionContext,
  type SessionContextOptions,
  type SessionDescription,
  SessionError,
  type SessionErrorCode,
  type SessionErrorDetails,
  type SessionEvent,
  type SessionEventMap,
  type SessionListener,
  type SessionManager,
  type SessionRecord,
  type SessionReference,
} from '../../src/index.js';
import { limitUnanswered } from '../../src/requests/index.js';
import { authenticateUpgrade } from '../../src/websocket/index.js';

/** Whether the compiler considers two types the same. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** Compiles only for `true`, so that the build checks the facts of this file. */
function holds<_Fact extends true>(): void {}

/** Code that is compiled and never run. */
function compiles(_code: (manager: SessionManager, session: Session, issued: IssuedSession) => unknown): void {}

test('only a session that was just issued has a token', (t) => {
  holds<Same<IssuedSession['token'], string>>();
  holds<Same<'token' extends keyof Session ? true : false, false>>();
  holds<Same<Awaited<ReturnType<SessionManager['createSession']>>, IssuedSession>>();
  holds<Same<Awaited<ReturnType<SessionManager['rotateToken']>>, IssuedSession>>();
  holds<Same<Awaited<ReturnType<SessionManager['authenticate']>>, Session>>();
  holds<Same<Awaited<ReturnType<SessionManager['getSession']>>, Session>>();
  holds<Same<Awaited<ReturnType<SessionManager['replaceSession']>>, Session>>();
  compiles((_manager, session, issued) => {
    const widened: Session = issued;
    // @ts-expect-error a session from getSession has no token
    const narrowed: IssuedSession = session;
    return [widened, narrowed];
  });
  t.pass();
});

test('no property of a session can be assigned', (t) => {
  compiles((_manager, session, issued) => {
    // @ts-expect-error read-only
    session.id = 'x';
    // @ts-expect-error read-only
    session.lastTime = 0;
    // @ts-expect-error read-only
    issued.token = 'x';
  });
  t.pass();
});

test('no record, description or event payload has a field for a secret', (t) => {
  type KeysOfEach<Union> = Union extends unknown ? keyof Union : never;
  type Shown = KeysOfEach<SessionRecord | SessionDescription | SessionEventMap[SessionEvent]>;
  holds<Same<Extract<Shown, 'id' | 'undelivered' | 'oldId'>, 'id' | 'undelivered' | 'oldId'>>();
  holds<Same<Extract<Shown, 'token' | 'secret' | 'secretHash'>, never>>();
  holds<Same<'attributes' extends keyof SessionDescription ? true : false, false>>();
  t.pass();
});

test('every event has its payload', (t) => {
  type Names =
    | 'created'
    | 'limit'
    | 'renewed'
    | 'rotated'
    | 'replaced'
    | 'closed'
    | 'refused'
    | 'online'
    | 'away'
    | 'overflow'
    | 'audit';
  holds<Same<SessionEvent, Names>>();
  holds<Same<SessionEventMap['created'], SessionRecord>>();
  holds<Same<SessionEventMap['renewed'], SessionRecord>>();
  holds<Same<SessionEventMap['rotated'], SessionRecord>>();
  holds<Same<SessionEventMap['closed'], ClosedSession>>();
  holds<Same<SessionEventMap['online'], SessionReference>>();
  holds<Same<SessionEventMap['away'], SessionReference>>();
  holds<Same<SessionEventMap['replaced']['oldId'], string>>();
  holds<Same<SessionEventMap['overflow']['dropped'], number>>();
  holds<Same<SessionEventMap['limit']['verdict'], 'refused' | 'evicted'>>();
  holds<Same<Parameters<SessionListener<'closed'>>, [payload: ClosedSession]>>();
  compiles((manager) => {
    manager.on('closed', ({ reason, undelivered }) => {
      holds<Same<typeof reason, CloseReason>>();
      holds<Same<typeof undelivered, number>>();
    });
    // A listener can be asynchronous, and can ignore its argument.
    manager.on('created', async () => {}).off('away', () => {});
    // @ts-expect-error no such event
    manager.on('opened', () => {});
    // @ts-expect-error no such field
    manager.on('online', ({ reason }) => reason);
    // @ts-expect-error a payload of another event
    manager.on('away', (payload: ClosedSession) => payload);
  });
  t.pass();
});

test('is() narrows an error to its code and details', (t) => {
  compiles(() => {
    const error: unknown = undefined;
    if (SessionError.is(error, 'SESSION_LIMIT')) {
      holds<Same<typeof error.code, 'SESSION_LIMIT'>>();
      holds<Same<typeof error.details.maxSession, number>>();
      // @ts-expect-error a detail of another code
      return error.details.reason;
    }
    if (SessionError.is(error)) {
      holds<Same<typeof error.code, SessionErrorCode>>();
      if (error.code === 'SESSION_CLOSED') return error.details.reason satisfies CloseReason;
      if (error.code === 'MESSAGE_TOO_LARGE') return error.details.bytes satisfies number;
    }
    // @ts-expect-error no such code
    return SessionError.is(error, 'SESSION_LOST');
  });
  t.pass();
});

test('an error is created only with the details of its code', (t) => {
  holds<Same<SessionErrorDetails['INVALID_CONTEXT']['field'], string>>();
  compiles(() => [
    new SessionError('SESSION_CLOSED', 'closed', { reason: 'expired' }),
    // @ts-expect-error no such reason
    new SessionError('SESSION_CLOSED', 'closed', { reason: 'bored' }),
    // @ts-expect-error details are missing
    new SessionError('SESSION_LIMIT', 'limit', {}),
    // @ts-expect-error no such code
    new SessionError('SESSION_LOST', 'lost', {}),
  ]);
  t.pass();
});

test('close reasons are a closed union, and the table is keyed by it', (t) => {
  type Reasons =
    | 'expired'
    | 'max-age'
    | 'evicted'
    | 'revoked'
    | 'logout'
    | 'replaced'
    | 'overflow'
    | 'rotated'
    | 'shutdown';
  holds<Same<CloseReason, Reasons>>();
  holds<Same<keyof typeof closeReasons, Reasons>>();
  holds<Same<(typeof closeReasons)['shutdown']['reconnect'], true>>();
  compiles((manager, session) => [
    manager.closeSession('x', 'logout'),
    // @ts-expect-error no such reason
    manager.closeSession('x', 'bored'),
    // @ts-expect-error no such reason
    session.close('timeout'),
    manager.closeAccount('alice', { except: 'x', reason: 'revoked' }),
    // @ts-expect-error no such reason
    manager.closeAccount('alice', { reason: 'bored' }),
  ]);
  t.is(Object.keys(closeReasons).length, 9);
});

test('a context accepts any of its fields, each with its type', (t) => {
  holds<Same<SessionContext['onMaxSession'], 'reject' | 'evict-oldest' | 'evict-idle'>>();
  holds<Same<SessionContext['onOverflow'], 'drop-oldest' | 'drop-newest' | 'reject' | 'close'>>();
  holds<Same<SessionContext['pollRenews'], boolean>>();
  holds<Same<keyof SessionContextOptions, Exclude<keyof SessionContext, 'readerGrace'>>>();
  compiles(() => {
    const none: SessionContextOptions = {};
    const some: SessionContextOptions = { maxSession: 5, onOverflow: 'close', pollRenews: false };
    // @ts-expect-error no such field
    const unknownField: SessionContextOptions = { maxSessions: 5 };
    // @ts-expect-error no such policy
    const unknownPolicy: SessionContextOptions = { onMaxSession: 'evict-newest' };
    // @ts-expect-error not a number
    const text: SessionContextOptions = { gcTime: '900000' };
    const context = new SessionContext(some);
    // @ts-expect-error read-only
    context.maxSession = 6;
    return [none, unknownField, unknownPolicy, text];
  });
  t.pass();
});

test('only options with a default can be left out', (t) => {
  holds<Same<Partial<CreateOptions>, CreateOptions>>();
  holds<Same<Partial<PollOptions>, PollOptions>>();
  holds<Same<Awaited<ReturnType<SessionManager['push']>>, PushReport>>();
  holds<Same<Awaited<ReturnType<SessionManager['poll']>>, Batch>>();
  compiles((manager) => [
    manager.createSession('alice'),
    manager.createSession('alice', { ttl: 1_000, attributes: { theme: 'dark', list: [1, { deep: null }] } }),
    // @ts-expect-error an account is needed
    manager.createSession(),
    // @ts-expect-error a function is no JSON value
    manager.createSession('alice', { attributes: { run: () => {} } }),
    manager.poll('x', { after: '', wait: 0, limit: 1, reader: 'tab', signal: new AbortController().signal }),
    // @ts-expect-error no such option
    manager.poll('x', { timeout: 5 }),
    manager.push('x', { any: ['thing'] }, { key: 'k' }),
  ]);
  t.pass();
});

test('attributes are JSON values, and presence is one of two', (t) => {
  holds<Same<ReturnType<Session['getAttr']>, JsonValue | undefined>>();
  holds<Same<ReturnType<Session['getAllAttr']>, Record<string, JsonValue>>>();
  holds<Same<Session['presence'], Presence>>();
  holds<Same<Presence, 'online' | 'away'>>();
  compiles((_manager, session) => [
    session.setAttr('theme', { dark: true, levels: [1, 2] }),
    session.setAttr('theme', null),
    // @ts-expect-error BigInt is no JSON value
    session.setAttr('theme', 1n),
    // @ts-expect-error undefined is no JSON value
    session.setAttr('theme', undefined),
  ]);
  t.pass();
});

test('the optional members of a batch are absent or true', (t) => {
  holds<Same<Batch['reset'], true | undefined>>();
  holds<Same<Batch['superseded'], true | undefined>>();
  compiles(() => {
    // @ts-expect-error false says nothing
    const batch: Batch = { messages: [], cursor: 'a.0', lost: 0, reset: false };
    return batch;
  });
  t.pass();
});

test("the server that Hono's serve returns is accepted where servers are", (t) => {
  compiles((manager) => {
    const webSocketServer = new WebSocketServer({ noServer: true });
    const server: ServerType = createAdaptorServer({ fetch: () => new Response() });
    limitUnanswered(server);
    authenticateUpgrade(server, manager, { webSocketServer });
    return fastLane(server, manager);
  });
  t.pass();
});
