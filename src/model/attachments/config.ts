import type { NetworkAttachmentDefinition } from '../../api/types/layer2.ts';

/** A CNI configuration, as far as it says where a pod's interface is and what addresses it has. */
export interface NetworkConfiguration {
  readonly type: string;
  readonly fields: Fields;
  readonly ipam: Fields;
  /** `weft.dev/segment` of the definition: which Segment or VirtualSwitch it means. */
  readonly segment: string | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Says which Segment or VirtualSwitch a definition means, where its configuration cannot. */
export const segmentAnnotation = 'weft.dev/segment';

/** The first plugin of the configuration makes the interface. A text is what is wrong with it. */
export function configurationOf({
  metadata,
  spec,
}: NetworkAttachmentDefinition): NetworkConfiguration | string {
  const parsed = parse(spec?.config ?? '');
  if (parsed === undefined) {
    return 'its spec.config is not a CNI configuration in JSON (configuration files of nodes are not read)';
  }
  const plugins = parsed['plugins'];
  const first: unknown = Array.isArray(plugins) ? plugins[0] : parsed;
  const type = isFields(first) ? first['type'] : undefined;
  if (!isFields(first) || typeof type !== 'string') return 'its configuration has no type';
  const ipam = first['ipam'];
  return {
    type,
    fields: first,
    ipam: isFields(ipam) ? ipam : {},
    segment: metadata.annotations?.[segmentAnnotation],
  };
}

/** A field that is a text; undefined for anything else. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The objects of a list; none for anything else. */
export function objectsIn(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
