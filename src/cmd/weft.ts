import { main } from '../cli/main.ts';
import type { CliEnvironment } from '../cli/environment.ts';
import { openLabs } from './weft/labs.ts';

/** The command line: `weft COMMAND …`. */
const labs = openLabs();
const argv = process.argv.slice(2);
const environment: CliEnvironment = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  env: process.env,
  labs: labs.control,
  connect: labs.connect,
  async openCluster(at) {
    const { openCluster } = await import('./weft/open-cluster.ts');
    return openCluster(at);
  },
  async evidence() {
    const [{ kernelEvidence }, { versions }] = await Promise.all([
      import('./weft/kernel-evidence.ts'),
      import('./versions.ts'),
    ]);
    return { kernel: kernelEvidence, versions };
  },
  async enter(name) {
    const { enterLab } = await import('./weft/enter-lab.ts');
    return enterLab(labs.control.paths(name), argv);
  },
  diagnose: labs.diagnose,
  untilInterrupted: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    }),
  async runControllers(run) {
    const { runControllers } = await import('./weft/run-controllers.ts');
    await runControllers(run);
  },
  now: () => performance.now(),
};
process.exitCode = await main(argv, environment);
// Whatever a command left open must not keep a finished command from ending.
process.stdout.write('', () => process.exit());
