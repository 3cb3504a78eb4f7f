import type { Pod } from '../../api/types/core.ts';
import type { CniCall, CniPlugins, CniResults } from '../../drivers/cni/port.ts';
import { messageOf, WeftError } from '../../lib/errors.ts';
import {
  addressesOfResult,
  pluginArguments,
  pluginInput,
  portMappingsOf,
  type PortMapping,
} from '../../model/cni/call.ts';
import { knowsCheck, type CniConfiguration } from '../../model/cni/configuration.ts';
import { podLink } from '../../plan/links/node.ts';
import { podNetns } from '../pods/pod-netns.ts';

/** Wires the pods of one node by calling the chain of plugins of its CNI configuration, as container runtimes do. */
export interface PluginChain {
  /**
   * The pod's addresses, once its chain has been called. One that an earlier process wired is checked, and wired anew when
   * something is wrong with it. Rejects with `cni-not-configured`, or what a plugin fails with.
   */
  add(pod: Pod, netns: string): Promise<readonly string[]>;
  /** Undoes it in the reverse order, also what was done in part. Rejects with what a plugin fails with. */
  remove(uid: string, netns: string): Promise<void>;
  /** Undoes what there is of pods other than these, which have gone while nobody looked. */
  sweep(kept: ReadonlySet<string>): Promise<void>;
  /** What an earlier process came to; none when it did not. */
  addressesOf(uid: string): readonly string[];
}

export interface PluginChainOptions {
  readonly node: string;
  readonly nodeNetns: string;
  readonly plugins: CniPlugins;
  readonly results: CniResults;
  /** Undefined while there is none. */
  readonly configuration: () => CniConfiguration | undefined;
  /** File of a namespace, by the name of its pin. */
  readonly fileOf: (netns: string) => string;
  /** Where plugins of this node keep their files. */
  readonly state: string;
}

/** What is known of a pod that was wired, or is about to be. */
interface Saved {
  readonly configuration: CniConfiguration;
  readonly portMappings: readonly PortMapping[];
  readonly args: string;
  /** Absent before the chain has come to its end. */
  readonly result?: unknown;
}

export function createPluginChain(options: PluginChainOptions): PluginChain {
  const { node, plugins, results } = options;

  const saved = (uid: string): Saved | undefined => results.read(node, uid) as Saved | undefined;

  /** Calls one plugin after the other, each with what the one before came to, or all with what the chain did. */
  const callAll = async (
    command: CniCall['command'],
    { uid, netns }: { readonly uid: string; readonly netns: string },
    { configuration, portMappings, args, result }: Saved,
  ): Promise<unknown> => {
    const order = command === 'DEL' ? configuration.plugins.toReversed() : configuration.plugins;
    let prevResult = result;
    for (const plugin of order) {
      const out = await plugins.run({
        plugin: plugin.type,
        command,
        containerId: uid,
        podNetns: options.fileOf(netns),
        nodeNetns: options.fileOf(options.nodeNetns),
        interfaceName: podLink,
        args,
        state: options.state,
        input: pluginInput(configuration, plugin, { prevResult, portMappings }),
      });
      if (command === 'ADD') prevResult = parsed(plugin.type, out);
    }
    return prevResult;
  };

  const isWell = async (uid: string, netns: string, known: Saved): Promise<boolean> => {
    if (!knowsCheck(known.configuration)) return true;
    try {
      await callAll('CHECK', { uid, netns }, known);
      return true;
    } catch {
      return false;
    }
  };

  const remove = async (uid: string, netns: string): Promise<void> => {
    const known = saved(uid);
    if (known === undefined) return;
    await callAll('DEL', { uid, netns }, known);
    results.remove(node, uid);
  };

  return {
    async add(pod, netns) {
      const { uid = '' } = pod.metadata;
      const before = saved(uid);
      if (before?.result !== undefined && (await isWell(uid, netns, before)))
        return addressesOfResult(before.result);
      await remove(uid, netns);
      const configuration = options.configuration();
      if (configuration === undefined)
        throw new WeftError('cni-not-configured', 'cni plugin not initialized');
      const begun = { configuration, portMappings: portMappingsOf(pod), args: pluginArguments(pod) };
      // Whatever becomes of it, it can be undone.
      results.write(node, uid, begun);
      const result = await callAll('ADD', { uid, netns }, begun);
      results.write(node, uid, { ...begun, result });
      return addressesOfResult(result);
    },
    remove,
    async sweep(kept) {
      for (const uid of results.list(node)) if (!kept.has(uid)) await remove(uid, podNetns(uid));
    },
    addressesOf: (uid) => addressesOfResult(saved(uid)?.result),
  };
}

function parsed(plugin: string, out: string): unknown {
  try {
    return JSON.parse(out);
  } catch (error) {
    throw new WeftError('cni-plugin-failed', `${plugin} ADD: its result is no JSON: ${messageOf(error)}`);
  }
}
