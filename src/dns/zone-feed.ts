import { resources } from '../api/resources.ts';
import type { Client } from '../client/port.ts';
import type { DnsModel } from '../model/dns/model.ts';

/** What keeps the zone current from the API. */
export interface ZoneFeed {
  /** Resolves when everything that the API held is in the model. */
  readonly synced: Promise<unknown>;
  close(): void;
}

/** Brings Services, EndpointSlices and pods of the API into the model, and every change after. */
export function feedZone(client: Pick<Client, 'informer'>, model: DnsModel): ZoneFeed {
  const services = client.informer(resources.services);
  const slices = client.informer(resources.endpointslices);
  const pods = client.informer(resources.pods);
  const ends = [
    services.onChange(({ key, current }) => model.setService(key, current)),
    slices.onChange(({ key, current }) => model.setEndpointSlice(key, current)),
    pods.onChange(({ key, current }) => model.setPod(key, current)),
  ];
  return {
    synced: Promise.all([services.synced, slices.synced, pods.synced]),
    close() {
      for (const end of ends) end();
    },
  };
}
