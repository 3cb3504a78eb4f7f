import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander';
import { exitCodes, messageOf, WeftError } from '../lib/errors.ts';
import { clusterName } from '../lab/names.ts';
import type { CliEnvironment, ExitCode } from './environment.ts';
import { endpointHelp, expectationHelp, helpFormat, pointToHelp, sideHelp } from './help.ts';

/** Runs one command line (without `node` and the script). Never throws; what went wrong is on `err`. */
export async function main(argv: readonly string[], env: CliEnvironment): Promise<number> {
  let exitCode = 0;
  const program = commandLine(env, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, env);
  }
}

/** What a command line prints, complaints and exit code included. */
async function printed(argv: readonly string[], env: CliEnvironment): Promise<string> {
  let text = '';
  const add = (more: string): void => void (text += more);
  const code = await main(argv, { ...env, out: add, err: add, isTerminal: false });
  return code === 0 ? text : `${text}\nexit code ${code}\n`;
}

function report(error: unknown, env: CliEnvironment): ExitCode {
  // Commander has printed its own message; asking for help is no mistake.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  env.err(`weft: ${messageOf(error)}\n`);
  if (!(error instanceof WeftError)) {
    if (error instanceof Error && env.env['WEFT_DEBUG'] !== undefined) env.err(`${error.stack ?? ''}\n`);
    return 1;
  }
  if (error.hint !== undefined) env.err(`  ${error.hint}\n`);
  return exitCodes[error.fault];
}

/** Takes the exit code: a program's own for `exec`, an `ExitCode` for everything else. */
type Done = (code: number) => void;

function commandLine(env: CliEnvironment, done: Done): Command {
  const program = new Command('weft')
    .description('A Kubernetes network that says beforehand what a packet will do, and proves it.')
    .configureHelp(helpFormat)
    .exitOverride()
    .configureOutput({ writeOut: env.out, writeErr: env.err });
  program.hook('preAction', (_, command) => {
    const { name, cluster } = command.opts<{ name?: string; cluster?: string }>();
    if (name !== undefined) command.setOptionValue('name', clusterName(name, cluster));
  });
  program.commandsGroup('A network on this machine:');
  addLabCommands(program, env, done);
  addOpen(program, env, done);
  addRoutes(program, env, done);
  program.commandsGroup('Who reaches whom:');
  addQuestions(program, env, done);
  addFlows(program, env, done);
  program.commandsGroup('Network models:');
  addPlan(program, env, done);
  addCompare(program, env, done);
  program.commandsGroup('More:');
  addDiagnosis(program, env, done);
  addClusterRoles(program, env, done);
  program.helpCommand('help [command]', 'this, or the help of a command');
  pointToHelp(program, 'weft');
  return program;
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('not a whole number');
  return Number(text);
}

const withLab = (command: Command): Command =>
  command
    .option('--name <lab>', 'which lab', 'lab')
    .option('--cluster <cluster>', 'which further cluster of it; else the first');
const withFiles = (command: Command): Command =>
  command.option('-f, --file <path>', 'manifests: a file, a folder or - (repeatable)', collect, []);

const withCluster = (command: Command): Command =>
  command
    .option('--kubeconfig <file>', 'a cluster as its user sees it, which is read only')
    .option('--context <name>', 'of that file; else its current one');

const withFamily = (command: Command): Command =>
  command.option(
    '--ip-family <family>',
    'ipv4 or ipv6, where the cluster has both; else what both ends speak',
  );

const withNetwork = (command: Command): Command =>
  command.option('--network <model>', 'network model of the manifests; their ClusterNetwork, else calico');

