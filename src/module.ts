import 'reflect-metadata';
import { ContainerModule, type ContainerModuleLoadOptions } from 'inversify';
import { SessionContext, type SessionContextOptions } from './context/session-context.js';
import { WaitingRoom } from './delivery/waiting-room.js';
import { SessionEvents } from './events/session-events.js';
import { GcProcessor } from './service/processors/gc-processor.js';
import { HeartbeatProcessor } from './service/processors/heartbeat-processor.js';
import { PushMessageProcessor } from './service/processors/push-message-processor.js';
import { SessionManager } from './service/session-manager.js';
import { SessionRuntime } from './service/session-runtime.js';
import { memoryStore } from './stores/memory/index.js';
import { Clock, SystemClock } from './time/clock.js';

/** Binds `SessionStore`, in singleton scope, and whatever that store needs. */
export type StoreBinding = (options: ContainerModuleLoadOptions) => void;

/**
 * Everything that a container needs to resolve `SessionManager`. Resolving it (with `getAsync`) opens the store and
 * starts the intervals; unbinding it (`unbindAllAsync`) answers held polls, closes WebSockets, ends the intervals and
 * closes the store.
 *
 * @param context the configuration; leave it out when the application binds `SessionContext` itself
 * @param store where sessions live. Default: the memory of this process, without a snapshot
 * @throws SessionError `INVALID_CONTEXT`
 */
export function sessionModule(context?: SessionContextOptions, store: StoreBinding = memoryStore()): ContainerModule {
  const validated = context === undefined ? undefined : new SessionContext(context);
  return new ContainerModule((options) => {
    if (validated !== undefined) options.bind(SessionContext).toConstantValue(validated);
    // Also what the application binds itself is validated, once, when it is first asked for.
    options.onActivation(SessionContext, (_context, value) =>
      value instanceof SessionContext ? value : new SessionContext(value),
    );
    if (!options.isBound(Clock)) options.bind(Clock).to(SystemClock).inSingletonScope();
    store(options);
    options.bind(SessionEvents).toSelf().inSingletonScope();
    options.bind(WaitingRoom).toSelf().inSingletonScope();
    options.bind(PushMessageProcessor).toSelf().inSingletonScope();
    options.bind(GcProcessor).toSelf().inSingletonScope();
    options.bind(HeartbeatProcessor).toSelf().inSingletonScope();
    // The stop hangs on the binding, because Inversify does not await deactivations of a service as a whole.
    options
      .bind(SessionRuntime)
      .toSelf()
      .inSingletonScope()
      .onDeactivation((runtime) => runtime.stop());
    options.onActivation(SessionRuntime, async (_context, runtime) => {
      await runtime.start();
      return runtime;
    });
    options.bind(SessionManager).toSelf().inSingletonScope();
  });
}
