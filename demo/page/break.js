// Wires the buttons that break the server. The start command of the server determines which of them are enabled.

import { $, announce, onClick, setText } from './dom.js';
import { operations, setAdminKey } from './server.js';

const COMMANDS = { start: 'npm start', 'start:cluster': 'npm run start:cluster', 'start:redis': 'npm run start:redis' };
const HINTS = {
  restart: 'Stops for two seconds, and starts again on the same data.',
  reload: 'Replaces the workers one after the other; the port is always served.',
  kill: 'Like kill -9. A new worker replaces it.',
  redis: 'Stops the Redis of both nodes, and starts it again.',
  killNeeds: 'Needs npm run start:cluster.',
  redisNeeds: 'Needs npm run start:redis.',
};

let isRedisOff = false;

/** @param onBreak called when the server is about to stop, or has stopped or started Redis */
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

/** Shows which process the server is, and enables the buttons that its start command allows. */
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
