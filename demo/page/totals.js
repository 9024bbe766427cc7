// Adds up the counts of all messages of the devices that the page shows.

import { $, count, setText } from './dom.js';

const VERDICTS = {
  exact: () => 'Every message is accounted for.',
  counting: () => 'Counting …',
  untold: ({ untold }) => `${count(untold, 'lost message')} will be told with the next batch.`,
  kept: () => 'Delivered here, and kept for another window that reads the same mailboxes.',
};

/** Sums the counts of the devices. An ended session no longer has a mailbox: only its delivered and lost messages count. */
export function sumOf(devices) {
  const sum = { sent: 0, delivered: 0, waiting: 0, lost: 0, told: 0, isCounted: true };
  for (const { ledger, isLive } of devices) {
    sum.sent += isLive ? ledger.sent : ledger.delivered + ledger.told;
    sum.delivered += ledger.delivered;
    // While messages move, the server's count is older than the other counts, and is not used.
    const isKnown = isLive && ledger.isCounted;
    sum.waiting += isKnown ? ledger.waiting : isLive ? ledger.expected : 0;
    sum.lost += isKnown ? ledger.lost : ledger.told;
    sum.told += ledger.told;
    if (isLive && !ledger.isCounted) sum.isCounted = false;
  }
  return { ...sum, untold: sum.lost - sum.told };
}

export function verdictOn({ sent, delivered, waiting, lost, isCounted, untold }) {
  if (!isCounted) return 'counting';
  if (untold > 0) return 'untold';
  return sent === delivered + waiting + lost && untold === 0 ? 'exact' : 'kept';
}

export function showTotals({ devices, failed }) {
  const sum = sumOf(devices);
  for (const name of ['sent', 'delivered', 'waiting', 'lost', 'told']) {
    setText($(`total-${name}`), sum[name].toLocaleString('en'));
  }
  const verdict = verdictOn(sum);
  const refused = failed ? ` ${count(failed, 'push was', 'pushes were')} not accepted, and the sender knows.` : '';
  $('verdict').dataset.verdict = verdict;
  setText($('verdict'), VERDICTS[verdict](sum) + refused);
}