function addLabCommands(program: Command, env: CliEnvironment, done: Done): void {
  withFiles(withLab(program.command('up')))
    .description('run a cluster network on this machine from ordinary manifests; idempotent')
    .option('--nodes <n>', 'number of nodes', wholeNumber, 3)
    .option('--network <model>', 'network model; the ClusterNetwork of the manifests, else calico')
    .option(
      '--cni-mode <mode>',
      'of azure-cni: transparent or bridge; the ClusterNetwork of the manifests, else transparent',
    )
    .option('--ip-family <family>', 'ipv4, ipv6 or dual; the ClusterNetwork of the manifests, else ipv4')
    .option('--own-network', "a further cluster, beside the lab's network instead of on it", false)
    .option('--audit', 'the API server writes down every request, see docs/guide/identity.md', false)
    .option('--kubeconfig <file>', 'use the API server of this cluster instead of one of its own')
    .option('--context <name>', 'of that file; else its current one')
    .option(
      '--controllers <choice>',
      'there: auto (those that it does not have), all, none, or names with commas between them',
      'auto',
    )
    .option('--wait', 'until everything is ready', false)
    .option('--timeout <seconds>', 'how long --wait waits', wholeNumber, 60)
    .action(async (options) => done(await (await import('./commands/up.ts')).up(env, options)));
  withLab(program.command('down'))
    .description('remove a lab and everything it has')
    .option('--all', 'every lab', false)
    .option('--kubeconfig <file>', 'leave this cluster also where the lab is not known here any more')
    .option('--context <name>', 'of that file; else its current one')
    .action(async (options) => done(await (await import('./commands/down.ts')).down(env, options)));
  withLab(program.command('status'))
    .description('nodes, workloads and Services, and what is not ready')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options) => done(await (await import('./commands/status.ts')).status(env, options)));
  withLab(program.command('logs [subject...]'))
    .description(
      'what the processes of a lab wrote: all, control, agents, dns, holder, node NAME, or NAMESPACE/POD',
    )
    .option('-f, --follow', 'and what they write from now on', false)
    .option('--since <time>', '90s, 5m, 2h, 1d, or a time of RFC 3339')
    .option('--tail <lines>', 'the last lines only', wholeNumber)
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (subject: string[], options) =>
      done(await (await import('./commands/logs.ts')).logs(env, { subject, ...options })),
    );
  withLab(program.command('support-bundle'))
    .description('one file with everything that a bug report needs, without secrets')
    .option('-o, --output <file>', 'the file to make; else weft-support-LAB-TIME.tar.gz')
    .action(async (options) => {
      const run = async (): Promise<ExitCode> => {
        const { supportBundle } = await import('./commands/support-bundle.ts');
        return supportBundle(env, { ...options, command: (argv) => printed(argv, env) });
      };
      done(await inside(env, options.name, run));
    });
  addApiServer(program, env, done);
  withLab(program.command('kubeconfig'))
    .description('print the kubeconfig of a lab')
    .option('--path', "print its file's path instead", false)
    .action(async (options) =>
      done(await (await import('./commands/kubeconfig.ts')).kubeconfig(env, options)),
    );
}

function addApiServer(program: Command, env: CliEnvironment, done: Done): void {
  const group = program.command('apiserver').description('what the API server of a lab holds');
  withLab(group.command('backup <file>'))
    .description('write all objects into a file, while everything goes on')
    .action(async (file: string, { name }: { name: string }) =>
      done(await (await import('./commands/apiserver.ts')).backup(env, { name, file })),
    );
  withLab(group.command('restore <file>'))
    .description('make the objects those of a backup, while everything goes on')
    .action(async (file: string, { name }: { name: string }) =>
      done(await (await import('./commands/apiserver.ts')).restore(env, { name, file })),
    );
}

/** Runs a command that enters namespaces of the lab, here or where that can be done. */
async function inside(env: CliEnvironment, lab: string, run: () => Promise<number>): Promise<number> {
  return (await env.enter(lab)) ?? run();
}

function addClusterRoles(program: Command, env: CliEnvironment, done: Done): void {
  program
    .command('controller')
    .description('run the cluster-wide controllers on the API server of a real cluster, while no other does')
    .requiredOption('--kubeconfig <file>', 'where the API server is, and as whom')
    .option('--controllers <names>', 'these, separated by commas; else those that the cluster does not have')
    .action(async ({ kubeconfig, controllers }: { kubeconfig: string; controllers?: string }) => {
      const only = controllers?.split(',').map((name) => name.trim());
      await env.runControllers({ kubeconfig, ...(only !== undefined && { only }) });
      done(0);
    });
}

