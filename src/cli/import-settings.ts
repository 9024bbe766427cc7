import { defaultNamespace } from '../compat/redis-sessions/class/client-options.js';
import { type Flags, type GivenFlags, namespaceOf, redisUrlOf, UsageError } from './usage.js';

export const importFlags: Flags = {
  from: { value: 'url', help: 'Redis that redis-sessions uses (required)' },
  namespace: { value: 'name', help: 'Its namespace (default rs)' },
  app: { value: 'name', help: 'Only sessions of this app (default: of all)' },
  to: { value: 'url', help: 'Redis that session-mailbox uses (default: the same)' },
  'to-namespace': { value: 'name', help: 'The namespace there (default: the same)' },
  'dry-run': { help: 'Change nothing, only count' },
  help: { help: 'Show this' },
};

export interface ImportSettings {
  readonly from: string;
  readonly namespace: string;
  readonly app: string | undefined;
  readonly to: string;
  readonly toNamespace: string;
  readonly dryRun: boolean;
}

/** @throws UsageError */
export function readImportSettings(flags: GivenFlags): ImportSettings {
  const from = flags.text('from');
  if (from === undefined) throw new UsageError('--from must be given: the address of the Redis to import from');
  const namespace = flags.text('namespace') ?? defaultNamespace;
  return {
    from: redisUrlOf('--from', from),
    // The old namespace is only read, so every name that redis-sessions accepted is accepted here.
    namespace,
    app: flags.text('app'),
    to: redisUrlOf('--to', flags.text('to') ?? from),
    toNamespace: namespaceOf('--to-namespace', flags.text('to-namespace') ?? namespace),
    dryRun: flags.isOn('dry-run'),
  };
}
