import { setImmediate as nextTurn } from 'node:timers/promises';
import { openAgentsApi } from './agents/agents-api.ts';
import { runRole } from './role.ts';

/** The agents of all nodes of a lab. */
await runRole('agents', async (role) => {
  const [{ runAgents }, api] = await Promise.all([loadProgram(), openAgentsApi(role)]);
  return runAgents(role, api);
});

/** Room by room: between them the API server is answered. */
async function loadProgram() {
  const rooms = [
    () => import('../kernel/nft/nftables.ts'),
    () => import('../agent/cluster-view.ts'),
    () => import('../agent/node-agent.ts'),
    () => import('../agent/agents.ts'),
  ];
  for (const load of rooms) {
    await nextTurn();
    await load();
  }
  await nextTurn();
  return import('./agents/run-agents.ts');
}
