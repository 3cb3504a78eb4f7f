import { apiVersionOf, type Resource } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import { bookmarkLine } from './bookmark.ts';
import type { ApiRequest } from './http/messages.ts';
import type { Representation } from './representation-port.ts';
import { notAcceptable } from './status.ts';
import type { Entry, EventType } from './store/port.ts';

/**
 * Chooses by the Accept header among plain objects, their metadata only, and the tables that kubectl prints
 * (meta.k8s.io/v1). Throws 406 when the client takes none of them.
 */
export async function representationOf(
  request: ApiRequest,
  resource: Resource,
  clock: Clock,
): Promise<Representation> {
  const accepted = request.headers['accept'] ?? '*/*';
  for (const range of accepted.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*', ''].includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return objectRepresentation(resource);
    if (!parameters.includes('v=v1') || !parameters.includes('g=meta.k8s.io')) continue;
    if (as === 'Table') {
      const { tableRepresentation } = await import('./table/table.ts');
      return tableRepresentation(resource, {
        includeObject: request.query.get('includeObject'),
        now: () => clock.now(),
      });
    }
    if (as.startsWith('PartialObjectMetadata')) return metadataRepresentation();
  }
  throw notAcceptable();
}

/** Objects as they are; the text of each was made when it was written. */
export function objectRepresentation(resource: Resource): Representation {
  const kind = JSON.stringify(`${resource.kind}List`);
  const apiVersion = JSON.stringify(apiVersionOf(resource));
  return {
    one: (entry) => entry.text,
    list: (entries, metadata) =>
      `{"kind":${kind},"apiVersion":${apiVersion},"metadata":${JSON.stringify(metadata)},"items":[${textsOf(entries)}]}`,
    event: eventLine,
    bookmark: (resourceVersion, annotations) =>
      bookmarkLine({ kind: resource.kind, apiVersion: apiVersionOf(resource) }, resourceVersion, annotations),
  };
}

/** The line made last: an event goes to all its watchers in turn, and they share one text. */
let lastLine: { readonly type: EventType; readonly entry: Entry; readonly line: string } | undefined;

function eventLine(type: EventType, entry: Entry): string {
  if (lastLine?.entry !== entry || lastLine.type !== type) {
    lastLine = { type, entry, line: `{"type":"${type}","object":${entry.text}}\n` };
  }
  return lastLine.line;
}

function textsOf(entries: readonly Entry[]): string {
  return entries.map((entry) => entry.text).join(',');
}

/** Only apiVersion, kind and metadata (meta/v1 PartialObjectMetadata), for clients that follow ownership. */
function metadataRepresentation(): Representation {
  const type = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };
  const one = (entry: Entry): object => ({ ...type, metadata: entry.object.metadata });
  return {
    one: (entry) => JSON.stringify(one(entry)),
    list: (entries, metadata) =>
      JSON.stringify({ ...type, kind: 'PartialObjectMetadataList', metadata, items: entries.map(one) }),
    event: (event, entry) => `${JSON.stringify({ type: event, object: one(entry) })}\n`,
    bookmark: (resourceVersion, annotations) => bookmarkLine(type, resourceVersion, annotations),
  };
}
