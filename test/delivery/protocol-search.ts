import { strict as assert } from 'node:assert';
import { Waiter } from '../../src/delivery/waiter.js';
import type { Cursor } from '../../src/mailbox/cursor.js';
import { Mailbox, type MailboxBounds, type MailboxRead, type MailboxSnapshot } from '../../src/mailbox/mailbox.js';
import type { Message } from '../../src/mailbox/message.js';

const readers = ['one', 'two'] as const;
const nodes = ['A', 'B'] as const;

/** The nodes at which each reader may poll. Both readers may be at the same node, or each at its own. */
const nodesOf = { one: ['A'], two: ['A', 'B'] } as const;

type ReaderName = (typeof readers)[number];
type Node = (typeof nodes)[number];

/** The bounds of the search. */
export interface SearchBounds {
  readonly pushes: number;
  readonly rollbacks: number;
  /** Maximum number of steps after the prefix. */
  readonly depth: number;
  /** Whether pushes may have a key. The key is always the same. */
  readonly areKeyed: boolean;
  /** Names of the steps with which every path begins. `depth` does not count them. */
  readonly prefix: readonly string[];
  /** Maximum number of messages in the mailbox, which drops the oldest beyond it. */
  readonly room: number;
}

interface Stored {
  readonly mailbox: MailboxSnapshot;
  /** The node at which each reader is parked. */
  readonly parked: Readonly<Partial<Record<ReaderName, Node>>>;
  /** The values that the mailbox accepted in this history, without those that were replaced. */
  readonly accepted: readonly number[];
  /** The latest value with the key. */
  readonly ofKey: number | undefined;
}

interface Client {
  readonly cursor: Cursor | '';
  /** The values that the client received. With little room, also those accepted before it received `lost` or `reset`. */
  readonly has: readonly number[];
  /** The node that holds its poll. */
  readonly heldAt: Node | undefined;
}

interface Notice {
  readonly message: Message;
  readonly before: number;
}

interface World {
  readonly stored: Stored;
  /** An older state to which the store may go back. */
  readonly older: Stored | undefined;
  readonly clients: Readonly<Record<ReaderName, Client>>;
  /** Notices that are in transit to each node. */
  readonly notices: Readonly<Record<Node, readonly Notice[]>>;
  readonly pushed: number;
  readonly rollbacks: number;
}

/** A state, and the step that led to it. */
interface Path {
  readonly world: World;
  readonly step: string;
  readonly previous: Path | undefined;
}

/**
 * Visits, within its bounds, every state that two clients, two nodes and one mailbox can reach. The steps are, in any
 * order, pushes, polls, lost answers, clients that hang up, notices that arrive late, and a store that goes back to an
 * older state of itself. In each state the search checks that both clients would receive every message if they polled until
 * there is nothing more. It uses the mailbox and the waiter of the package.
 */
export class ProtocolSearch {
  readonly #bounds: SearchBounds;
  readonly #mailboxBounds: MailboxBounds;
  readonly #seen = new Set<string>();

