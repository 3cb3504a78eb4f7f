import { messageOf } from '../lib/errors.ts';
import { longestSocketPath } from '../lib/rpc-limits.ts';
import { limited, missing, ok, type Finding } from './finding.ts';
import type { Machine } from './port.ts';

const leastBytes = 10 * 1024 * 1024;
/** A lab has a name of 40 characters at most, and its longest socket, that of metrics, one of 20. */
const roomForNames = 40 + 20 + 2;

/** Where labs are kept, and those that are there. */
export async function checkPlaces(machine: Machine): Promise<Finding[]> {
  return [await checkRunDirectory(machine), ...(await checkLabs(machine))];
}

async function checkRunDirectory(machine: Machine): Promise<Finding> {
  const { runDirectory } = machine;
  const check = 'run directory';
  if (Buffer.byteLength(runDirectory) + roomForNames > longestSocketPath) {
    const hint = 'choose a shorter one with WEFT_RUN_DIRECTORY';
    return missing(check, `${runDirectory} is too long for the paths of sockets in it`, { hint });
  }
  try {
    const { freeBytes } = await machine.tryRunDirectory();
    const free = `${runDirectory}, ${Math.floor(freeBytes / 1024 ** 2)} MiB free`;
    if (freeBytes >= leastBytes) return ok(check, free);
    return missing(check, free, { hint: 'make room: a lab takes some 10 MiB and 20 KiB for every pod' });
  } catch (error) {
    const hint = 'make it writable, or choose another one with WEFT_RUN_DIRECTORY';
    return missing(check, `${runDirectory} takes no files: ${messageOf(error)}`, { hint });
  }
}

async function checkLabs(machine: Machine): Promise<Finding[]> {
  const labs = await machine.labs();
  const running = labs.filter(({ isRunning, hasDirectory }) => isRunning && hasDirectory);
  const left = labs.filter(({ isRunning, hasDirectory }) => isRunning !== hasDirectory);
  const names = running.map(({ name }) => name).join(', ');
  return [
    ok('labs', running.length === 0 ? 'none runs' : `running: ${names}`),
    ...left.map(({ name, isRunning }) =>
      limited(
        'leftovers',
        isRunning
          ? `lab ${name} has processes but no directory`
          : `lab ${name} has a directory but no process: a crash or a reboot left it`,
        { hint: `weft down --name ${name}` },
      ),
    ),
  ];
}
