import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';

/** Takes the write lock of a database, reports that it has it, and releases it when its parent sends a message. */

const [, , path = ''] = process.argv;
const database = (await loadDriver()).open(path);
database.exec('BEGIN IMMEDIATE');
process.on('message', () => {
  database.exec('COMMIT');
  process.send?.('released');
});
process.send?.('held');
