import { openConversation } from '../conversation.ts';
import { createKeptPrograms, installed, type DaemonOptions } from '../kept-programs.ts';
import { createPlaceDaemons, fileOf } from '../place-daemons.ts';
import type { BgpDaemons, BgpPlace } from '../port.ts';
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
  const programs = createKeptPrograms(options);
  const path = (place: BgpPlace, file: string): string => fileOf(programs, place, file);
  const ask = (place: BgpPlace, question: string): Promise<BirdLine[]> =>
    answersTo(path(place, socketFile), question);

  return createPlaceDaemons(programs, {
    implementation: 'bird',
    async apply(place, speaker) {
      const program = findBird();
      const isFirst = programs.write(place, configFile, birdConfig(speaker));
      const files = ['-c', path(place, configFile), '-s', path(place, socketFile)];
      // A daemon was here before when there is a configuration: its neighbours may have kept its routes.
      const again = ['-f', '-R', ...files];
      const isStarted = await programs.keep(place, {
        configFile,
        program,
        args: isFirst ? ['-f', ...files] : again,
        again,
        capabilities,
        socket: path(place, socketFile),
      });
      if (!isStarted) await ask(place, 'configure');
    },
    sessions: async (place, { neighbours }) => birdSessions(await ask(place, 'show protocols'), neighbours),
    learned: async (place, { neighbours }) => birdRoutes(await ask(place, 'show route all'), neighbours),
    end: (place) => programs.end(place, configFile),
  });
}

async function answersTo(socket: string, question: string): Promise<BirdLine[]> {
  const conversation = await openConversation(socket);
  try {
    return birdLines(await conversation.ask(`${question}\n`, (heard) => hasAnswers(heard, 2)));
  } finally {
    conversation.close();
  }
}