function addPlan(program: Command, env: CliEnvironment, done: Done): void {
  withLab(program.command('plan'))
    .description('the addresses that a network takes, whether they are there, and what would help')
    .option('--live', 'of the running lab, or of what it would be with the other options', false)
    .option('--network <model>', 'network model')
    .option('--nodes <n>', 'number of nodes', wholeNumber)
    .option('--max-pods <n>', 'pods of a node at most; else what the model has', wholeNumber)
    .option('--pool <nodes:maxpods[:windows]>', 'more nodes, of another kind (repeatable)', collect, [])
    .option('--surge <nodes>', 'nodes that an upgrade adds to each pool: a number, or a share as 33%', '1')
    .option('--subnet <prefix>', 'where the nodes have their addresses')
    .option('--pod-cidr <prefix>', 'cut into a /24 for each node')
    .option('--pod-subnet <prefix>', 'where the pods of azure-cni-dynamic have their addresses')
    .option('--static-blocks', 'of it in blocks of 16 from the start, instead of batches', false)
    .option('--pods-per-node <n>', 'pods that a node is expected to run, for the batches', wholeNumber)
    .option('--service-cidr <prefix>', 'addresses of Services')
    .option('--frontends <n>', 'addresses of the subnet for internal load balancers', wholeNumber)
    .option('--routes <n>', 'other routes in the table of the nodes, for kubenet', wholeNumber)
    .option('--snat-ports <n>', 'source ports of public addresses for each node', wholeNumber)
    .option('--outbound-ips <n>', 'public addresses; else one', wholeNumber)
    .option(
      '--hci-cluster <nodes>',
      'CONTROLPLANE+WORKERS of a cluster on Azure Stack HCI (repeatable)',
      collect,
      [],
    )
    .option('--device-nodes <n>', 'nodes of an Azure Stack Edge device', wholeNumber)
    .option('--node-pool <range>', 'addresses of its machines, FIRST-LAST')
    .option('--vip-pool <range>', 'addresses of its API servers and Services, FIRST-LAST')
    .option('--service-ports <ports>', 'the port of each Service with an address, as 443,443,80')
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .action(async (options) => done(await (await import('./commands/plan.ts')).plan(env, options)));
}

function addRoutes(program: Command, env: CliEnvironment, done: Done): void {
  const group = program
    .command('route')
    .description("routes of the nodes' machines, beside those they have anyway");
  const target = (command: Command): Command =>
    withLab(command)
      .requiredOption('--interface <name>', "of the nodes' VirtualMachines, such as Port3")
      .requiredOption('--destination <prefix>', 'such as 192.168.21.0/24');
  target(group.command('add'))
    .description('lead to a destination by an interface that has a static address and no gateway')
    .requiredOption('--next-hop <address>', "on the interface's segment")
    .requiredOption('--metric <n>', 'of routes to one destination the lowest counts', wholeNumber)
    .option('--no-wait', "return before the nodes' machines have it")
    .option('--timeout <seconds>', 'how long it waits for them', wholeNumber, 10)
    .action(async (options) => done(await (await import('./commands/route.ts')).addRoute(env, options)));
  withLab(group.command('get'))
    .description('those that were added')
    .option('--interface <name>', 'only of this one')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options) => done(await (await import('./commands/route.ts')).getRoutes(env, options)));
  target(group.command('remove'))
    .description('those to a destination by an interface')
    .action(async (options) => done(await (await import('./commands/route.ts')).removeRoute(env, options)));
}

function addCompare(program: Command, env: CliEnvironment, done: Done): void {
  program
    .command('compare')
    .addArgument(
      new Argument('<table>', 'aks: models of a cloud; hci: of a data centre').choices(['aks', 'hci']),
    )
    .description('what network models can, measured with packets, beside what the documents say')
    .option('--name <prefix>', 'of the labs that are made for it', 'compare')
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .action(async (table: 'aks' | 'hci', options) =>
      done(await (await import('./commands/compare.ts')).compare(env, { table, ...options })),
    );
}

function addDiagnosis(program: Command, env: CliEnvironment, done: Done): void {
  program
    .command('doctor')
    .description('what this machine must have to run labs, and how to get what is missing')
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .action(async (options) => done(await (await import('./commands/doctor.ts')).doctor(env, options)));
}

function addOpen(program: Command, env: CliEnvironment, done: Done): void {
  withLab(program.command('open <destination>'))
    .description('a URL of this machine that leads to a Service or pod of the lab, until Ctrl-C')
    .addHelpText('after', endpointHelp)
    .option('--port <number>', 'the port of 127.0.0.1; else any', wholeNumber)
    .action(async (destination: string, options) =>
      done(await (await import('./commands/open.ts')).open(env, { destination, ...options })),
    );
}

function addFlows(program: Command, env: CliEnvironment, done: Done): void {
  withLab(program.command('flows'))
    .description('which connections policies let through, between workloads and ports, while it is recorded')
    .option('--record', 'record from now on, and forget what was recorded before', false)
    .option('--stop', 'record no more, and forget', false)
    .option('-f, --follow', 'and those that are seen from now on, until Ctrl-C', false)
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options) => done(await (await import('./commands/flows.ts')).flows(env, options)));
  withCluster(withFiles(withLab(program.command('suggest'))))
    .description('NetworkPolicies that let through what was seen and nothing else, proved by the model')
    .option(
      '--flows <file>',
      'what weft flows -o json wrote (- for standard input); else what the lab records',
    )
    .option('-n, --namespace <namespace>', 'only for pods of it (repeatable)', collect, [])
    .option('-o, --output <format>', 'yaml or json', 'yaml')
    .action(async (options) => done(await (await import('./commands/suggest.ts')).suggest(env, options)));
}

