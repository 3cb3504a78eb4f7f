import { badRequest, StatusError } from '../status.ts';
import { countOf, flagOf } from './query.ts';

/** What a list or watch asks for (meta/v1 ListOptions), apart from what it selects. */
export interface ListOptions {
  /** 0 is no limit. */
  readonly limit: number;
  /** Where a list that is read in pieces goes on; empty at its beginning. */
  readonly continueToken: string;
  /** 0 is any. */
  readonly version: number;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly watch: boolean;
  readonly sendInitialEvents: boolean;
}

/** Throws 400 for values that are not of their type, and 422 for what contradicts itself, as upstream checks it. */
export function listOptionsOf(query: URLSearchParams): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOptions(
      `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan"`,
    );
  }
  const options: ListOptions = {
    limit: countOf(query, 'limit'),
    continueToken: query.get('continue') ?? '',
    version: countOf(query, 'resourceVersion'),
    match,
    watch: flagOf(query, 'watch'),
    sendInitialEvents: flagOf(query, 'sendInitialEvents'),
  };
  if (options.watch) requireWatchable(options, query.has('sendInitialEvents'));
  else requireListable(options, query);
  return options;
}

function requireWatchable({ match }: ListOptions, saysInitial: boolean): void {
  if (saysInitial && match !== 'NotOlderThan') {
    throw invalidOptions(
      'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  if (!saysInitial && match !== '') {
    throw invalidOptions(
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
}

function requireListable({ match, version, continueToken }: ListOptions, query: URLSearchParams): void {
  if (query.has('sendInitialEvents')) {
    throw invalidOptions('Forbidden: sendInitialEvents is forbidden for list', 'sendInitialEvents');
  }
  if (continueToken !== '' && version !== 0) {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  if (match === '') return;
  const forbidden = 'Forbidden: resourceVersionMatch is forbidden';
  if (continueToken !== '') throw invalidOptions(`${forbidden} when continue is provided`);
  if ((query.get('resourceVersion') ?? '') === '') {
    throw invalidOptions(`${forbidden} unless resourceVersion is provided`);
  }
  if (match === 'Exact' && version === 0)
    throw invalidOptions(`${forbidden} for resourceVersion "0" as Exact`);
}

function invalidOptions(message: string, field = 'resourceVersionMatch'): StatusError {
  const group = 'meta.k8s.io';
  const reason = message.startsWith('Forbidden') ? 'FieldValueForbidden' : 'FieldValueNotSupported';
  return new StatusError(422, 'Invalid', `ListOptions.${group} "" is invalid: ${field}: ${message}`, {
    group,
    kind: 'ListOptions',
    causes: [{ reason, message, field }],
  });
}
