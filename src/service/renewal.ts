import { invalidArgument } from '../errors/session-error.js';
import type { SessionEvents } from '../events/session-events.js';
import { requireTtl } from '../store/session-arguments.js';
import type { Contact, Renewal } from '../store/session-store.js';
import { type OptionNames, requireOptions } from '../validation/argument-rules.js';

/** Options of a renewal. */
export interface RenewOptions {
  /** New idle time after which the session expires, in milliseconds. Default: unchanged. */
  readonly ttl?: number;
  /** Whether the renewal counts as activity. If false, it is only a contact, which sets `presence`. Default true. */
  readonly activity?: boolean;
}

const optionNames: OptionNames<RenewOptions> = { ttl: true, activity: true };

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireRenewal(options: RenewOptions): Renewal {
  const { ttl, activity = true } = requireOptions(options, optionNames);
  if (typeof activity !== 'boolean') throw invalidArgument('activity', 'must be true or false', activity);
  return { activity, ttl: ttl === undefined ? undefined : requireTtl(ttl) };
}

/** Emits the events of a contact that renewed the session. */
export function reportContact(events: SessionEvents, { record, cameOnline }: Contact): void {
  events.emit('renewed', record);
  if (cameOnline) events.emit('online', record);
}
