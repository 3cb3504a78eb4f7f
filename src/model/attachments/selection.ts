import type { Pod } from '../../api/types/core.ts';

/** The annotation by which a pod selects networks, and the one that says what became of it. */
export const networksAnnotation = 'k8s.v1.cni.cncf.io/networks';
export const networkStatusAnnotation = 'k8s.v1.cni.cncf.io/network-status';

/** A network that a pod selects. */
export interface Selection {
  readonly namespace: string;
  readonly name: string;
  /** Name of the interface in the pod. */
  readonly interface: string;
  /** Addresses that it asks for, with or without a length. */
  readonly ips: readonly string[];
  readonly mac: string | undefined;
}

/** More would be a mistake, and every one costs links. */
const mostSelections = 16;
const macs = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const links = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/;

/**
 * The networks that a pod selects, in either form of the annotation: `[NAMESPACE/]NAME[@INTERFACE]` with commas between
 * them, or a JSON list (Network Plumbing Working Group's specification, section 4.1). A text is what is wrong with it.
 */
export function selectionsOf({ metadata, spec }: Pod): readonly Selection[] | string {
  const text = metadata.annotations?.[networksAnnotation]?.trim() ?? '';
  if (text === '' || spec.hostNetwork === true) return [];
  const { namespace = 'default' } = metadata;
  const elements = text.startsWith('[')
    ? jsonElements(text)
    : text.split(',').map((one) => fromWord(one.trim()));
  if (typeof elements === 'string') return elements;
  if (elements.length > mostSelections) return `more than ${mostSelections} networks`;
  return selected(elements, namespace);
}

function selected(elements: readonly (Element | string)[], namespace: string): readonly Selection[] | string {
  const found: Selection[] = [];
  for (const [index, element] of elements.entries()) {
    const one = typeof element === 'string' ? element : selectionOf(element, namespace, index);
    if (typeof one === 'string') return one;
    found.push(one);
  }
  const names = ['eth0', 'lo', ...found.map((one) => one.interface)];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  return twice === undefined ? found : `the interface ${twice} is there already`;
}

type Element = Readonly<Record<string, unknown>>;

function jsonElements(text: string): readonly Element[] | string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed) && parsed.every((one) => typeof one === 'object' && one !== null))
      return parsed as Element[];
  } catch {
    // Said below.
  }
  return `${networksAnnotation} is not a JSON list of objects`;
}

function fromWord(word: string): Element | string {
  const [, namespace, name, nic] = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/.exec(word) ?? [];
  if (name === undefined) return `"${word.slice(0, 80)}" is not [NAMESPACE/]NAME[@INTERFACE]`;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(nic !== undefined && { interface: nic }),
  };
}

function selectionOf(element: Element, podNamespace: string, index: number): Selection | string {
  const text = (field: string): string | undefined => {
    const value = element[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const name = text('name');
  if (name === undefined) return `${networksAnnotation}[${index}] has no name`;
  if (element['default-route'] !== undefined)
    return `${name}: default-route is not supported; routes are those of the network`;
  const [nic, mac] = [text('interface') ?? `net${index + 1}`, text('mac')];
  if (!links.test(nic)) return `${name}: "${nic.slice(0, 40)}" cannot name an interface`;
  if (mac !== undefined && !macs.test(mac))
    return `${name}: "${mac.slice(0, 40)}" is not a link-layer address`;
  const ips = element['ips'] ?? [];
  if (!isTexts(ips)) return `${name}: ips is not a list of addresses`;
  return { namespace: text('namespace') ?? podNamespace, name, interface: nic, ips, mac: mac?.toLowerCase() };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
