import { createProcesses } from '../drivers/process/processes.ts';
import { superviseProcess } from '../drivers/process/supervise.ts';
import { readProcStat } from '../drivers/process/proc-stat.ts';
import { createExitWatch } from '../kernel/pidfd/exit-watch.ts';
import { createPoller } from '../kernel/poll/poller.ts';
import { findLabProcesses } from '../lab/lab-processes.ts';
import {
  readProcessFile,
  succeed,
  writeProcessFile,
  type ProcessFile,
  type RoleName,
} from '../lab/process-file.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import { ownDoor } from './own-door.ts';
import { keepPinsInMemory } from '../kernel/netns/pin-directory.ts';
import { runRole } from './role.ts';
import { roleCommand } from './runtime.ts';

const supervised: readonly RoleName[] = ['control', 'agents', 'dns'];
/** How long a role may take to end by itself; nothing it holds is lost by being killed. */
const graceMs = 300;

/** The holder of a lab: owns its mount namespace, runs the stand-ins, keeps the other processes running. */
await runRole('holder', async ({ paths, options, log }) => {
  try {
    keepPinsInMemory(paths.namespaces);
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'pins of namespaces are kept on disk, which is slower');
  }
  const startTime = readProcStat(process.pid)?.startTime ?? 0;
  const survivors = findLabProcesses(createProcesses({ clock: systemClock }), paths).filter(
    ({ role }) => role !== 'holder',
  );
  // Its own children tell of their end themselves; those of an earlier holder are watched.
  const poller = survivors.length > 0 ? createPoller() : undefined;
  const processes = createProcesses({
    clock: systemClock,
    ...(poller !== undefined && { watchExit: createExitWatch(poller) }),
  });
  const before = readProcessFile(paths.processes);
  const earlier: ProcessFile = Object.fromEntries(
    survivors.map(({ role, record }) => [role, succeed(before[role], record)]),
  );
  let records: ProcessFile = { ...earlier, holder: succeed(before.holder, { pid: process.pid, startTime }) };
  const writeDown = (): void => {
    try {
      writeProcessFile(paths.processes, records);
    } catch (error) {
      // Others find processes by their command lines as well.
      log.warn({ error: messageOf(error) }, 'the records of processes could not be written');
    }
  };
  writeDown();
  const supervisions = await Promise.all(
    supervised.map((role) => {
      const [command, ...args] = roleCommand(role);
      return superviseProcess({
        processes,
        clock: systemClock,
        log,
        name: role,
        ...(earlier[role] !== undefined && { adopt: earlier[role] }),
        command: {
          command,
          args: [...args, paths.directory],
          env: process.env,
          logFile: paths.log(role),
          inherited: ownDoor(),
        },
        onStart: (record) => {
          records = { ...records, [role]: succeed(records[role] ?? before[role], record) };
          writeDown();
        },
      });
    }),
  );
  // Loaded while the others start: everybody waits for them, and nobody for this yet.
  const { createPodServing } = await import('./holder/serve-pods.ts');
  const serving = createPodServing(paths, options, log);
  await serving.start();

  return async () => {
    await Promise.all(supervisions.map((supervision) => supervision.stop({ graceMs })));
    await serving.stop();
    await poller?.close();
  };
});
