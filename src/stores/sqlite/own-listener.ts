import type { StoreListener } from '../../store/store-listener.js';
import type { ChangeWatchers } from './change-watchers.js';
import type { OpenStoreListener } from './open-store.js';

/**
 * Returns a listener that forwards notices for polls to the service's listener, and session changes to the watchers.
 */
export function ownListenerFor(listener: StoreListener, watchers: ChangeWatchers): OpenStoreListener {
  return {
    appended: (app, id, epoch, message, before) => listener.appended(app, id, epoch, message, before),
    changed: (app, id) => listener.changed(app, id),
    closed: (app, id, reason) => listener.closed(app, id, reason),
    rotated: (app, id, generation) => listener.rotated(app, id, generation),
    superseded: (app, id, reader, ticket) => listener.superseded(app, id, reader, ticket),
    missed: () => {
      listener.missed();
      watchers.interrupted();
      watchers.resumed();
    },
    sessionChanged: (app, id, change) => watchers.changed(app, id, change),
    lost: () => watchers.interrupted(),
    recovered: () => {
      listener.missed();
      watchers.resumed();
    },
  };
}
