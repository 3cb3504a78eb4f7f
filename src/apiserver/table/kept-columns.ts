import { arrayAt, isObject, textAt, valueAt, type StoredObject } from '../json.ts';
import {
  ageColumn,
  ageOf,
  containerColumns,
  labelsText,
  nameColumn,
  numberColumn,
  scalarAt,
  selectorText,
  textColumn,
  wide,
  type Column,
} from './column.ts';
import { metricsText } from './metrics.ts';

/** The name, marked where an annotation says that the object is the default one of its kind. */
function nameOrDefault(annotation: string): Column {
  const cell = ({ metadata }: StoredObject): string =>
    metadata.annotations?.[annotation] === 'true' ? `${metadata.name} (default)` : metadata.name;
  return { ...nameColumn, cell };
}

const amountColumn = (name: string, field: string): Column => ({
  name,
  cell: (object) => scalarAt(object, ['spec', field], 'N/A'),
});

const booleanColumn = (name: string, path: readonly string[]): Column => ({
  name,
  type: 'boolean',
  cell: (object) => valueAt(object, path) === true,
});

const budgetColumns: readonly Column[] = [
  nameColumn,
  amountColumn('Min Available', 'minAvailable'),
  amountColumn('Max Unavailable', 'maxUnavailable'),
  numberColumn('Allowed Disruptions', ['status', 'disruptionsAllowed']),
  ageColumn,
];

const controllerColumns: readonly Column[] = [
  nameColumn,
  numberColumn('Desired', ['spec', 'replicas']),
  numberColumn('Current', ['status', 'replicas']),
  numberColumn('Ready', ['status', 'readyReplicas']),
  ageColumn,
  ...containerColumns,
  wide({ name: 'Selector', cell: (object) => labelsText(valueAt(object, ['spec', 'selector'])) }),
];

const job = ['spec', 'jobTemplate', 'spec'];

const cronJobColumns: readonly Column[] = [
  nameColumn,
  textColumn('Schedule', ['spec', 'schedule'], ''),
  textColumn('Timezone', ['spec', 'timeZone']),
  {
    name: 'Suspend',
    type: 'boolean',
    cell: (object) => (valueAt(object, ['spec', 'suspend']) === true ? 'True' : 'False'),
  },
  { name: 'Active', type: 'integer', cell: (object) => arrayAt(object, ['status', 'active']).length },
  {
    name: 'Last Schedule',
    cell: (object, now) => {
      const last = textAt(object, ['status', 'lastScheduleTime']);
      return last === '' ? '<none>' : ageOf(last, now);
    },
  },
  ageColumn,
  ...containerColumns.map((column): Column => ({
    ...column,
    // Their cells read `spec.template`, which is deeper here.
    cell: (object, now) => column.cell({ ...object, spec: valueAt(object, job) }, now),
  })),
  wide({ name: 'Selector', cell: (object) => selectorText(valueAt(object, [...job, 'selector'])) }),
];

const autoscalerColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Reference',
    cell: (object) => {
      const target = valueAt(object, ['spec', 'scaleTargetRef']);
      return `${textAt(target, ['kind'])}/${textAt(target, ['name'])}`;
    },
  },
  { name: 'Targets', cell: metricsText },
  { name: 'MinPods', cell: (object) => scalarAt(object, ['spec', 'minReplicas'], '<unset>') },
  { ...numberColumn('MaxPods', ['spec', 'maxReplicas']), type: 'string' },
  { ...numberColumn('Replicas', ['status', 'currentReplicas']), type: 'string' },
  ageColumn,
];

const modeLetters: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** Access modes in upstream's order and short form. */
function modesText(modes: readonly unknown[]): string {
  return Object.entries(modeLetters)
    .filter(([mode]) => modes.includes(mode))
    .map(([, letters]) => letters)
    .join(',');
}

const phaseColumn: Column = {
  name: 'Status',
  cell: (object) =>
    object.metadata.deletionTimestamp === undefined ? textAt(object, ['status', 'phase']) : 'Terminating',
};

const storageColumns: readonly Column[] = [
  textColumn('StorageClass', ['spec', 'storageClassName'], ''),
  textColumn('VolumeAttributesClass', ['spec', 'volumeAttributesClassName'], '<unset>'),
];

const volumeModeColumn = wide(textColumn('VolumeMode', ['spec', 'volumeMode'], '<unset>'));

const volumeColumns: readonly Column[] = [
  nameColumn,
  { name: 'Capacity', cell: (volume) => scalarAt(volume, ['spec', 'capacity', 'storage'], '0') },
  { name: 'Access Modes', cell: (volume) => modesText(arrayAt(volume, ['spec', 'accessModes'])) },
  textColumn('Reclaim Policy', ['spec', 'persistentVolumeReclaimPolicy'], ''),
  phaseColumn,
  {
    name: 'Claim',
    cell: (volume) => {
      const claim = valueAt(volume, ['spec', 'claimRef']);
      return claim === undefined ? '' : `${textAt(claim, ['namespace'])}/${textAt(claim, ['name'])}`;
    },
  },
  ...storageColumns,
  textColumn('Reason', ['status', 'reason'], ''),
  ageColumn,
  volumeModeColumn,
];

/** Something of a claim that it has only with its volume. */
function ofVolume(cell: (claim: StoredObject) => string): (claim: StoredObject) => string {
  return (claim) => (textAt(claim, ['spec', 'volumeName']) === '' ? '' : cell(claim));
}

const claimColumns: readonly Column[] = [
  nameColumn,
  phaseColumn,
  textColumn('Volume', ['spec', 'volumeName'], ''),
  {
    name: 'Capacity',
    cell: ofVolume((claim) => scalarAt(claim, ['status', 'capacity', 'storage'], '0')),
  },
  { name: 'Access Modes', cell: ofVolume((claim) => modesText(arrayAt(claim, ['status', 'accessModes']))) },
  ...storageColumns,
  ageColumn,
  volumeModeColumn,
];

