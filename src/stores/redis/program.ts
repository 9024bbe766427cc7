import { createHash } from 'node:crypto';
import type { SessionContext } from '../../context/session-context.js';
import { defaultLevel } from '../../store/session-record.js';
import { keyNames } from './keys.js';
import { layout } from './layout.js';
import { scripts } from './scripts.generated.js';

type ScriptName = keyof typeof scripts;

/** The scripts that all operations share. Each script uses the scripts before it. */
const parts: readonly ScriptName[] = [
  'state',
  'deadlines',
  'sessions',
  'damage',
  'notices',
  'offset-runs',
  'messages',
  'mailbox-readers',
  'mailboxes',
  'closing',
];
/** The scripts of the operations. Scripts that share local functions are in one group. */
const operationGroups: readonly (readonly ScriptName[])[] = [
  ['operations/authenticate'],
  ['operations/read'],
  ['operations/append', 'operations/accounts'],
  ['operations/insert'],
  ['operations/get'],
  ['operations/touch'],
  ['operations/patch'],
  ['operations/rotate'],
  ['operations/reauthenticate'],
  ['operations/record-client'],
  ['operations/end'],
  ['operations/acknowledge'],
  ['operations/replace', 'operations/handover'],
  ['operations/apps'],
  ['operations/due-work'],
  ['operations/nodes'],
  ['operations/adoption'],
  ['operations/mark'],
  ['operations/ping'],
];

/** Milliseconds for which all keys live longer than needed, so that clock drift never expires a session early. */
const slackMs = 60_000;
/** Milliseconds after the end of its wait at which a parked reader is released if its node has not released it. */
const parkSlackMs = 1_000;
/** Number of index entries that one step examines. This takes the server a millisecond or two. */
export const stepSize = 500;
/** Milliseconds without a heartbeat after which a node is dead: another node takes over its unacknowledged reports. */
const deadAfterMs = 10_000;
/**
 * Milliseconds without a heartbeat after which the store deletes everything that it keeps for a node. If all nodes are
 * silent for this long, it keeps nothing for any of them.
 */
const forgetNodeAfterMs = 600_000;
/** Milliseconds for which a session that is being handed over stays claimed by its receiver. */
const claimTimeMs = 5_000;
/** Milliseconds for which the mark of the last batch that waited for replicas is kept. */
const markTimeMs = 60_000;
const dayMs = 86_400_000;
/** The latest deadline, in milliseconds since the Unix epoch. A double can't store much larger numbers exactly. */
const endOfTime = 9_000_000_000_000_000;

export interface ProgramSettings {
  readonly keyPrefix: string;
  readonly isCluster: boolean;
  /** Lua that defines the local function `microseconds`. */
  readonly timeSource: string;
}

/** Lua that reads the server's clock. */
export const serverTime: string = scripts.clock;

/**
 * The scripts as one program, which runs a list of calls in order. So one round trip serves all calls of one turn of
 * the event loop. Settings are constants in the text of the program, where they cost nothing. Therefore each
 * configuration has its own program.
 */
export class Program {
  readonly text: string;
  /** SHA-1 of the text, by which Redis identifies the program. */
  readonly sha: string;

  constructor(context: SessionContext, settings: ProgramSettings) {
    this.text = fillIn(`${settings.timeSource}\n${assembled()}`, constants(context, settings));
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }
}

/** Whether the server did not know the SHA-1, after a restart or a flush of its scripts. It has not run anything. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

let program: string | undefined;

/**
 * Returns all scripts in order, with their `$names` not yet filled in. The first store of the process assembles them.
 */
function assembled(): string {
  program ??= [...parts.map((name) => scripts[name]), defineOnDemand(), scripts.dispatch].join('\n');
  return program;
}

/**
 * Returns Lua that creates the functions of a group when the first operation of the group is called. Lua creates every
 * function again in every run, and to create the functions of all operations takes longer than to run one operation.
 */
function defineOnDemand(): string {
  const branches = operationGroups.map((names) => {
    const text = names.map((name) => scripts[name]).join('\n');
    const defined = [...text.matchAll(/^operations(?:\.|\[')(\w+)/gm)].map(([, operation]) => `name == '${operation}'`);
    return `if ${defined.join(' or ')} then\n${text}\n`;
  });
  return `local operations = {}\nlocal function define(name)\n${branches.join('else')}end\nend\n`;
}

function constants(context: SessionContext, { keyPrefix, isCluster }: ProgramSettings) {
  const { hbGrace, onMaxSession, msgMaxLength, mailboxMaxBytes, messageTtl, onOverflow } = context;
  const { attributesMaxBytes } = context;
  const { pollRenews, maxReader, readerGrace, tombstoneTime } = context;
  return {
    ...layout,
    ...Object.fromEntries(Object.entries(keyNames).map(([name, text]) => [`${name}Key`, text])),
    hbGrace,
    onMaxSession,
    msgMaxLength,
    mailboxMaxBytes,
    attributesMaxBytes,
    messageTtl,
    onOverflow,
    pollRenews,
    maxReader,
    readerGrace,
    tombstoneTime,
    defaultLevel,
    // The prefix, the bucket's two characters in braces, and a colon.
    baseLength: Buffer.byteLength(keyPrefix) + 5,
    // On a Cluster the hash tag of a channel puts it into the slot of the keys of its bucket.
    channel: isCluster ? 'base' : JSON.stringify(keyPrefix),
    publish: isCluster ? 'SPUBLISH' : 'PUBLISH',
    countSubscribers: isCluster ? 'SHARDNUMSUB' : 'NUMSUB',
    slackMs: slackMs + tombstoneTime,
    parkSlackMs,
    stepSize,
    deadAfterMs,
    forgetNodeAfterMs,
    claimTimeMs,
    markTimeMs,
    keepReportsMs: dayMs,
    endOfTime,
  };
}

function fillIn(text: string, values: Readonly<Record<string, string | number | boolean>>): string {
  return text.replace(/\$([a-zA-Z]+)/g, (mark, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`No value for ${mark} in the scripts`);
    return typeof value === 'number' ? value.toFixed(0) : String(value);
  });
}
