// Breaks the server: what its start command allows, and why it does not allow the rest.

import { $, announce, onClick, setText } from './dom.js';
import { operations, setAdminKey } from './server.js';

const COMMANDS = { start: 'npm start', 'start:cluster': 'npm run start:cluster', 'start:redis': 'npm run start:redis' };
const HINTS = {
  restart: 'Stops for two seconds, and starts again on the same data.',
  reload: 'Replaces the workers one after the other; the port is always served.',
  kill: 'As kill -9. Another worker takes its place.',
  redis: 'Stops the Redis of both nodes, and starts it again.',
  killNeeds: 'Needs npm run start:cluster.',
  redisNeeds: 'Needs npm run start:redis.',
};

let isRedisOff = false;

/** @param onBreak called when the server is about to go */
export function wireBreaks(onBreak) {
  onClick($('restart'), async () => {
    await operations.restart();
    onBreak();
    announce('The server stops: it answers the held polls, and closes its store.');
  });
  onClick($('kill'), async () => {
    const { pid } = await operations.kill();
    onBreak();
    announce(`Worker ${pid} was killed. Its clients come back to another one.`);
  });
  onClick($('redis'), async () => {
    await operations.redis(isRedisOff ? 'start' : 'stop');
    isRedisOff = !isRedisOff;
    setText($('redis'), isRedisOff ? 'Start Redis' : 'Stop Redis');
    announce(
      isRedisOff ? 'Redis is stopped. Polls stay held; pushes are refused, and the sender knows.' : 'Redis is back.',
    );
    onBreak();
  });
  $('admin-key').addEventListener('change', ({ target }) => setAdminKey(target.value));
}

/** Asks the server which process it is, and what may be done to it. */
export async function showServer() {
  const { pid, startedBy, can } = await operations.describe().catch(() => ({}));
  if (!pid) return;
  setText($('node-facts'), `${COMMANDS[startedBy]}, process ${pid}`);
  setText($('restart-hint'), startedBy === 'start:cluster' ? HINTS.reload : HINTS.restart);
  allow('kill', can.kill);
  allow('redis', can.redis);
}

function allow(name, isAllowed) {
  $(name).ariaDisabled = String(!isAllowed);
  setText($(`${name}-hint`), isAllowed ? HINTS[name] : HINTS[`${name}Needs`]);
}