function addQuestions(program: Command, env: CliEnvironment, done: Done): void {
  withCluster(withNetwork(withFamily(withFiles(withLab(program.command('reach'))))))
    .description('who reaches whom; --live proves every cell with real packets')
    .option('--live', 'send packets and compare', false)
    .option('--pods', 'pods instead of workloads', false)
    .option('--all-namespaces', 'kube-system too', false)
    .option('--from <end>', 'only from NAMESPACE/NAME (* for any characters), outside, or an address')
    .option('--to <end>', 'only to such an end')
    .option('--namespace <namespace>', 'only where one end is in it')
    .option('--port <port>', 'only this port, as 80, 80/udp, 1-1023/tcp or icmp')
    .option('--watch', 'and what each change of the manifests opens and closes, until Ctrl-C', false)
    .option('--explain', 'also the rules of both ends that let a connection through', false)
    .option('--exposure', 'who may come from outside: every node port and external address', false)
    .option(
      '-o, --output <format>',
      'table, wide, json, yaml, csv, md, dot, mermaid, matrix or svg; junit with --live',
      'table',
    )
    .action(async (options) => {
      if (options.exposure)
        return done(await (await import('./commands/exposure.ts')).exposure(env, options));
      const run = async (): Promise<ExitCode> => (await import('./commands/reach.ts')).reach(env, options);
      done(await (options.live ? inside(env, options.name, run) : run()));
    });
  withCluster(withNetwork(withFamily(withFiles(withLab(program.command('explain <source> <destination>'))))))
    .description('the predicted walk of a connection: every hop, rewrite and rule')
    .addHelpText('after', endpointHelp)
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .action(async (source: string, destination: string, options) =>
      done(await (await import('./commands/explain.ts')).explain(env, { source, destination, ...options })),
    );
  withFamily(withLab(program.command('connect <source> <destination>')))
    .description('a real connection in the lab: verdict, source address seen, backend, time')
    .addHelpText('after', endpointHelp)
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .option('--timeout <ms>', 'how long silence counts as unreachable', wholeNumber, 1000)
    .action(async (source: string, destination: string, options) =>
      done(
        await inside(env, options.name, async () =>
          (await import('./commands/connect.ts')).connect(env, { source, destination, ...options }),
        ),
      ),
    );
  withCluster(withNetwork(withFamily(withFiles(withLab(program.command('test <expectations...>'))))))
    .description('check expectations about who reaches whom')
    .addHelpText('after', `${expectationHelp}${endpointHelp}`)
    .option('--live', 'with real packets', false)
    .option('-o, --output <format>', 'table, json, junit or sarif', 'table')
    .action(async (expectations: string[], options) => {
      const run = async (): Promise<ExitCode> =>
        (await import('./commands/test.ts')).test(env, { expectations, ...options });
      done(await (options.live ? inside(env, options.name, run) : run()));
    });
  withCluster(withNetwork(withFamily(program.command('diff <old> <new>'))))
    .description('which connections a change opens and closes, and where its Services lead')
    .addHelpText('after', sideHelp)
    .option('--pods', 'pods instead of workloads', false)
    .option('--all-namespaces', 'kube-system too', false)
    .option('-o, --output <format>', 'text, json, yaml, csv or md', 'text')
    .action(async (before: string, after: string, options) =>
      done(await (await import('./commands/diff.ts')).diff(env, { before, after, ...options })),
    );
  withCluster(withNetwork(withFiles(withLab(program.command('lint')))))
    .description('mistakes in policies, Services and route tables, each with its rule, file and line')
    .option('--explain <rule>', 'what a rule is about, with examples')
    .option('--ignore <rule>', 'leave a rule out (repeatable)', collect, [])
    .option('--fail-on <severity>', 'error, warning or info: what exit code 1 is for', 'warning')
    .option('-o, --output <format>', 'text, json, yaml or sarif', 'text')
    .action(async (options) => done(await (await import('./commands/lint.ts')).lint(env, options)));
  withLab(program.command('exec <where> <command...>'))
    .description(
      'run a program of this machine in the network of a pod, node:NAME or vm:NAME: weft exec POD -- CMD...',
    )
    .action(async (where: string, command: string[], options) =>
      done(
        await inside(env, options.name, async () =>
          (await import('./commands/exec.ts')).exec(env, { where, command, ...options }),
        ),
      ),
    );
}
