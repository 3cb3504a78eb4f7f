import { jsonResponse, type ApiRequest, type ApiResponse } from '../http/messages.ts';
import type { Api } from '../port.ts';
import { representationOf } from '../representation.ts';
import type { ListMeta } from '../representation-port.ts';
import type { Target } from '../routes.ts';
import { selectionOf } from '../selection.ts';
import { expired, qualifiedName, StatusError } from '../status.ts';
import type { Entry, Store } from '../store/port.ts';
import { decodeToken, encodeToken, type Continuation } from './continue-token.ts';
import { listOptionsOf, type ListOptions } from './list-options.ts';
import { requireReached, stateAt, stateNow, type Place, type State } from './versions.ts';

/** A list, whole or in pieces of `limit` that are all of the same moment. */
export async function listObjects(api: Api, target: Target, request: ApiRequest): Promise<ApiResponse> {
  const options = listOptionsOf(request.query);
  const representation = await representationOf(request, target.resource, api.clock);
  const selects = selectionOf(target, request.query);
  const place = { resource: qualifiedName(target.resource), namespace: target.namespace };
  const { entries: all, resourceVersion } = stateFor(api.store, place, options);
  const entries = selects === undefined ? all : all.filter(({ object }) => selects(object));
  const { limit } = options;
  const cut = limit > 0 && entries.length > limit;
  const piece = cut ? entries.slice(0, limit) : entries;
  const after = piece.at(-1)?.key ?? '';
  const metadata: ListMeta = {
    resourceVersion: String(resourceVersion),
    ...(cut && { continue: encodeToken({ version: resourceVersion, after }) }),
    ...(cut && selects === undefined && { remainingItemCount: entries.length - limit }),
  };
  return jsonResponse(200, representation.list(piece, metadata));
}

/** `Exact`, and pieces of a list from a version, are of that version; anything else may be newer (KEP-1904). */
function stateFor(store: Store, place: Place, { continueToken, version, match, limit }: ListOptions): State {
  if (continueToken !== '') return continued(store, place, decodeToken(continueToken));
  requireReached(store, version);
  const exact = match === 'Exact' || (match === '' && limit > 0 && version > 0);
  return exact ? stateAt(store, place, version) : stateNow(store, place);
}

function continued(store: Store, place: Place, { version, after }: Continuation): State {
  const state =
    version === undefined ? stateNow(store, place) : stateOrExpired(store, place, { version, after });
  return { ...state, entries: entriesAfter(state.entries, after) };
}

function stateOrExpired(
  store: Store,
  place: Place,
  { version, after }: { version: number; after: string },
): State {
  try {
    return stateAt(store, place, version);
  } catch (thrown) {
    if (!(thrown instanceof StatusError) || thrown.status !== 410) throw thrown;
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. Start a new list without it, or go on with the continue parameter of this answer: what changed since the list began may then show or be missing.',
      encodeToken({ version: undefined, after }),
    );
  }
}

/** Entries are in the order of their keys. */
function entriesAfter(entries: readonly Entry[], key: string): readonly Entry[] {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.key ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return entries.slice(low);
}
