/**
 * The names by which policies may mean a domain name (lower case, without a final dot): `a.b.c` itself, `*.b.c` and
 * `*.c`. A wildcard stands for one label or more.
 */
export function patternsOf(name: string): string[] {
  const labels = name.split('.');
  return [name, ...labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`)];
}
