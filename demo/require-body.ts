import * as v from 'valibot';
import { SessionError } from '../src/index.js';

/** @throws SessionError `INVALID_ARGUMENT`, which names the member of the body */
export function requireBody<Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const argument = v.getDotPath(issue) ?? 'body';
  const text = `${argument}: ${issue.message}`;
  throw new SessionError('INVALID_ARGUMENT', text, { argument, rule: issue.message, value: issue.received });
}