const storageClassColumns: readonly Column[] = [
  nameOrDefault('storageclass.kubernetes.io/is-default-class'),
  textColumn('Provisioner', ['provisioner'], ''),
  textColumn('ReclaimPolicy', ['reclaimPolicy'], 'Delete'),
  textColumn('VolumeBindingMode', ['volumeBindingMode'], 'Immediate'),
  { ...booleanColumn('AllowVolumeExpansion', ['allowVolumeExpansion']), type: 'string' },
  ageColumn,
];

const priorityClassColumns: readonly Column[] = [
  nameColumn,
  numberColumn('Value', ['value']),
  booleanColumn('Global-Default', ['globalDefault']),
  ageColumn,
  textColumn('PreemptionPolicy', ['preemptionPolicy'], ''),
];

const subjectsColumn = (name: string, kind: string): Column =>
  wide({
    name,
    cell: (binding) =>
      arrayAt(binding, ['subjects'])
        .filter((subject) => textAt(subject, ['kind']) === kind)
        .map((subject) =>
          kind === 'ServiceAccount'
            ? `${textAt(subject, ['namespace'])}/${textAt(subject, ['name'])}`
            : textAt(subject, ['name']),
        )
        .join(', '),
  });

const bindingColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Role',
    cell: (binding) => `${textAt(binding, ['roleRef', 'kind'])}/${textAt(binding, ['roleRef', 'name'])}`,
  },
  ageColumn,
  subjectsColumn('Users', 'User'),
  subjectsColumn('Groups', 'Group'),
  subjectsColumn('ServiceAccounts', 'ServiceAccount'),
];

/** What is used of what there is; limits have a column of their own. */
function quotaText(quota: StoredObject, ofLimits: boolean): string {
  const [hard, used] = ['hard', 'used'].map((field) => valueAt(quota, ['status', field]));
  return Object.keys(isObject(hard) ? hard : {})
    .filter((name) => name.startsWith('limits.') === ofLimits)
    .toSorted()
    .map((name) => `${name}: ${amountAt(used, name)}/${amountAt(hard, name)}`)
    .join(', ');
}

function amountAt(amounts: unknown, name: string): string {
  return scalarAt(amounts, [name], '0');
}

const quotaColumns: readonly Column[] = [
  nameColumn,
  { name: 'Request', cell: (quota) => quotaText(quota, false) },
  { name: 'Limit', cell: (quota) => quotaText(quota, true) },
  ageColumn,
];

const ingressColumns: readonly Column[] = [
  nameColumn,
  textColumn('Class', ['spec', 'ingressClassName']),
  { name: 'Hosts', cell: hostsText },
  { name: 'Address', cell: (ingress) => pointsText(ingress) },
  { name: 'Ports', cell: (ingress) => (arrayAt(ingress, ['spec', 'tls']).length > 0 ? '80, 443' : '80') },
  ageColumn,
];

const mostHosts = 3;

function hostsText(ingress: StoredObject): string {
  const rules = arrayAt(ingress, ['spec', 'rules']);
  const hosts = rules.map((rule) => textAt(rule, ['host'])).filter((host) => host !== '');
  if (hosts.length === 0) return '*';
  const shown = hosts.slice(0, mostHosts).join(',');
  return hosts.length > mostHosts ? `${shown} + ${rules.length - mostHosts} more...` : shown;
}

/** Where a load balancer can be reached, by its status, in order. */
export function pointsText(object: StoredObject): string {
  const points = arrayAt(object, ['status', 'loadBalancer', 'ingress']).map(
    (one) => textAt(one, ['ip']) || textAt(one, ['hostname']),
  );
  return [...new Set(points)]
    .filter((point) => point !== '')
    .toSorted()
    .join(',');
}

const ingressClassColumns: readonly Column[] = [
  nameOrDefault('ingressclass.kubernetes.io/is-default-class'),
  textColumn('Controller', ['spec', 'controller'], ''),
  { name: 'Parameters', cell: parametersText },
  ageColumn,
];

function parametersText(ingressClass: StoredObject): string {
  const parameters = valueAt(ingressClass, ['spec', 'parameters']);
  if (parameters === undefined) return '<none>';
  const group = textAt(parameters, ['apiGroup']);
  const kind = `${textAt(parameters, ['kind'])}${group === '' ? '' : `.${group}`}`;
  return `${kind}/${textAt(parameters, ['name'])}`;
}

/** Columns of the kinds that are only kept, by qualified name. */
export const keptColumns: Readonly<Record<string, readonly Column[]>> = {
  'ingresses.networking.k8s.io': ingressColumns,
  'ingressclasses.networking.k8s.io': ingressClassColumns,
  'poddisruptionbudgets.policy': budgetColumns,
  'horizontalpodautoscalers.autoscaling': autoscalerColumns,
  'cronjobs.batch': cronJobColumns,
  replicationcontrollers: controllerColumns,
  persistentvolumes: volumeColumns,
  persistentvolumeclaims: claimColumns,
  'storageclasses.storage.k8s.io': storageClassColumns,
  'priorityclasses.scheduling.k8s.io': priorityClassColumns,
  'rolebindings.rbac.authorization.k8s.io': bindingColumns,
  'clusterrolebindings.rbac.authorization.k8s.io': bindingColumns,
  'leases.coordination.k8s.io': [nameColumn, textColumn('Holder', ['spec', 'holderIdentity'], ''), ageColumn],
  resourcequotas: quotaColumns,
};