  constructor(bounds: SearchBounds) {
    this.#bounds = bounds;
    this.#mailboxBounds = {
      msgMaxLength: bounds.room,
      mailboxMaxBytes: 1_000,
      messageTtl: 0,
      onOverflow: 'drop-oldest',
      maxReader: 2,
      readerGrace: Number.POSITIVE_INFINITY,
    };
  }

  /** @returns the number of visited states. @throws AssertionError with the steps to the first state that fails */
  run(): number {
    let open: Path[] = [this.#afterPrefix()];
    // Breadth first, so that a reported history is one of the shortest.
    for (let depth = 0; depth <= this.#bounds.depth && open.length > 0; depth += 1) {
      const next: Path[] = [];
      for (const path of open) {
        this.#requireAccounted(path);
        for (const [step, world] of this.#steps(path.world)) {
          const key = JSON.stringify(world);
          if (this.#seen.has(key)) continue;
          this.#seen.add(key);
          next.push({ world, step, previous: path });
        }
      }
      open = next;
    }
    return this.#seen.size;
  }

  #afterPrefix(): Path {
    let path: Path = { world: this.#start(), step: 'start', previous: undefined };
    for (const wanted of this.#bounds.prefix) {
      const found = [...this.#steps(path.world)].find(([step]) => step === wanted);
      assert.ok(found !== undefined, `there is no step '${wanted}' here`);
      path = { world: found[1], step: wanted, previous: path };
    }
    return path;
  }

  #start(): World {
    const mailbox = new Mailbox();
    // The readers are known from the start, because a new reader is not told what other readers took before.
    for (const reader of readers) mailbox.read(reader, '', 1, 0, this.#mailboxBounds);
    const client: Client = {
      cursor: { epoch: mailbox.epoch, offset: 0, proof: 0 },
      has: [],
      heldAt: undefined,
    };
    return {
      stored: { mailbox: mailbox.state, parked: {}, accepted: [], ofKey: undefined },
      older: undefined,
      clients: { one: client, two: client },
      notices: { A: [], B: [] },
      pushed: 0,
      rollbacks: 0,
    };
  }

  *#steps(world: World): Generator<readonly [string, World]> {
    const { older, rollbacks, clients, notices } = world;
    if (world.pushed < this.#bounds.pushes) {
      yield ['push', this.#push(world, undefined)];
      if (this.#bounds.areKeyed) yield ['push with the key', this.#push(world, 'k')];
    }
    if (rollbacks < this.#bounds.rollbacks) {
      // A second `keep` without a return in between would be the same as keeping the state later.
      if (older === undefined) yield ['keep', { ...world, older: world.stored }];
      else yield ['go back', { ...world, stored: older, older: undefined, rollbacks: rollbacks + 1 }];
    }
    for (const node of nodes) {
      if (notices[node].length > 0) yield [`notice at ${node}`, this.#hear(world, node)];
    }
    for (const reader of readers) {
      const client = clients[reader];
      if (client.heldAt !== undefined) yield [`${reader} hangs up`, withClient(world, reader, { heldAt: undefined })];
      else {
        for (const node of nodesOf[reader]) yield [`${reader} polls at ${node}`, this.#poll(world, reader, node, true)];
        yield [`${reader} polls, and the answer is lost`, this.#poll(world, reader, 'A', false)];
      }
    }
  }

  #push(world: World, key: 'k' | undefined): World {
    const value = world.pushed + 1;
    const mailbox = opened(world.stored);
    const before = mailbox.tailProof;
    const json = String(value);
    // The time of acceptance differs for any two pushes.
    const { message } = mailbox.append({ json, bytes: 1, key }, value, this.#mailboxBounds);
    assert.ok(message !== undefined);
    const notices = { ...world.notices };
    for (const node of new Set(Object.values(world.stored.parked))) {
      notices[node] = [...notices[node], { message, before }];
    }
    for (const reader of mailbox.allReaders) if (reader.parked) reader.give(message.offset, message.at);
    const { ofKey } = world.stored;
    const others = key === undefined ? world.stored.accepted : world.stored.accepted.filter((each) => each !== ofKey);
    const stored = { parked: {}, accepted: [...others, value], ofKey: key === undefined ? ofKey : value };
    return { ...world, stored: { ...stored, mailbox: mailbox.state }, notices, pushed: value };
  }

  #hear(world: World, node: Node): World {
    const [notice, ...rest] = world.notices[node];
    assert.ok(notice !== undefined);
    const { message, before } = notice;
    let next: World = { ...world, notices: { ...world.notices, [node]: rest } };
    for (const reader of readers) {
      const { heldAt, cursor, has } = next.clients[reader];
      if (heldAt !== node || cursor === '') continue;
      const { epoch } = next.stored.mailbox;
      if (waiterAt(cursor).standsBefore(epoch, message.offset, before)) {
        const place = { epoch, offset: message.offset, proof: message.at };
        next = withClient(next, reader, { heldAt: undefined, cursor: place, has: merged(has, [Number(message.json)]) });
      } else {
        next = this.#poll(next, reader, node, true);
      }
    }
    return next;
  }

  #poll(world: World, reader: ReaderName, node: Node, arrives: boolean): World {
    const mailbox = opened(world.stored);
    const client = world.clients[reader];
    const read = mailbox.read(reader, client.cursor, 2, 0, this.#mailboxBounds);
    const parks = arrives && read.messages.length === 0 && read.lost === 0 && !read.reset;
    const parked = { ...world.stored.parked };
    if (parks) parked[reader] = node;
    else delete parked[reader];
    const stored = { ...world.stored, mailbox: mailbox.state, parked };
    if (!arrives) return { ...world, stored };
    return withClient({ ...world, stored }, reader, {
      heldAt: parks ? node : undefined,
      cursor: { epoch: mailbox.epoch, offset: read.offset, proof: read.proof },
      has: merged(client.has, this.#accountedBy(read, world.stored)),
    });
  }

  #accountedBy({ messages, lost, reset }: MailboxRead, { accepted }: Stored): readonly number[] {
    // If there is room for all messages, a report of a loss is no excuse.
    const isTold = (lost > 0 || reset) && this.#bounds.room < this.#bounds.pushes;
    return isTold ? accepted : messages.map(({ json }) => Number(json));
  }

  #requireAccounted(path: Path): void {
    let last = path.world;
    for (const reader of readers) {
      last = withClient(last, reader, { heldAt: undefined });
      for (let polls = 0; last.clients[reader].heldAt === undefined; polls += 1) {
        assert.ok(polls < 20, `${reader} polls without end`);
        last = this.#poll(last, reader, 'A', true);
      }
      const { has } = last.clients[reader];
      const missing = last.stored.accepted.filter((value) => !has.includes(value));
      if (missing.length === 0) continue;
      assert.fail(`${reader} was left without ${missing.join(', ')} after: ${stepsTo(path).join(', ')}`);
    }
  }
}

function stepsTo({ step, previous }: Path): readonly string[] {
  return previous === undefined ? [step] : [...stepsTo(previous), step];
}

function opened({ mailbox, parked }: Stored): Mailbox {
  const again = new Mailbox({ ...mailbox, messages: [...mailbox.messages] }, 0);
  for (const reader of readers) {
    const found = again.reader(reader);
    if (found !== undefined && parked[reader] !== undefined) found.parkedUntil = Number.POSITIVE_INFINITY;
  }
  return again;
}

function waiterAt({ epoch, offset, proof }: Cursor): Waiter {
  const vouched = { secretHash: undefined, generation: undefined };
  const receiver = { deliver() {}, fail() {} };
  const request = { reader: 'any', after: '', limit: 1, wait: 1, streams: false, drains: false } as const;
  const waiter = new Waiter('default', 'id', request, vouched, receiver, 1, 1, true, () => {});
  return Object.assign(waiter, { epoch, offset, proof });
}

function withClient(world: World, reader: ReaderName, change: Partial<Client>): World {
  return { ...world, clients: { ...world.clients, [reader]: { ...world.clients[reader], ...change } } };
}

function merged(values: readonly number[], more: readonly number[]): readonly number[] {
  return [...new Set([...values, ...more])].sort((one, other) => one - other);
}
