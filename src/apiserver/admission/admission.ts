import { applyDefaults } from '../../api/defaults/apply.ts';
import { resources, type Resource } from '../../api/resources.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { problemsAmong, type Stored } from '../../api/validate/fabric/among.ts';
import type { FieldProblem } from '../../api/validate/problem.ts';
import { newObjectProblems, validateObject } from '../../api/validate/validate.ts';
import type { Clock } from '../../lib/clock.ts';
import { addedRanges, bornServiceCidr } from '../addresses/service-cidr.ts';
import { customKindOf, type CustomKind } from '../catalog/custom-kind.ts';
import { admitDefinition } from '../custom/admit-definition.ts';
import { sameJson, textAt, type StoredObject } from '../json.ts';
import { admitPolicy, isOfPolicies } from '../policies/admit.ts';
import { badRequest, invalid, qualifiedName } from '../status.ts';
import type { Store } from '../store/port.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { born } from './birth.ts';
import { immutableProblems } from './immutable.ts';
import { requireNamespace } from './namespace.ts';
import type { Admission } from './port.ts';
import { prune } from './prune.ts';
import { createServiceIndex } from './service-index.ts';
import { admitService } from './service.ts';
import { prepareService } from './service-update.ts';
import { statusProblems } from './status-rules.ts';
import { updateProblems } from './update-rules.ts';

export interface AdmissionOptions {
  /** One that keeps IPAddresses (`keepAddresses`). */
  readonly store: Store;
  readonly clock: Clock;
  /** Range of Service addresses where no ClusterNetwork names one; two, comma-separated, for dual-stack. */
  readonly serviceCidr: string;
}

/** The rules of this cluster, over the objects that are stored. */
export function createAdmission({ store, clock, serviceCidr }: AdmissionOptions): Admission {
  const index = createServiceIndex(store);
  const cidrs = (): string[] => {
    const network = store.get('clusternetworks.weft.dev', 'default')?.object;
    const own = textAt(network, ['spec', 'serviceCIDR']) || serviceCidr;
    return [...own.split(','), ...addedRanges(store)];
  };
  return {
    admit(resource: Resource, object, previous) {
      if (previous === undefined) requireNamespace(store, resource, object);
      const custom = customKindOf(resource);
      if (custom !== undefined) return admitCustom({ custom, store, resource }, object, previous);
      const prepared = resource === resources.services ? prepareService(object, previous) : object;
      const problems = ownProblems(prepared, previous);
      // What a patch makes of a stored object is upstream's 422; what comes from outside, its decoder refuses.
      if (previous === undefined) requireReadable(resource, problems);
      refuse(resource, prepared, problems);
      if (resource === resources.customresourcedefinitions)
        return admitDefinition(resource, prepared, previous);
      if (isOfPolicies(resource)) return admitPolicy(resource, prepared);
      const filled = applyDefaults(prepared);
      const defaulted = previous === undefined ? born(resource, filled) : filled;
      refuse(resource, defaulted, changeProblems(resource, defaulted, previous));
      if (resource === resources.services)
        return admitService({ index, cidrs: cidrs() }, defaulted, previous);
      if (previous === undefined && resource === resources.servicecidrs)
        return bornServiceCidr(defaulted, timestamp(clock.now()));
      return defaulted;
    },
    prune: (resource, object) => customKindOf(resource)?.prune(object) ?? prune(object),
  };
}

/** The objects of a kind, as their types have them: they were admitted as such. */
function storedIn(store: Store): Stored {
  return <T extends KubernetesObject>(resource: Resource<T>) => {
    const objects: readonly KubernetesObject[] = store
      .list(qualifiedName(resource))
      .map(({ object }) => object);
    return objects as readonly T[];
  };
}

interface CustomWrite {
  readonly custom: CustomKind;
  readonly store: Store;
  readonly resource: Resource;
}

/** What every object has is checked as everywhere, the rest by the kind's own schema. */
function admitCustom(
  { custom, store, resource }: CustomWrite,
  object: StoredObject,
  previous: StoredObject | undefined,
): StoredObject {
  refuse(resource, object, validateObject(object));
  const admitted = custom.admit(object, previous);
  const isNew = previous === undefined || !isSameBesideStatus(admitted, previous);
  if (isNew) refuse(resource, admitted, problemsAmong(admitted, storedIn(store), previous));
  return admitted;
}

/** What is wrong with an object by itself. */
function ownProblems(object: StoredObject, previous: StoredObject | undefined): FieldProblem[] {
  const problems = validateObject(object);
  return previous === undefined && problems.length === 0 ? newObjectProblems(object) : problems;
}

/** What is wrong with what it becomes: fields that may not change, and a status that cannot be. */
function changeProblems(
  resource: Resource,
  object: StoredObject,
  previous: StoredObject | undefined,
): FieldProblem[] {
  const ofStatus = statusProblems(resource, object, previous);
  if (previous === undefined || isSameBesideStatus(object, previous)) return ofStatus;
  // What was stored before a default came into the world has it now.
  const before = applyDefaults(previous);
  return [
    ...ofStatus,
    ...immutableProblems(resource, object, before),
    ...updateProblems(resource, object, before),
  ];
}

/** Most writes are of a status, and every rule of changes is about the rest. */
function isSameBesideStatus(one: StoredObject, other: StoredObject): boolean {
  return sameJson(besideStatus(one), besideStatus(other));
}

function besideStatus(object: StoredObject): object {
  const { metadata, status, ...rest } = object;
  void [metadata, status];
  return rest;
}

/** 400 where a value is of another type than its field. */
function requireReadable({ kind, version }: Resource, problems: readonly FieldProblem[]): void {
  const unread = problems.find(({ reason }) => reason === 'FieldValueTypeInvalid');
  if (unread === undefined) return;
  const why = `${unread.path}: ${unread.message}`;
  throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/** 422 naming each field. */
function refuse(resource: Resource, object: StoredObject, problems: readonly FieldProblem[]): void {
  if (problems.length === 0) return;
  const causes = problems.map(({ path, reason, message }) => ({ reason, message, field: path }));
  throw invalid(resource, object.metadata.name, causes);
}
