import { createHash } from 'node:crypto';
import type { SessionContext } from '../../context/session-context.js';
import { defaultLevel } from '../../store/session-record.js';
import { keyNames } from './keys.js';
import { layout } from './layout.js';
import { scripts } from './scripts.generated.js';

type ScriptName = keyof typeof scripts;

/** Each builds on those before it. */
const parts: readonly ScriptName[] = [
  'state',
  'deadlines',
  'sessions',
  'notices',
  'offset-runs',
  'messages',
  'mailbox-readers',
  'mailboxes',
  'closing',
];
/** Operations that share local functions are in one group. */
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

/** How much longer than needed all keys live, so that clock drift never expires a session early. */
const slackMs = 60_000;
/** How long after its wait a parked reader is released if its node has not released it. */
const parkSlackMs = 1_000;
/** Index entries looked at in one step: a millisecond or two of the server's time. */
export const stepSize = 500;
/** A node without a heartbeat for so long is dead: another node reports what it has not acknowledged. */
const deadAfterMs = 10_000;
/** After so long without a heartbeat nothing is kept for a node; nor is anything for any node when all are silent. */
const forgetNodeAfterMs = 600_000;
/** How long a session that is being handed over stays claimed by its receiver. */
const claimTimeMs = 5_000;
/** How long the mark of the last batch that waited for replicas stays. */
const markTimeMs = 60_000;
const dayMs = 86_400_000;
/** Beyond it a double is no longer exact, and Redis accepts no deadline. */
const endOfTime = 9_000_000_000_000_000;

export interface ProgramSettings {
  readonly keyPrefix: string;
  readonly isCluster: boolean;
  /** Lua that defines the local function `microseconds`. */
  readonly timeSource: string;
}

/** Reads the server's clock. */
export const serverTime: string = scripts.clock;

/**
 * The scripts as one program, which runs a list of calls: one round trip serves all calls of one turn of the event loop,
 * in order. Settings are constants in its text, where they cost nothing; so each configuration has its own program.
 */
export class Program {
  readonly text: string;
  /** SHA-1 of the text, by which Redis knows it. */
  readonly sha: string;

  constructor(context: SessionContext, settings: ProgramSettings) {
    this.text = fillIn(`${settings.timeSource}\n${assembled()}`, constants(context, settings));
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }
}

/** Whether the server did not know the program by its SHA-1: after a restart or a flush of its scripts. Nothing was run. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

let program: string | undefined;

/** All scripts in order, with their `$names` not yet filled in. Made by the first store of the process. */
function assembled(): string {
  program ??= [...parts.map((name) => scripts[name]), defineOnDemand(), scripts.dispatch].join('\n');
  return program;
}

/**
 * Lua creates every function anew in every run, and for all operations that takes longer than to run one of them. So the
 * functions of a group are created when the first of its operations is called.
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
    // On a Cluster the hash tag of a channel puts it beside the keys of its bucket.
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
