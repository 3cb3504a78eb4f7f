import { arrayAt, textAt, valueAt } from '../json.ts';
import type { Api } from '../port.ts';
import type { Target } from '../routes.ts';
import { badRequest, StatusError } from '../status.ts';
import { entryAt } from '../verbs/read.ts';

/** Where to connect for a Service, and from which node. */
export interface Backend {
  readonly node: string;
  readonly address: string;
  readonly port: number;
}

/** A ready endpoint of a Service's port, by name or number; of its only port where none is named. */
export function backendOf(api: Api, target: Target, port: string): Backend {
  const service = entryAt(api, target).object;
  const ports = arrayAt(service, ['spec', 'ports']);
  const named = ports.find(
    (one) => textAt(one, ['name']) === port || String(valueAt(one, ['port'])) === port,
  );
  const wanted = port === '' && ports.length === 1 ? ports[0] : named;
  if (wanted === undefined) {
    throw badRequest(
      `service ${target.name} has ${port === '' ? 'several ports: name one' : `no port ${port}`}`,
    );
  }
  const found = readyBackends(api, target, textAt(wanted, ['name']));
  const chosen = found[Math.floor(Math.random() * found.length)];
  if (chosen !== undefined) return chosen;
  const message = `no endpoints available for service "${target.name}"`;
  throw new StatusError(503, 'ServiceUnavailable', message, {});
}

function readyBackends(api: Api, { namespace, name }: Target, portName: string): Backend[] {
  const anyNode = api.store.list('nodes')[0]?.object.metadata.name;
  const slices = api.store
    .list('endpointslices.discovery.k8s.io', namespace)
    .filter(({ object }) => object.metadata.labels?.['kubernetes.io/service-name'] === name);
  return slices.flatMap(({ object }) => {
    const port = arrayAt(object, ['ports']).find((one) => textAt(one, ['name']) === portName);
    const number = valueAt(port, ['port']);
    if (typeof number !== 'number') return [];
    return arrayAt(object, ['endpoints']).flatMap((endpoint): Backend[] => {
      const [address] = arrayAt(endpoint, ['addresses']);
      const node = textAt(endpoint, ['nodeName']) || anyNode;
      const isReady = valueAt(endpoint, ['conditions', 'ready']) !== false;
      if (!isReady || typeof address !== 'string' || node === undefined) return [];
      return [{ node, address, port: number }];
    });
  });
}
