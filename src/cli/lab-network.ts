import type { ClusterNetwork, ClusterNetworkSpec } from '../api/types/network.ts';
import type { Family } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import { familiesOfNetwork, networkConfigOf, type NetworkConfig } from '../model/network/config.ts';
import { modelTraits, type NetworkModel } from '../model/network/models.ts';
import { familiesCalled } from './ip-family.ts';
import type { LoadedObject } from './manifests/objects.ts';

export interface NetworkChoice {
  readonly network?: string;
  readonly ipFamily?: string;
  readonly cniMode?: string;
}

/**
 * The network that a lab gets: what the manifests' own ClusterNetwork says, else the options, else the defaults. Throws
 * `network-contradicts` where they say different things, or what the model has not, `network-unavailable`,
 * `ip-family-invalid` and `cni-mode-invalid`.
 */
export function labNetworkOf(
  { objects }: { readonly objects: readonly LoadedObject[] },
  choice: NetworkChoice,
): NetworkConfig {
  const found = objects.find(({ object }) => object.kind === 'ClusterNetwork')?.object as
    | ClusterNetwork
    | undefined;
  const config = networkConfigOf(found, familiesCalled(choice.ipFamily ?? 'ipv4'));
  const model = choice.network ?? config.model;
  if (found !== undefined) requireAgreement(found.spec, config, choice);
  const cniMode = cniModeOf(choice.cniMode ?? config.cniMode, model);
  if (!isAvailable(model)) {
    throw new WeftError('network-unavailable', `the network model ${model} is not available`, {
      fault: 'input',
      hint: `use ${available.join(' or ')}`,
    });
  }
  requireFamilies(model, familiesOfNetwork(config));
  return { ...config, model, cniMode };
}

/** Only azure-cni has another than the usual one. */
function cniModeOf(mode: string, model: string): NetworkConfig['cniMode'] {
  if (mode !== 'transparent' && mode !== 'bridge') {
    throw new WeftError('cni-mode-invalid', `--cni-mode must be transparent or bridge, not ${mode}`, {
      fault: 'input',
    });
  }
  if (mode === 'transparent' || model === 'azure-cni') return mode;
  throw new WeftError('network-contradicts', `the network model ${model} has no mode bridge`, {
    fault: 'input',
    hint: 'use --network azure-cni',
  });
}

/** The models that labs can have. */
const available = [
  'calico',
  'flannel',
  'azure-cni',
  'azure-cni-dynamic',
  'none',
  'kubenet',
  'azure-cni-overlay',
] as const satisfies readonly NetworkModel[];

function isAvailable(model: string): model is (typeof available)[number] {
  return available.some((one) => one === model);
}

/** What a ClusterNetwork asks for is looked at when it is read; this is about options. */
function requireFamilies(model: NetworkModel, asked: readonly Family[]): void {
  const strange = asked.find((family) => !modelTraits[model].families.includes(family));
  if (strange === undefined) return;
  throw new WeftError('network-contradicts', `the network model ${model} has no ${strange}`, {
    fault: 'input',
    hint: 'use --ip-family ipv4, or the model calico',
  });
}

function requireAgreement(
  spec: ClusterNetworkSpec,
  config: NetworkConfig,
  { network, ipFamily, cniMode }: NetworkChoice,
): void {
  if (cniMode !== undefined && spec.cniMode !== undefined && cniMode !== spec.cniMode) {
    throw contradicts(`--cni-mode ${cniMode}`, spec.cniMode);
  }
  if (network !== undefined && spec.model !== undefined && network !== spec.model) {
    throw contradicts(`--network ${network}`, spec.model);
  }
  if (ipFamily !== undefined && !isSame(familiesOfNetwork(config), familiesCalled(ipFamily))) {
    throw contradicts(`--ip-family ${ipFamily}`, `ranges ${spec.podCIDR ?? spec.serviceCIDR ?? ''}`);
  }
}

/** In whichever order: which family comes first only the ranges can say. */
function isSame(one: readonly Family[], other: readonly Family[]): boolean {
  return one.length === other.length && one.every((family) => other.includes(family));
}

function contradicts(option: string, found: string): WeftError {
  return new WeftError('network-contradicts', `${option} contradicts the ClusterNetwork's ${found}`, {
    fault: 'input',
  });
}
