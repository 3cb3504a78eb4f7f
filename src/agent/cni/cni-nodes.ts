import type { Pod } from '../../api/types/core.ts';
import type { CniPlugins, CniResults } from '../../drivers/cni/port.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { findConfiguration, type CniConfiguration } from '../../model/cni/configuration.ts';
import type { NodePlace } from '../../model/network/topology.ts';
import { createPluginChain, type PluginChain } from './plugin-chain.ts';

/** What wiring pods by somebody's CNI plugins needs. */
export interface CniOptions {
  readonly plugins: CniPlugins;
  readonly results: CniResults;
  /** File of a namespace, by the name of its pin. */
  readonly fileOf: (netns: string) => string;
  /** Folder for the files of a node's plugins. */
  readonly stateOf: (node: string) => string;
  /** Configuration files by name; empty while there are none. */
  readonly files: () => Readonly<Record<string, string>>;
  /** Calls back when the files are others. Returns how to end it. */
  readonly onFiles: (callback: () => void) => () => void;
}

/** The nodes of a cluster whose network somebody else sees to. */
export interface CniNodes {
  chainOf(place: NodePlace, nodeNetns: string): PluginChain;
  /** Undoes what plugins did for pods of the node that have gone while nobody looked. */
  sweep(node: string, pods: Iterable<Pod>): Promise<void>;
  /** Why pods cannot be wired on the node, in the words of kubelets; undefined when they can. */
  problemOf(node: string): string | undefined;
}

/** As a kubelet says it whose container runtime has found no configuration. */
const notReady =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady ' +
  'message:Network plugin returns error: cni plugin not initialized';

export function createCniNodes(options: CniOptions, log: Log): CniNodes {
  const places = new Map<string, NodePlace>();
  const chains = new Map<string, PluginChain>();
  const configurationOf = (node: string): CniConfiguration | undefined => {
    const { configuration, problems } = findConfiguration(options.files(), {
      podCidr: places.get(node)?.podCidr ?? '',
    });
    for (const problem of problems) log.warn({ node, problem }, 'a CNI configuration cannot be used');
    return configuration;
  };
  return {
    chainOf(place, nodeNetns) {
      places.set(place.name, place);
      const chain = createPluginChain({
        ...options,
        node: place.name,
        nodeNetns,
        configuration: () => configurationOf(place.name),
        state: options.stateOf(place.name),
      });
      chains.set(place.name, chain);
      return chain;
    },
    async sweep(node, pods) {
      try {
        await chains.get(node)?.sweep(new Set(Array.from(pods, ({ metadata }) => metadata.uid ?? '')));
      } catch (error) {
        log.warn(
          { node, error: messageOf(error) },
          'what CNI plugins did for pods that are gone is still there',
        );
      }
    },
    problemOf: (node) => (configurationOf(node) === undefined ? notReady : undefined),
  };
}
