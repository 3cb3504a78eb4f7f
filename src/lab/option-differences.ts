import { isDeepStrictEqual } from 'node:util';
import type { LabOptions } from './options.ts';

/** What people call the options of a lab; the others have their own names. */
const optionNames: Readonly<Record<string, string>> = {
  nodes: '--nodes',
  audit: '--audit',
  ownNetwork: '--own-network',
  cluster: 'API server',
};

/** Fields of the ClusterNetwork that a lab keeps under another name. */
const fieldNames: Readonly<Record<string, string>> = { podCidrs: 'podCIDR', serviceCidrs: 'serviceCIDR' };

/**
 * What tells the options of one lab from those of another, for people: `spec.model (calico, not kubenet)`. What a lab began with
 * does not: that is changed by applying.
 */
export function differencesOf(running: LabOptions, wanted: LabOptions): string[] {
  const { config: runningConfig, begun: _then, ...runningRest } = running;
  const { config: wantedConfig, begun: _now, ...wantedRest } = wanted;
  return [
    ...differing(
      runningConfig,
      wantedConfig,
      (key) => `spec.${fieldNames[key] ?? key} of its ClusterNetwork`,
    ),
    ...differing(runningRest, wantedRest, (key) => optionNames[key] ?? key),
  ];
}

function differing(a: object, b: object, nameOf: (key: string) => string): string[] {
  const [running, wanted] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...running.keys(), ...wanted.keys()])]
    .filter((key) => !isDeepStrictEqual(running.get(key), wanted.get(key)))
    .map((key) => `${nameOf(key)} (${textOf(running.get(key))}, not ${textOf(wanted.get(key))})`);
}

function textOf(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.join();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
