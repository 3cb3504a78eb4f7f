import { badRequest } from '../status.ts';

/** A query parameter that is a count; 0 when absent. Throws 400 for anything else. */
export function countOf(query: URLSearchParams, parameter: string): number {
  const text = query.get(parameter) ?? '';
  if (text === '') return 0;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`${parameter} must be a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

/** A flag of the query: present and not `false` or `0`. */
export function flagOf(query: URLSearchParams, parameter: string): boolean {
  const text = query.get(parameter);
  return text !== null && text !== 'false' && text !== '0';
}
