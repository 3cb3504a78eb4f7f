import type { NetworkModel } from '../../model/network/models.ts';

/**
 * How probes decide a cell. `directions`: who can begin a connection between a pod and the other end. `all`: whether
 * every probe did what it should. `link`: of what kind the links between the nodes are. `nothing`: packets cannot tell.
 */
export type DecidedBy = 'directions' | 'all' | 'link' | 'nothing';

/** A row of a table: one thing that network models differ in. */
export interface Capability {
  readonly name: string;
  readonly decidedBy: DecidedBy;
  /** What the document says, by column; a cell that it leaves blank is absent. */
  readonly documented: Readonly<Record<string, string>>;
}

export interface Column {
  readonly name: string;
  /** The model that a lab is made with. */
  readonly model: NetworkModel;
  /** What is to be known about the column. */
  readonly note?: string;
}

/** A comparison of network models that the documentation of a product makes. */
export interface ComparisonTable {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly capabilities: readonly Capability[];
}

const aksColumns = [
  { name: 'kubenet', model: 'kubenet' },
  { name: 'azure-cni', model: 'azure-cni' },
  { name: 'azure-cni-overlay', model: 'azure-cni-overlay' },
  {
    name: 'azure-cni-cilium',
    model: 'azure-cni-overlay',
    note: 'over the overlay, with the nftables data plane: there is no eBPF one yet',
  },
] as const satisfies readonly Column[];

const hciColumns = [
  { name: 'flannel', model: 'flannel' },
  { name: 'calico', model: 'calico' },
] as const satisfies readonly Column[];

type Values<C extends readonly Column[]> = Partial<Record<C[number]['name'], string>>;

function everywhere(columns: readonly Column[], value: string): Record<string, string> {
  return Object.fromEntries(columns.map(({ name }) => [name, value]));
}

const podInitiated = {
  ...everywhere(aksColumns, 'pod-initiated'),
  'azure-cni': 'both-ways',
} satisfies Values<typeof aksColumns>;

/** The document leaves the cells of the last column blank. */
const withoutCilium = {
  kubenet: 'yes',
  'azure-cni': 'yes',
  'azure-cni-overlay': 'yes',
} as const satisfies Values<typeof aksColumns>;

const aks: ComparisonTable = {
  name: 'aks',
  columns: aksColumns,
  capabilities: [
    { name: 'vnet-existing-or-new', decidedBy: 'all', documented: everywhere(aksColumns, 'yes') },
    { name: 'pod-pod', decidedBy: 'all', documented: everywhere(aksColumns, 'yes') },
    { name: 'pod-vm-same-vnet', decidedBy: 'directions', documented: podInitiated },
    { name: 'pod-vm-peered-vnet', decidedBy: 'directions', documented: podInitiated },
    { name: 'on-premises', decidedBy: 'directions', documented: podInitiated },
    { name: 'service-endpoint', decidedBy: 'all', documented: withoutCilium },
    { name: 'expose-service', decidedBy: 'all', documented: everywhere(aksColumns, 'yes') },
    {
      name: 'windows-node-pools',
      decidedBy: 'nothing',
      documented: { kubenet: 'no', 'azure-cni': 'yes', 'azure-cni-overlay': 'yes', 'azure-cni-cilium': 'no' },
    },
    { name: 'azure-dns-private-zones', decidedBy: 'all', documented: withoutCilium },
  ],
};

const hci: ComparisonTable = {
  name: 'hci',
  columns: hciColumns,
  capabilities: [
    { name: 'network-policies', decidedBy: 'all', documented: { flannel: 'no', calico: 'yes' } },
    { name: 'ipv6', decidedBy: 'all', documented: { flannel: 'no', calico: 'yes' } },
    { name: 'layers', decidedBy: 'link', documented: everywhere(hciColumns, 'L2 (VxLAN)') },
    { name: 'existing-or-new-network', decidedBy: 'all', documented: everywhere(hciColumns, 'yes') },
    { name: 'windows', decidedBy: 'nothing', documented: everywhere(hciColumns, 'yes') },
    { name: 'pod-pod', decidedBy: 'all', documented: everywhere(hciColumns, 'yes') },
    { name: 'pod-vm-same-network', decidedBy: 'all', documented: { flannel: 'no', calico: 'yes' } },
    { name: 'pod-vm-other-network', decidedBy: 'all', documented: everywhere(hciColumns, 'yes') },
    { name: 'kubernetes-services', decidedBy: 'all', documented: everywhere(hciColumns, 'yes') },
    { name: 'load-balancer', decidedBy: 'all', documented: everywhere(hciColumns, 'yes') },
    { name: 'multiple-networks', decidedBy: 'all', documented: everywhere(hciColumns, 'yes') },
    {
      name: 'deployment',
      decidedBy: 'nothing',
      documented: everywhere(hciColumns, 'DaemonSet on Linux, service on Windows'),
    },
    {
      name: 'command-line',
      decidedBy: 'nothing',
      documented: { flannel: 'none', calico: 'calicoctl' },
    },
  ],
};

/** The tables of the AKS and of the AKS on Azure Stack HCI documentation. */
export const comparisonTables = { aks, hci } as const;
