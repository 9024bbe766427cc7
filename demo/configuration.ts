import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { SessionContext } from '../src/index.js';

const schema = v.object({
  server: v.object({
    host: v.pipe(v.string(), v.nonEmpty()),
    port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
  }),
  /** Processes of the cluster; 0 for as many as there are cores. */
  workers: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(256)),
  /** Folder of what is to outlive the process. */
  data: v.pipe(v.string(), v.nonEmpty()),
  /** Without a Redis, sessions live in the memory of the process. */
  redis: v.object({ url: v.optional(v.pipe(v.string(), v.nonEmpty())) }),
  adminKey: v.pipe(v.string(), v.nonEmpty()),
  http: v.object({ secure: v.boolean(), trustedOrigins: v.array(v.string()) }),
  /** The context's own validation says more than a schema here could. */
  session: v.pipe(
    v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null),
    v.transform((fields) => new SessionContext(fields)),
  ),
});

export type Configuration = v.InferOutput<typeof schema>;

/** Reads `config/` and the environment, by the `config` package. */
export async function readConfiguration(): Promise<Configuration> {
  // The package looks in the working directory, unless it is told before it is loaded.
  process.env.NODE_CONFIG_DIR ??= fileURLToPath(new URL('../../config', import.meta.url));
  const { default: config } = await import('config');
  const result = v.safeParse(schema, config.util.toObject());
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'configuration'}: ${issue.message}`);
  throw new Error(`The configuration is not usable.\n${faults.join('\n')}`);
}
