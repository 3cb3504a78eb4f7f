import type { Command, HelpConfiguration, Option } from 'commander';

/** Commands by their names alone, so that what they do has room; defaults that say something. */
export const helpFormat: HelpConfiguration = {
  subcommandTerm: (command: Command) => command.name(),
  optionDescription({ description, defaultValue }: Option) {
    const isSaid = typeof defaultValue === 'string' || typeof defaultValue === 'number';
    return isSaid ? `${description} (default: ${defaultValue})` : description;
  },
};

/** Has each command name its own help when it complains. */
export function pointToHelp(command: Command, words: string): void {
  command.showHelpAfterError(`(${words} --help says more)`);
  for (const one of command.commands) pointToHelp(one, `${words} ${one.name()}`);
}

export const endpointHelp = `
Endpoints:
  NAMESPACE/POD              also pod:NAMESPACE/POD
  NAMESPACE/KIND/NAME        a workload, as default/Deployment/web
  pods:NAMESPACE/SELECTOR    by labels, as pods:default/app=web,tier!=x
  svc:NAMESPACE/NAME         a Service
  node:NAME                  a node
  vm:NAME, site:NAME         around the nodes
  dns:NAME                   a name outside
  internet, or an IP address
A destination adds :PORT (a number or a name), and /udp or /sctp where it is
not TCP.
`;

export const sideHelp = `
OLD and NEW are each a file or folder of manifests, - for standard input,
lab:NAME for what runs in a lab, or cluster: (cluster:CONTEXT) for what the user
of the kubeconfig sees of a cluster.
`;

export const expectationHelp = `
Expectations:
  'SOURCE -> DESTINATION'    and allowed, denied, refused or unreachable
  'SOURCE -/-> DESTINATION'  not allowed
  FILE                       YAML: a list of these, or of {from, to, port,
                             protocol, expect: allow|deny, because}
`;
