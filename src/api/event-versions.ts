/** A field as core/v1 calls it, and as events.k8s.io/v1 does; all others have one name. */
const renamed = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const;

const newerNames: ReadonlyMap<string, string> = new Map(renamed);
const coreNames: ReadonlyMap<string, string> = new Map(renamed.map(([core, newer]) => [newer, core]));

/** A core/v1 Event as events.k8s.io/v1 has it (events `Convert_core_Event_To_v1_Event`). */
export function asNewerEvent<T extends object>(event: T): T {
  return { ...withNames(event, newerNames), apiVersion: 'events.k8s.io/v1' };
}

/** An events.k8s.io/v1 Event as core/v1 has it, where every Event is about something. */
export function asCoreEvent<T extends object>(event: T): T {
  return { involvedObject: {}, ...withNames(event, coreNames), apiVersion: 'v1' };
}

function withNames<T extends object>(event: T, names: ReadonlyMap<string, string>): T {
  const entries = Object.entries(event).map(([field, value]) => [names.get(field) ?? field, value] as const);
  // Types say which fields there are in one version; here they are those of the other.
  return Object.fromEntries(entries) as T;
}
