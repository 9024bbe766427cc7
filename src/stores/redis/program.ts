import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SessionContext } from '../../context/session-context.js';
import { layout } from './layout.js';

/** In the order in which they build on each other. */
const parts = ['state', 'sessions', 'notices', 'offset-runs', 'messages', 'mailboxes', 'closing'];
/** Those that share functions of their own stand together. */
const operations = [
  ['authenticate'],
  ['read'],
  ['append', 'accounts'],
  ['insert'],
  ['get'],
  ['touch'],
  ['patch'],
  ['rotate'],
  ['end'],
  ['readers'],
  ['replace', 'handover'],
  ['apps'],
  ['background'],
  ['nodes'],
  ['adoption'],
];

/** All keys outlive what they are for by this much, so that no clock's whim ends a session early. Milliseconds. */
const slack = 60_000;
/** A parked reader is released this much after its wait, should its node not have done so. Milliseconds. */
const parkSlack = 1_000;
/** Index entries looked at in one step of paging: a millisecond or two of the server's time. */
export const stretch = 500;
/** A node not heard of for so long is dead: what it left untold is told by others. Milliseconds. */
const deadAfter = 10_000;
/** And after so long nothing is kept for it. Milliseconds. */
const forgetNodeAfter = 600_000;
/** How long an offer between two buckets stands. Milliseconds. */
const claimTime = 5_000;
const day = 86_400_000;
/** Beyond it a double is no longer exact, and Redis takes no deadline. */
const endOfTime = 9_000_000_000_000_000;

export interface ProgramSurroundings {
  readonly keyPrefix: string;
  readonly isCluster: boolean;
  /** Lua that defines the local function `microseconds`. */
  readonly timeSource: string;
}

/** What the scripts read the time by. */
export const serverTime = readScript('clock');

/**
 * The scripts as one program, which carries out a list of calls: a round trip serves all calls of one turn of the event
 * loop, in their order. Settings stand in its text, where they cost nothing; each configuration has a program.
 */
export class Program {
  readonly text: string;
  /** SHA-1 of the text, by which Redis knows it. */
  readonly sha: string;

  constructor(context: SessionContext, surroundings: ProgramSurroundings) {
    const scripts = [
      surroundings.timeSource,
      ...parts.map(readScript),
      defineOnDemand(operations),
      readScript('dispatch'),
    ];
    this.text = fillIn(scripts.map(withoutComments).join('\n'), { ...layout, ...settings(context, surroundings) });
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }
}

function readScript(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
}

/**
 * Lua makes every function anew in every run, and for all operations that takes longer than to carry one out. So those
 * of a group are made when the first of them is called for.
 */
function defineOnDemand(groups: readonly (readonly string[])[]): string {
  const branches = groups.map((names) => {
    const text = names.map((name) => readScript(`operations/${name}`)).join('\n');
    const defined = [...text.matchAll(/^operations(?:\.|\[')(\w+)/gm)].map(([, operation]) => `name == '${operation}'`);
    return `if ${defined.join(' or ')} then\n${text}\n`;
  });
  return `local operations = {}\nlocal function define(name)\n${branches.join('else')}end\nend\n`;
}

/** The server keeps the text for as long as it runs. */
function withoutComments(script: string): string {
  return script.replace(/^\s*--.*\n/gm, '').replace(/^ +/gm, '');
}

function settings(context: SessionContext, { keyPrefix, isCluster }: ProgramSurroundings) {
  const { hbGrace, maxSession, onMaxSession, msgMaxLength, mailboxMaxBytes, messageTtl, onOverflow } = context;
  const { pollRenews, maxReader, readerGrace, tombstoneTime } = context;
  return {
    hbGrace,
    maxSession,
    onMaxSession,
    msgMaxLength,
    mailboxMaxBytes,
    messageTtl,
    onOverflow,
    pollRenews,
    maxReader,
    readerGrace,
    tombstoneTime,
    // The prefix, and the two characters of the bucket in braces, and a colon.
    baseLength: Buffer.byteLength(keyPrefix) + 5,
    // On a Cluster a channel lives where its hash tag says, beside the keys of its bucket.
    channel: isCluster ? 'base' : JSON.stringify(keyPrefix),
    publish: isCluster ? 'SPUBLISH' : 'PUBLISH',
    countSubscribers: isCluster ? 'SHARDNUMSUB' : 'NUMSUB',
    slack: slack + tombstoneTime,
    parkSlack,
    stretch,
    deadAfter,
    forgetNodeAfter,
    claimTime,
    nodesTime: day,
    reportTime: day,
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
