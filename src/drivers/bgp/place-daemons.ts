import { join } from 'node:path';
import { checkSpeaker } from './check-speaker.ts';
import type { KeptPrograms } from './kept-programs.ts';
import type { BgpDaemons, BgpPlace, BgpSession, BgpSpeaker, LearnedRoute } from './port.ts';

/** What an implementation does with the programs of one place. */
export interface PlacePrograms {
  readonly implementation: BgpDaemons['implementation'];
  /** `before`: what this process told the place last. */
  apply(place: BgpPlace, speaker: BgpSpeaker, before: BgpSpeaker | undefined): Promise<void>;
  sessions(place: BgpPlace, speaker: BgpSpeaker): Promise<BgpSession[]>;
  learned(place: BgpPlace, speaker: BgpSpeaker): Promise<LearnedRoute[]>;
  /** Ends the programs; their files go behind that. */
  end(place: BgpPlace, before: BgpSpeaker | undefined): Promise<void>;
}

/** Daemons that are told, place by place, what their speakers became. */
export function createPlaceDaemons(programs: KeptPrograms, own: PlacePrograms): BgpDaemons {
  const applied = new Map<string, BgpSpeaker>();
  return {
    implementation: own.implementation,
    async apply(place, speaker) {
      checkSpeaker(speaker);
      await own.apply(place, speaker, applied.get(place.name));
      applied.set(place.name, speaker);
    },
    places: () => programs.places(),
    async sessions(place) {
      const speaker = applied.get(place.name);
      return speaker === undefined ? [] : own.sessions(place, speaker);
    },
    async learned(place) {
      const speaker = applied.get(place.name);
      return speaker?.installs === true ? own.learned(place, speaker) : [];
    },
    async stop(place) {
      const before = applied.get(place.name);
      applied.delete(place.name);
      await own.end(place, before);
      programs.remove(place);
    },
    release: () => programs.release(),
  };
}

/** A file in the directory of a place. */
export const fileOf = (programs: KeptPrograms, place: BgpPlace, file: string): string =>
  join(programs.directoryOf(place), file);
