import { parsePool } from '../analysis/capacity/pools.ts';
import type { NodePool, Surge } from '../analysis/capacity/port.ts';
import { WeftError } from '../lib/errors.ts';
import { parsePrefix, type AddressRange, type Prefix } from '../lib/prefix.ts';

/** Throws `plan-invalid`: the option is missing or says something else than one of these. */
export function required(option: string, choices: readonly string[]): never {
  throw new WeftError('plan-invalid', `--${option} is missing or not valid`, {
    fault: 'input',
    hint: `it takes ${choices.join(', ')}`,
  });
}

/** Throws `plan-invalid` for anything but a prefix of IPv4. */
export function subnetOf(option: string, text: string | undefined): Prefix | undefined {
  if (text === undefined) return undefined;
  const prefix = parsePrefix(text);
  return prefix?.family === 'IPv4' ? prefix : required(option, ['a prefix of IPv4, as 10.240.0.0/16']);
}

/** Throws `plan-invalid` for anything but a range or a prefix of IPv4. */
export function poolOf(option: string, text: string | undefined): AddressRange | undefined {
  if (text === undefined) return undefined;
  return parsePool(text) ?? required(option, ['FIRST-LAST, the lower address first', 'or a prefix, of IPv4']);
}

/** `NODES:MAXPODS` each, or `NODES:MAXPODS:windows`. */
export function poolsOf(texts: readonly string[]): NodePool[] {
  return texts.map((text) => {
    const [count = '', pods = '', os, ...more] = text.split(':');
    const [nodes, maxPods] = [wholeNumberOf(count), wholeNumberOf(pods)];
    const isKnown = more.length === 0 && (os === undefined || os === 'windows');
    if (nodes === undefined || maxPods === undefined || !isKnown) {
      return required('pool', ['NODES:MAXPODS, as 3:30', 'or NODES:MAXPODS:windows']);
    }
    return { nodes, maxPods, ...(os !== undefined && { os: 'windows' as const }) };
  });
}

/** `1`, or `33%`. */
export function surgeOf(text: string): Surge {
  const percent = /^(\d{1,3})%$/.exec(text)?.[1];
  if (percent !== undefined) return { percent: Number(percent) };
  return { nodes: wholeNumberOf(text) ?? required('surge', ['a number of nodes', 'or a share, as 33%']) };
}

/** Ports between commas; the same one several times for Services that each have it. */
export function portsOf(text: string | undefined): number[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => {
    const port = wholeNumberOf(word.trim());
    return port !== undefined && port > 0 && port < 65_536
      ? port
      : required('service-ports', ['ports between commas, as 443,443,80']);
  });
}

export function wholeNumberOf(text: string): number | undefined {
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
