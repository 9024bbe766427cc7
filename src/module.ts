import 'reflect-metadata';
import { ContainerModule, type ContainerModuleLoadOptions } from 'inversify';
import { SessionContext, type SessionContextOptions } from './context/session-context.js';
import { WaitingRoom } from './delivery/waiting-room.js';
import type { SessionError } from './errors/session-error.js';
import { SessionEvents } from './events/session-events.js';
import { requireAsyncResolution } from './service/async-resolution.js';
import { GcProcessor } from './service/processors/gc-processor.js';
import { HeartbeatProcessor } from './service/processors/heartbeat-processor.js';
import { PushMessageProcessor } from './service/processors/push-message-processor.js';
import { SessionManager } from './service/session-manager.js';
import { SessionRuntime } from './service/session-runtime.js';
import { memoryStore } from './stores/memory/index.js';
import { Clock, SystemClock } from './time/clock.js';
import { invalidOption } from './validation/options.js';

/** Binds `SessionStore`, in singleton scope, and the dependencies of the store. */
export type StoreBinding = (options: ContainerModuleLoadOptions) => void;

/**
 * Returns the bindings that a container needs to resolve `SessionManager`. Resolving it with `await
 * container.getAsync` opens the store and starts the background work. Unbinding it with `await
 * container.unbindAllAsync` answers held polls, closes WebSockets, ends the background work and closes the store.
 * `container.get` can't start the service and throws `STOPPED`.
 *
 * @param context the configuration. Default: the `SessionContext` that the application binds itself
 * @param store the store of sessions and messages. Default: the memory of this process, without a snapshot
 * @throws SessionError `INVALID_CONTEXT`
 */
export function sessionModule(context?: SessionContextOptions, store: StoreBinding = memoryStore()): ContainerModule {
  requireInOrder(context, store);
  const validated = context === undefined ? undefined : new SessionContext(context);
  return new ContainerModule((options) => {
    if (validated !== undefined) options.bind(SessionContext).toConstantValue(validated);
    // A context that the application binds itself is validated once, when it is first resolved.
    options.onActivation(SessionContext, (_context, value) =>
      value instanceof SessionContext ? value : new SessionContext(value),
    );
    if (!options.isBound(Clock)) options.bind(Clock).to(SystemClock).inSingletonScope();
    // `sqliteStore` instead of `sqliteStore()`: it returns the binding, and has bound nothing.
    const bound: unknown = store(options);
    if (typeof bound === 'function') throw notAStore(uncalled);
    bindService(options);
  });
}

/** @throws SessionError `INVALID_CONTEXT` if the context is a store, or the store is anything else */
function requireInOrder(context: unknown, store: unknown): void {
  // The value itself is not quoted: a store or its options may contain a password.
  if (typeof context === 'function') {
    throw invalidOption(
      'sessionModule',
      'context',
      'must be an object; the store is the second argument',
      typeof context,
    );
  }
  if (typeof store !== 'function') throw notAStore(typeof store);
  if (store === memoryStore) throw notAStore(uncalled);
}

/** Binds the parts of the service, which all managers of a container share. */
function bindService(options: ContainerModuleLoadOptions): void {
  options.bind(SessionEvents).toSelf().inSingletonScope();
  options.bind(WaitingRoom).toSelf().inSingletonScope();
  options.bind(PushMessageProcessor).toSelf().inSingletonScope();
  options.bind(GcProcessor).toSelf().inSingletonScope();
  options.bind(HeartbeatProcessor).toSelf().inSingletonScope();
  // Deactivate on the binding, because Inversify does not await a deactivation that was given to
  // `options.onDeactivation`.
  options
    .bind(SessionRuntime)
    .toSelf()
    .inSingletonScope()
    .onDeactivation((runtime) => runtime.stop());
  options.onActivation(SessionRuntime, (_context, runtime) => {
    requireAsyncResolution();
    return runtime.start().then(() => runtime);
  });
  options.bind(SessionManager).toSelf().inSingletonScope();
}

const uncalled = 'a function that must be called first';

function notAStore(value: string): SessionError {
  const rule = 'must be what memoryStore(), sqliteStore() or redisStore() returns';
  return invalidOption('sessionModule', 'store', rule, value);
}
