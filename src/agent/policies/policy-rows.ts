import type { Family } from '../../lib/address.ts';
import type { PodPolicy } from '../../model/policy/port.ts';
import type { Row, RowStem } from '../../model/policy/rows.ts';
import { namedElements, podRows, stemElements } from '../../plan/policy/elements.ts';
import { rowOwner } from '../../plan/policy/lingering.ts';
import type { PolicyNumbers } from '../../plan/policy/numbers.ts';
import type { ManagedTable } from '../../reconcile/nft-table.ts';

/** The rows in a node's policy table: there as long as a pod of the node has them. */
export interface PolicyRows {
  /** Stages the rows of a pod in place of those that it had; undefined for a pod that is gone. */
  use(podKey: string, policy: PodPolicy | undefined): void;
}

export interface PolicyRowsOptions {
  readonly table: Pick<ManagedTable, 'set'>;
  readonly family: Family;
  readonly numbers: PolicyNumbers;
}

interface Use {
  readonly number: number;
  readonly pods: Set<string>;
  row: Row;
}

/**
 * Rows belong to themselves, not to pods: when a domain name gets an address, what changes is one element for each row
 * with the name, however many pods have it and however long it is.
 */
export function createPolicyRows({ table, family, numbers }: PolicyRowsOptions): PolicyRows {
  const used = new Map<RowStem, Use>();
  const rowsOfPods = new Map<string, ReadonlySet<RowStem>>();

  const take = (podKey: string, row: Row): void => {
    const { stem } = row;
    const known = used.get(stem);
    if (known === undefined) {
      const number = numbers.rowOf(stem);
      used.set(stem, { number, pods: new Set([podKey]), row });
      table.set(rowOwner(number), stemElements(stem, family, numbers));
      table.set(`row ${number} names`, namedElements(row, family, numbers));
      return;
    }
    known.pods.add(podKey);
    if (known.row === row) return;
    known.row = row;
    table.set(`row ${known.number} names`, namedElements(row, family, numbers));
  };

  const leave = (podKey: string, stem: RowStem): void => {
    const known = used.get(stem);
    if (known === undefined || !known.pods.delete(podKey) || known.pods.size > 0) return;
    used.delete(stem);
    table.set(rowOwner(known.number), []);
    table.set(`row ${known.number} names`, []);
  };

  return {
    use(podKey, policy) {
      const rows = policy === undefined ? new Set<Row>() : podRows(policy);
      for (const row of rows) take(podKey, row);
      const stems = new Set(Array.from(rows, ({ stem }) => stem));
      for (const stem of rowsOfPods.get(podKey) ?? []) if (!stems.has(stem)) leave(podKey, stem);
      if (stems.size === 0) rowsOfPods.delete(podKey);
      else rowsOfPods.set(podKey, stems);
    },
  };
}
