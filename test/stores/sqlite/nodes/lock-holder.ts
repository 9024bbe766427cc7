import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';

/** Takes the write lock of a database, reports that it has it, and never releases it. */

const [, , path = ''] = process.argv;
const database = (await loadDriver()).open(path);
database.exec('BEGIN IMMEDIATE');
process.send?.('held');
setInterval(() => database.exec('SELECT 1'), 60_000);
