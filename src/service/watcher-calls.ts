import { guarded } from '../errors/guarded.js';
import { invalidArgument } from '../errors/session-error.js';
import type { ChangeWatcher } from '../store/change-feed.js';

const fault = 'A watcher of changes threw';

/**
 * Wraps the watcher of an application for a store. The watcher runs after the operation that made the change, so that
 * it can neither break the operation nor call into it. Its exceptions are reported. The order of the calls stays.
 * @throws SessionError `INVALID_ARGUMENT` for an object without the three methods
 */
export function deferredWatcher(watcher: ChangeWatcher): ChangeWatcher {
  requireWatcher(watcher);
  const changed = guarded(fault, watcher.changed.bind(watcher));
  const interrupted = guarded(fault, watcher.interrupted.bind(watcher));
  const resumed = guarded(fault, watcher.resumed.bind(watcher));
  return {
    changed: (app, id, change) => queueMicrotask(() => changed(app, id, change)),
    interrupted: () => queueMicrotask(interrupted),
    resumed: () => queueMicrotask(resumed),
  };
}

function requireWatcher(watcher: unknown): void {
  if (typeof watcher === 'object' && watcher !== null) {
    const methods = ['changed', 'interrupted', 'resumed'];
    if (methods.every((name) => typeof Reflect.get(watcher, name) === 'function')) return;
  }
  throw invalidArgument('watcher', 'must be an object with the methods changed, interrupted and resumed', watcher);
}
