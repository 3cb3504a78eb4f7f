import type { Cluster } from '../../model/cluster.ts';
import {
  formatPorts,
  intersectPorts,
  noPorts,
  portSetKey,
  unionPorts,
  type PortSet,
} from '../../model/policy/port-set.ts';
import { workloadOf } from '../../model/workloads/workload-of.ts';
import type { Reason } from '../flow.ts';
import { declaredPorts } from '../predict/listening.ts';
import { isInterface, isMachine, isOutside, type ReachEnd, type ReachRows } from './answer.ts';
import { distinctReasons } from './because.ts';
import { endMatcher } from './focus.ts';
import type { ReachOptions } from './options.ts';
import { addReach } from './reach.ts';

/** Who reaches whom as rows and columns; all addresses outside are one end, `outside`. */
export interface ReachMatrix {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** `.` let through, `X` blocked, `~` some of both, `#` itself, `?` not all pods agree. */
  readonly symbolAt: (row: string, column: string) => string;
  /** As `formatPorts` writes them. */
  readonly portsAt: (row: string, column: string) => readonly string[];
  /** Why; none where `explained` was not asked for. */
  readonly reasonsAt: (row: string, column: string) => readonly Reason[];
}

const outside = 'outside';

/**
 * A cell is about the ports that the destination's pods declare, as far as they are asked about; where it declares none, and
 * for the outside, about any port.
 */
export function reachMatrix(cluster: Cluster, options: ReachOptions = {}): ReachMatrix {
  const { focus = {}, level = 'workload' } = options;
  const cells = new Map<string, Cell>();
  const add: ReachRows['add'] = (source, destination, ports, { why, because } = {}) => {
    const key = `${nameOf(source)} ${nameOf(destination)}`;
    const known = cells.get(key) ?? nothing;
    const isOpen = ports === 'all' || ports.length > 0;
    cells.set(key, {
      ports: unionPorts(known.ports, ports),
      isUnknown: known.isUnknown || why !== undefined,
      reasons:
        options.explained !== undefined && isOpen
          ? distinctReasons([...known.reasons, ...(because?.(ports) ?? [])])
          : known.reasons,
    });
  };
  const { ends } = addReach({ add }, cluster, options);
  const declared = declaredBy(cluster, level);
  const asked = focus.ports ?? 'all';
  const named = ends.filter((end) => focus.namespace === undefined || end.startsWith(`${focus.namespace}/`));
  const chosen = (pattern: string | undefined): string[] => [
    ...named.filter(endMatcher(pattern)),
    ...(pattern === undefined || pattern === outside ? [outside] : []),
  ];
  return {
    // Nobody asks by an interface: routes decide by which one a pod sends.
    rows: chosen(focus.from).filter((end) => !isInterface(end)),
    columns: chosen(focus.to),
    symbolAt(row, column) {
      if (row === column) return '#';
      const { ports, isUnknown } = cells.get(`${row} ${column}`) ?? nothing;
      if (isUnknown) return '?';
      const wanted = intersectPorts(declared.get(column) ?? 'all', asked);
      const open = intersectPorts(ports, wanted);
      if (open !== 'all' && open.length === 0) return 'X';
      return portSetKey(open) === portSetKey(wanted) ? '.' : '~';
    },
    portsAt: (row, column) => formatPorts(cells.get(`${row} ${column}`)?.ports ?? noPorts),
    reasonsAt: (row, column) => cells.get(`${row} ${column}`)?.reasons ?? [],
  };
}

interface Cell {
  readonly ports: PortSet;
  readonly isUnknown: boolean;
  readonly reasons: readonly Reason[];
}

const nothing: Cell = { ports: noPorts, isUnknown: false, reasons: [] };

/** Machines around the nodes have rows of their own, all else outside has one. */
const nameOf = (end: ReachEnd): string =>
  typeof end !== 'string' || (isOutside(end) && !isMachine(end)) ? outside : end;

/** The ports that the pods of each end declare; ends without any are left out. */
function declaredBy(cluster: Cluster, level: 'workload' | 'pod'): Map<string, PortSet> {
  const ports = new Map<string, PortSet>();
  for (const [key, pod] of cluster.pods) {
    const { namespace, name, kind } = workloadOf(pod);
    const end = level === 'pod' ? key : `${namespace}/${name}[${kind}]`;
    const own = declaredPorts(pod).map(({ protocol, port }) => ({ protocol, first: port, last: port }));
    if (own.length > 0) ports.set(end, unionPorts(ports.get(end) ?? noPorts, own));
  }
  return ports;
}
