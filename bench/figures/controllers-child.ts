import { readFileSync } from 'node:fs';
import { createClient } from '../../src/client/http/client.ts';
import type { ServerAccess } from '../../src/client/http/options.ts';
import { createControllers } from '../../src/controllers/controllers.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { defaultNetworkConfig } from '../../src/model/network/config.ts';

/**
 * The controllers alone, in a process of their own: `node controllers-child.ts FILE`, which says how to reach the API
 * server. Prints the megabytes it has when its caches are filled and nothing is left to do, and ends with its standard
 * input.
 */
const [file = ''] = process.argv.slice(2);
const access = JSON.parse(readFileSync(file, 'utf8')) as ServerAccess;
const client = createClient({ ...access, clock: systemClock, log: silentLog });
const controllers = createControllers({
  client,
  clock: systemClock,
  log: silentLog,
  config: defaultNetworkConfig,
});
await controllers.start();
await controllers.idle();
process.stdout.write(`${process.memoryUsage.rss() / 1024 / 1024}\n`);
process.stdin.resume().on('end', () => process.exit());
