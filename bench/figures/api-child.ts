import { join } from 'node:path';
import { createCredentials } from '../../src/apiserver/credentials/credentials.ts';
import { createApiServer } from '../../src/apiserver/server.ts';
import { createStore } from '../../src/apiserver/store/store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

/**
 * The API server alone, in a process of its own: `node api-child.ts DIRECTORY`. Every write waits for the disk.
 * Prints how to reach it as one line of JSON when it listens, and ends with its standard input.
 */
const [directory = '.'] = process.argv.slice(2);
const credentials = createCredentials({ directory: join(directory, 'credentials'), hosts: [] });
const store = createStore({ path: join(directory, 'store.db') });
const { certificates, tokens } = credentials;
const server = createApiServer({
  store,
  clock: systemClock,
  log: silentLog,
  serviceCidr: '10.96.0.0/12',
  certificates,
  tokens,
});
const { port } = await server.listen({ port: 0 });
process.stdout.write(`${JSON.stringify(credentials.access(port))}\n`);
process.stdin.resume().on('end', () => {
  void server.close().then(() => {
    store.close();
    process.exit();
  });
});
