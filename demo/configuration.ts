import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { isHostName } from '../src/http/index.js';
import { SessionContext } from '../src/index.js';

const schema = v.object({
  server: v.object({
    host: v.pipe(v.string(), v.nonEmpty()),
    /** Names that requests may give in `Host` in addition to those of the loopback interface, such as the name of a proxy. */
    hosts: v.optional(v.array(v.pipe(v.string(), v.check(isHostName, 'must be a host name without a port'))), []),
    port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
    /** Milliseconds after which an idle connection is closed. A process that is replaced in a cluster waits for this time. */
    keepAliveTimeout: v.pipe(v.number(), v.integer(), v.minValue(1_000), v.maxValue(3_600_000)),
    /** Milliseconds that a client may take to send a request. */
    requestTimeout: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(3_600_000)), 30_000),
    /** Maximum number of requests of one connection that may be unanswered at a time. */
    maxUnanswered: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)), 100),
  }),
  /** Number of processes of the cluster; 0 for one per core. */
  workers: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(256)),
  /** Folder for the data that outlive the process. */
  data: v.pipe(v.string(), v.nonEmpty()),
  /** The store for sessions if no Redis is configured. The workers of a cluster always use `sqlite`, which they can share. */
  store: v.optional(v.picklist(['sqlite', 'memory']), 'sqlite'),
  /** The Redis for sessions, if it has a URL. */
  redis: v.object({ url: v.optional(v.pipe(v.string(), v.nonEmpty())) }),
  adminKey: v.pipe(v.string(), v.nonEmpty()),
  http: v.object({ secure: v.boolean(), trustedOrigins: v.array(v.string()) }),
  /** Checked by SessionContext. */
  session: v.pipe(
    v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null),
    v.transform((fields) => new SessionContext(fields)),
  ),
});

export type Configuration = v.InferOutput<typeof schema>;

/** Reads `config/` and the environment variables, through the `config` package. */
export async function readConfiguration(): Promise<Configuration> {
  // Set this variable before the package is loaded. Without it the package looks in the working directory.
  process.env.NODE_CONFIG_DIR ??= fileURLToPath(new URL('../../config', import.meta.url));
  const { default: config } = await import('config');
  const result = v.safeParse(schema, config.util.toObject());
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'configuration'}: ${issue.message}`);
  throw new Error(`The configuration is invalid.\n${problems.join('\n')}`);
}
