import { join } from 'node:path';
import { createProcesses } from '../drivers/process/processes.ts';
import { superviseProcess } from '../drivers/process/supervise.ts';
import { readProcStat } from '../drivers/process/proc-stat.ts';
import { createNetworkNamespaces } from '../kernel/netns/real.ts';
import { createSockets } from '../kernel/sockets/sockets.ts';
import { readProcessFile, writeProcessFile, type ProcessFile, type RoleName } from '../lab/process-file.ts';
import { systemClock } from '../lib/clock.ts';
import { createServingServer } from '../workload/serving.ts';
import { createStandIns } from '../workload/stand-in/stand-ins.ts';
import { runRole } from './role.ts';

const supervised: readonly RoleName[] = ['control', 'agents', 'dns'];
/** How long a role may take to end by itself; nothing it holds is lost by being killed. */
const graceMs = 300;

/** The holder of a lab: owns its mount namespace, runs the stand-ins, keeps the other processes running. */
await runRole('holder', async ({ paths, log }) => {
  const processes = createProcesses({ clock: systemClock });
  const earlier = readProcessFile(paths.processes);
  const startTime = readProcStat(process.pid)?.startTime ?? 0;
  let records: ProcessFile = { ...earlier, holder: { pid: process.pid, startTime } };
  writeProcessFile(paths.processes, records);
  const supervisions = await Promise.all(
    supervised.map((role) =>
      superviseProcess({
        processes,
        clock: systemClock,
        log,
        name: role,
        ...(earlier[role] !== undefined && { adopt: earlier[role] }),
        command: {
          command: process.execPath,
          args: [join(import.meta.dirname, `${role}.ts`), paths.directory],
          env: process.env,
          logFile: join(paths.logs, `${role}.log`),
        },
        onStart: (record) => {
          records = { ...records, [role]: record };
          writeProcessFile(paths.processes, records);
        },
      }),
    ),
  );
  const namespaces = createNetworkNamespaces({ directory: paths.namespaces, log });
  const standIns = createStandIns({ sockets: createSockets({ namespaces }), namespaces, log });
  const serving = createServingServer({ path: paths.socket('holder'), pods: standIns, log });
  await serving.start();

  return async () => {
    await Promise.all(supervisions.map((supervision) => supervision.stop({ graceMs })));
    await serving.stop();
    await standIns.close();
  };
});
