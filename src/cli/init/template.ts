/** What the configuration is written from. */
export interface Answers {
  readonly service: string;
  readonly command: string;
  readonly listen: number;
  readonly health: string | null;
  readonly processes: number;
}

/** What is known before anybody is asked. */
export type Suggestion = Omit<Answers, 'command'> & { readonly command: string | null };

/** A commented configuration that works as it stands. */
export function configText({ service, command, listen, health, processes }: Answers): string {
  return `import { defineConfig } from 'canary-rollout';

// Every setting is explained in your editor, and in the reference of canary-rollout.
export default defineConfig({
  service: ${quote(service)},

  // What a release is: a program that serves HTTP on the port that it is told by PORT.
  // {release} stands for the name that you give to \`canary deploy --release\`.
  run: {
    command: ${quote(command)},
    // Keep old and new side by side: what is stable is started again when it crashes, or when you go back to it.
    // cwd: './releases/{release}',
    env: { RELEASE: '{release}' },
  },

  // Releases that are started in another way:
  // releases: {
  //   '1.1.0': { command: 'node next.js' },
  // },

  environments: [
    {
      name: 'dev',
      targets: [
        {
          kind: 'local',
          name: 'local',
          // Users come here; a proxy deals their requests out to the releases.
          listen: ${listen},
          processes: ${processes},
          // Answers 2xx or 3xx when a process can take traffic. null: an open port is enough.
          health: { path: ${health === null ? 'null' : quote(health)} },
          // Keep each user with one release:
          // sticky: { cookie: 'session' },
        },
      ],
      plan: {
        // How much traffic the new release gets, and how long it is watched at that. Then it gets all of it.
        steps: [
          { weight: 10, hold: '30s' },
          { weight: 50, hold: '30s' },
        ],
        // It is judged against the release before, by failed requests, latency and missing answers. A release that is not
        // worse is rolled back with probability at most alpha.
        analysis: {
          alpha: '1%',
          // slo: { errors: '1%' },
          // promoteEarly: { margin: '0.5%', after: '1m' },
        },
        // Plain limits besides:
        // checks: [{ kind: 'threshold', name: 'slow', measure: 'latency', percentile: 95, max: '1s' }],
        // Too few requests to judge by? hold: ask a person (\`canary promote\` or \`canary rollback\`); promote: go on.
        onInconclusive: 'hold',
        // If the controller dies, traffic goes home to the release before after this time.
        guard: '10s',
        rollbackWindow: '30m',
      },
    },
  ],
});
`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
