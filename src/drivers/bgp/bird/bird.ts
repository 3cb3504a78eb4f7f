import { join } from 'node:path';
import { openConversation } from '../conversation.ts';
import { checkSpeaker } from '../check-speaker.ts';
import { createKeptPrograms, installed, type DaemonOptions, type KeptPrograms } from '../kept-programs.ts';
import type { BgpDaemons, BgpPlace, BgpSession, BgpSpeaker, LearnedRoute } from '../port.ts';
import { birdLines, birdRoutes, birdSessions, hasAnswers, type BirdLine } from './bird-answers.ts';
import { birdConfig } from './bird-config.ts';

const configFile = 'bird.conf';
const socketFile = 'bird.ctl';
/** For the kernel's routes, packets of BFD by hop limit, and port 179. */
const capabilities = ['net_admin', 'net_raw', 'net_bind_service'];

/** Where distributions put the program of the package `bird2`. Throws `bgp-missing`. */
export function findBird(): string {
  return installed(['/usr/sbin/bird', '/usr/local/sbin/bird', '/sbin/bird'], 'bird2');
}

/** BIRD 2, one process for each place. */
export function createBird(options: DaemonOptions): BgpDaemons {
  return new Bird(createKeptPrograms(options));
}

class Bird implements BgpDaemons {
  readonly implementation = 'bird';
  readonly #programs: KeptPrograms;
  readonly #applied = new Map<string, BgpSpeaker>();

  constructor(programs: KeptPrograms) {
    this.#programs = programs;
  }

  async apply(place: BgpPlace, speaker: BgpSpeaker): Promise<void> {
    checkSpeaker(speaker);
    const program = findBird();
    const isFirst = this.#programs.write(place, configFile, birdConfig(speaker));
    const files = ['-c', this.#path(place, configFile), '-s', this.#path(place, socketFile)];
    // A daemon was here before when there is a configuration: its neighbours may have kept its routes.
    const again = ['-f', '-R', ...files];
    const isStarted = await this.#programs.keep(place, {
      configFile,
      program,
      args: isFirst ? ['-f', ...files] : again,
      again,
      capabilities,
      socket: this.#path(place, socketFile),
    });
    if (!isStarted) await this.#ask(place, 'configure');
    this.#applied.set(place.name, speaker);
  }

  places(): string[] {
    return this.#programs.places();
  }

  async sessions(place: BgpPlace): Promise<BgpSession[]> {
    const speaker = this.#applied.get(place.name);
    return speaker === undefined
      ? []
      : birdSessions(await this.#ask(place, 'show protocols'), speaker.neighbours);
  }

  async learned(place: BgpPlace): Promise<LearnedRoute[]> {
    const speaker = this.#applied.get(place.name);
    if (speaker?.installs !== true) return [];
    return birdRoutes(await this.#ask(place, 'show route all'), speaker.neighbours);
  }

  async stop(place: BgpPlace): Promise<void> {
    this.#applied.delete(place.name);
    await this.#programs.end(place, configFile);
    this.#programs.remove(place);
  }

  release(): void {
    this.#programs.release();
  }

  async #ask(place: BgpPlace, question: string): Promise<BirdLine[]> {
    const conversation = await openConversation(this.#path(place, socketFile));
    try {
      return birdLines(await conversation.ask(`${question}\n`, (heard) => hasAnswers(heard, 2)));
    } finally {
      conversation.close();
    }
  }

  #path(place: BgpPlace, file: string): string {
    return join(this.#programs.directoryOf(place), file);
  }
}
