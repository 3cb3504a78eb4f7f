import { badRequest } from '../status.ts';

/** What the query of a write asks for beyond the object. */
export interface WriteOptions {
  /** Everything happens, except that nothing is stored. */
  readonly dryRun: boolean;
  /** What is done about fields that the resource does not have (KEP-2885). */
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  readonly fieldManager: string;
  /** A server-side apply takes fields from other managers. */
  readonly force: boolean;
}

/** Throws 400 for values that are not the API's. */
export function writeOptionsOf(query: URLSearchParams): WriteOptions {
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All' && value !== '')) throw badRequest('dryRun must be All');
  return {
    dryRun: dryRun.includes('All'),
    fieldValidation: fieldValidationOf(query.get('fieldValidation') ?? ''),
    fieldManager: query.get('fieldManager') ?? '',
    force: query.get('force') === 'true' || query.get('force') === '1',
  };
}

function fieldValidationOf(text: string): WriteOptions['fieldValidation'] {
  if (text === '') return 'Warn';
  if (text === 'Ignore' || text === 'Warn' || text === 'Strict') return text;
  throw badRequest('fieldValidation must be Ignore, Warn or Strict');
}
