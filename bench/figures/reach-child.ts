import { reach } from '../../src/analysis/reach/reach.ts';
import { policedCluster } from '../lib/many-policies.ts';

/**
 * The analysis alone, in a process of its own: `node reach-child.ts PODS`. Prints the milliseconds from the cluster's
 * objects to every connection between pods with its explanation, how many connections there are, and the megabytes that
 * the process has taken.
 */
const pods = Number(process.argv[2]);
const cluster = policedCluster(pods);
const start = performance.now();
const { connections } = reach(cluster, { level: 'pod', explained: {} });
const milliseconds = performance.now() - start;
const megabytes = process.resourceUsage().maxRSS / 1000;
process.stdout.write(`${JSON.stringify({ milliseconds, megabytes, connections: connections.length })}\n`);
