import { existsSync } from 'node:fs';
import type { Finding } from '../../doctor/finding.ts';
import type { LabConnection } from '../../lab/connection.ts';
import type { LabControl } from '../../lab/control.ts';
import type { Door } from '../../lab/door.ts';
import { endedLab, missingLab } from '../../lab/missing-lab.ts';
import { labPaths, labsDirectory } from '../../lab/paths.ts';
import { systemClock } from '../../lib/clock.ts';
import { roleCommand, runtimeEnvironment } from '../runtime.ts';

/** The labs of this machine, with everything real loaded only when a command needs it. */
export function openLabs(): {
  readonly control: LabControl;
  readonly connect: (name: string) => Promise<LabConnection>;
  readonly diagnose: () => Promise<Finding[]>;
} {
  const uid = process.getuid?.() ?? 0;
  const directory = labsDirectory(process.env, { uid });
  let loaded: Promise<LabControl> | undefined;
  const launcher = (): Promise<LabControl> => {
    loaded ??= loadLauncher(directory);
    return loaded;
  };
  const control: LabControl = {
    paths: (name) => labPaths(directory, name),
    list: async () => (await launcher()).list(),
    isUnprivileged: async () => (await launcher()).isUnprivileged(),
    isRunning: async (name) => (await launcher()).isRunning(name),
    processes: async (name) => (await launcher()).processes(name),
    options: async (name) => (await launcher()).options(name),
    async start(options, prepare) {
      const started = (await launcher()).start(options, prepare);
      // Who starts a lab opens it next: what that takes is loaded while the lab's own processes start.
      setImmediate(() => void import('./connect-lab.ts'));
      await started;
    },
    stop: async (name) => (await launcher()).stop(name),
  };
  return {
    control,
    async connect(name) {
      if (!existsSync(control.paths(name).kubeconfig)) throw missingLab(name, await control.list());
      const { connectLab, isEnded } = await import('./connect-lab.ts');
      if (isEnded(control.paths(name))) throw endedLab(name);
      return connectLab(control.paths(name));
    },
    async diagnose() {
      const [{ diagnose }, { createMachine }] = await Promise.all([
        import('../../doctor/diagnose.ts'),
        import('./machine.ts'),
      ]);
      return diagnose(createMachine(directory, () => control.list()));
    },
  };
}

async function loadLauncher(directory: string): Promise<LabControl> {
  const [
    { createLauncher },
    { silentRoles },
    { createProcesses },
    { tryLock },
    { checkMachine },
    { labsRunAsRoot },
  ] = await Promise.all([
    import('../../lab/launcher.ts'),
    import('../../lab/answering.ts'),
    import('../../drivers/process/processes.ts'),
    import('../../kernel/flock/flock.ts'),
    import('./check-machine.ts'),
    import('./privilege.ts'),
  ]);
  return createLauncher({
    directory,
    processes: createProcesses({ clock: systemClock }),
    clock: systemClock,
    holder: roleCommand('holder'),
    env: runtimeEnvironment(process.env),
    tryLock,
    silentRoles,
    checkMachine,
    ...(!labsRunAsRoot() && { door: await loadDoor() }),
  });
}

async function loadDoor(): Promise<Door> {
  const { closeDoor, copyDoor, openDoor } = await import('../../kernel/door/door.ts');
  return { open: openDoor, copyOf: copyDoor, close: closeDoor };
}
