import type { Figure } from './lib/figure.ts';
import { summarise } from './lib/summary.ts';

/**
 * Measures Weft: `node bench/main.ts [NAME]`. One JSON line per figure on stdout, progress on stderr. Exit 1 when a
 * figure could not be measured, 2 for a name there is not; a missed target is said in the line and fails nothing,
 * for machines differ.
 */
const figures: Readonly<Record<string, () => Promise<{ readonly figure: Figure }>>> = {
  up: () => import('./figures/up.ts'),
  down: () => import('./figures/down.ts'),
  'scale-pods': () => import('./figures/scale-pods.ts'),
  'scale-models': () => import('./figures/scale-models.ts'),
  restart: () => import('./figures/restart.ts'),
  'scale-services': () => import('./figures/scale-services.ts'),
  'service-proxy': () => import('./figures/service-proxy.ts'),
  'service-node': () => import('./figures/service-node.ts'),
  'endpoint-change': () => import('./figures/endpoint-change.ts'),
  'policy-change': () => import('./figures/policy-change.ts'),
  'flows-recorded': () => import('./figures/flows-recorded.ts'),
  'traffic-under-changes': () => import('./figures/traffic-under-changes.ts'),
  'bare-path': () => import('./figures/bare-path.ts'),
  'fabric-node': () => import('./figures/fabric-node.ts'),
  'policies-crossed': () => import('./figures/policies-crossed.ts'),
  'reach-static': () => import('./figures/reach-static.ts'),
  'reach-scale': () => import('./figures/reach-scale.ts'),
  'reach-live': () => import('./figures/reach-live.ts'),
  'api-load': () => import('./figures/api-load.ts'),
  'api-watch': () => import('./figures/api-watch.ts'),
  'controllers-in-sync': () => import('./figures/controllers-in-sync.ts'),
  'crd-validate': () => import('./figures/crd-validate.ts'),
  compare: () => import('./figures/compare.ts'),
  'l2-failover': () => import('./figures/l2-failover.ts'),
  rbac: () => import('./figures/rbac.ts'),
};

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function run(name: string, load: () => Promise<{ readonly figure: Figure }>): Promise<boolean> {
  try {
    const { figure } = await load();
    for await (const measurement of figure.measure(progress)) {
      process.stdout.write(`${JSON.stringify(summarise(measurement))}\n`);
    }
    return true;
  } catch (error) {
    progress(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return false;
  }
}

const [wanted] = process.argv.slice(2);
const chosen = Object.entries(figures).filter(([name]) => wanted === undefined || name === wanted);
if (chosen.length === 0) {
  progress(`no figure "${wanted}"; there are: ${Object.keys(figures).join(', ')}`);
  process.exitCode = 2;
} else if (process.getuid?.() !== 0) {
  progress('labs need root: sudo make bench');
  process.exitCode = 3;
}
for (const [name, load] of process.exitCode === undefined ? chosen : []) {
  if (!(await run(name, load))) process.exitCode = 1;
}
