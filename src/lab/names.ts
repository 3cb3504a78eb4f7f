import { WeftError } from '../lib/errors.ts';

const word = '[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?';
const labName = new RegExp(`^${word}(\\.${word})?$`);

/** The first cluster of a lab has the lab's own name; a further one, `b` of `shop`, is `shop.b`. */
export function clusterName(lab: string, cluster: string | undefined): string {
  return cluster === undefined ? lab : `${lab}.${cluster}`;
}

/** The lab whose network a further cluster shares; undefined for the first one, whose network it is. */
export function labOfCluster(name: string): string | undefined {
  const [lab, cluster] = name.split('.');
  return cluster === undefined ? undefined : lab;
}

/** Of these, the further clusters of a lab. */
export function clustersOf(lab: string, names: readonly string[]): string[] {
  return names.filter((name) => labOfCluster(name) === lab);
}

/** The name as it is; it is a file name and stands in names that people type. Throws `lab-name`. */
export function checkName(name: string): string {
  if (labName.test(name)) return name;
  throw new WeftError('lab-name', `"${name}" cannot be the name of a lab`, {
    fault: 'input',
    hint: 'use at most 40 of a-z, 0-9 and - inside, for the lab and for a cluster in it each',
  });
}
