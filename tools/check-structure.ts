/**
 * Checks that imports go only through the doors of docs/architecture: `allowed` is that table. Fails also when
 * it sees suspiciously few modules, for a checker that reads nothing finds nothing wrong.
 */
import { cruise, type ICruiseResult } from 'dependency-cruiser';

const leastModules = 100;

/** Room -> rooms it may import; `lib` is allowed everywhere. `types:` restricts to files of port types. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  wire: [],
  api: [],
  model: ['api'],
  analysis: ['model', 'api'],
  plan: ['model', 'api', 'types:kernel', 'types:drivers'],
  kernel: ['wire'],
  drivers: [],
  doctor: ['plan', 'types:kernel'],
  reconcile: ['plan', 'types:kernel'],
  apiserver: ['api'],
  client: ['api'],
  controllers: ['client', 'model', 'reconcile', 'api'],
  workload: ['types:kernel', 'wire', 'api'],
  agent: ['client', 'model', 'plan', 'reconcile', 'api', 'workload', 'wire', 'types:kernel', 'types:drivers'],
  dhcp: ['model', 'wire', 'types:kernel'],
  dns: ['client', 'model', 'wire', 'api', 'workload', 'types:kernel'],
  fabric: ['model', 'plan', 'reconcile', 'types:kernel'],
  lab: [
    'apiserver',
    'client',
    'controllers',
    'agent',
    'dns',
    'fabric',
    'reconcile',
    'api',
    'model',
    'workload',
    'drivers',
    'types:kernel',
  ],
  cli: ['client', 'api', 'model', 'analysis', 'lab', 'workload', 'doctor'],
};

const pureRooms = ['wire', 'api', 'model', 'plan', 'analysis'];

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

const isPortTypes = (path: string): boolean => /(^|[/-])port\.ts$/.test(path);

function mayImport(from: string, to: string): boolean {
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
  if (fromRoom === undefined || toRoom === undefined || fromRoom === toRoom || toRoom === 'lib') return true;
  if (fromRoom === 'cmd') return true;
  if (isTest(from)) return true;
  const doors = allowed[fromRoom] ?? [];
  return doors.includes(toRoom) || (doors.includes(`types:${toRoom}`) && isPortTypes(to));
}

const isTest = (path: string): boolean => /\.(test|compliance)\.ts$/.test(path) || path.startsWith('test/');

const bannedInPure = (module: string): boolean =>
  /^(node:)?(fs|net|http2?|https|tls|dgram|child_process|timers|worker_threads|dns|os|process)(\/|$)/.test(
    module,
  );

const { output } = await cruise(
  ['src', 'test'],
  { tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } },
  undefined,
  {
    tsConfig: {},
  },
);
const modules = (output as ICruiseResult).modules.filter((module) => module.source.endsWith('.ts'));
const problems: string[] = [];
if (modules.length < leastModules)
  problems.push(`only ${modules.length} modules seen, at least ${leastModules} expected`);
for (const module of modules) {
  const room = roomOf(module.source) ?? '';
  for (const dependency of module.dependencies) {
    if (!mayImport(module.source, dependency.resolved)) {
      problems.push(
        `${module.source} may not import ${dependency.resolved}: no door from ${room} to ${roomOf(dependency.resolved)}`,
      );
    }
    if (dependency.circular && !dependency.dependencyTypes.includes('type-only')) {
      problems.push(`${module.source} is in a cycle through ${dependency.resolved}`);
    }
    if (pureRooms.includes(room) && !isTest(module.source) && bannedInPure(dependency.module)) {
      problems.push(`${module.source} imports ${dependency.module}: ${room} does no input or output`);
    }
    if (
      dependency.module.includes('child_process') &&
      room !== 'drivers' &&
      !isTest(module.source) &&
      room !== ''
    ) {
      problems.push(`${module.source} imports child_process: only drivers start programs`);
    }
  }
}
for (const problem of problems) console.error(problem);
console.error(`${modules.length} modules, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
