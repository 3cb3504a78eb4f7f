import type { ProcessStatus } from '../../lab/process-status.ts';
import type { Unready } from '../../lab/readiness.ts';
import { formatAge, formatMemory } from '../output/quantity.ts';
import { table } from '../output/table.ts';
import type { ClusterReport, StatusReport } from './report.ts';

/** The report for people: a table for each kind of thing there is. */
export function renderStatus({ processes, cluster, unready }: StatusReport, now: number): string {
  const sections = [...(cluster === undefined ? [] : clusterSections(cluster)), processTable(processes)];
  if (unready.length > 0) {
    const columns = ['NOT READY', 'KIND', 'WHY', 'LAST EVENT'];
    sections.push(
      table(
        columns,
        unready.map((one) => unreadyRow(one, now)),
      ),
    );
  }
  if (cluster !== undefined && cluster.notes.length > 0) sections.push(`${cluster.notes.join('\n')}\n`);
  return sections.join('\n');
}

function clusterSections({ nodes, workloads, services, networkPolicies }: ClusterReport): string[] {
  const sections = [
    table(
      ['NODE', 'READY', 'ADDRESS', 'POD CIDR', 'PODS'],
      nodes.map((node) => [
        node.name,
        yes(node.isReady),
        node.addresses.join(),
        node.podCIDRs.join(),
        String(node.pods),
      ]),
    ),
    table(
      ['WORKLOAD', 'KIND', 'READY'],
      workloads.map(({ key, kind, ready }) => [key, kind, ready]),
    ),
    table(
      ['SERVICE', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORTS', 'ENDPOINTS'],
      services.map((service) => [
        service.key,
        service.type,
        service.clusterIPs.join(),
        service.externalIPs.join() || '-',
        service.ports,
        service.endpoints ?? '-',
      ]),
    ),
  ];
  if (networkPolicies.length > 0) {
    const rows = networkPolicies.map(({ key, isProgrammed }) => [key, yes(isProgrammed)]);
    sections.push(table(['NETWORKPOLICY', 'PROGRAMMED'], rows));
  }
  return sections;
}

function processTable(processes: readonly ProcessStatus[]): string {
  return table(
    ['PROCESS', 'PID', 'UPTIME', 'RESTARTS', 'MEMORY'],
    processes.map(({ role, pid, uptimeSeconds, restarts, residentBytes }) => [
      role,
      pid === undefined ? '-' : String(pid),
      uptimeSeconds === undefined ? '-' : formatAge(uptimeSeconds),
      String(restarts),
      residentBytes === undefined ? '-' : formatMemory(residentBytes),
    ]),
  );
}

function unreadyRow({ kind, key, why, event }: Unready, now: number): string[] {
  if (event === undefined) return [key, kind, why, '-'];
  const age = formatAge(Math.max(0, now - Date.parse(event.lastTimestamp)) / 1000);
  const count = event.count > 1 ? `${event.count} times, last ` : '';
  return [key, kind, why, `${event.reason}: ${event.message} (${count}${age} ago)`];
}

const yes = (value: boolean): string => (value ? 'yes' : 'no');
