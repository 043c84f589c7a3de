import type { CommandSpec } from '../command.ts';
import { SIGNING_OPTIONS } from '../signing-options.ts';
import { BREAK_GLASS, ENV, HOTFIX, LEAVE_WHEN_HELD, NOTE } from '../options.ts';

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'write a commented canary.config.ts for the project in this directory',
    options: [
      { flags: '-y, --yes', description: 'do not ask; take what was found' },
      { flags: '--command <line>', description: 'how the service is started' },
      { flags: '--listen <port>', description: 'port that users reach it at (8080)' },
      { flags: '--health <path>', description: 'path that answers well when it can take traffic' },
      { flags: '--force', description: 'replace a configuration that is there' },
    ],
    load: () => import('./init.ts'),
  },
  {
    name: 'plan',
    summary: 'foretell what the plan can find with your traffic, and what a bad release would cost',
    description:
      'For each step: how many requests are judged, the smallest error rate of a candidate that is found in four cases of five, how many requests a bad release fails until it is back, and what to beware of. Traffic is taken from the targets where they run and are not told by options. Starts nothing and changes nothing.',
    options: [
      ENV,
      { flags: '--rps <number>', description: 'requests a second, on all targets together' },
      { flags: '--error-rate <share>', description: 'share of them that fails on stable: 0.1%' },
      { flags: '--p99 <duration>', description: 'time within which 99 % of them are answered: 120ms' },
      {
        flags: '--lag <duration>',
        description: 'how late metrics arrive, if not as late as those of the targets',
      },
      { flags: '--svg <file>', description: 'draw the chances into a file' },
    ],
    examples: [
      {
        line: 'canary plan --env prod',
        does: 'see what a rollout to prod can find, with the traffic of the last half hour',
      },
      {
        line: 'canary plan --rps 5 --error-rate 0.2%',
        does: 'see the same for a service with little traffic',
      },
    ],
    load: () => import('./plan.ts'),
  },
  {
    name: 'deploy',
    summary: 'roll a release out, watch it, and roll it back when it is worse',
    description:
      'Begins a rollout, or takes up one of the same release that was interrupted, and stays until it has ended. Ctrl-C takes traffic home and ends the rollout; a second Ctrl-C leaves at once, and the guard takes traffic home.',
    options: [
      ENV,
      { flags: '-r, --release <name>', description: 'release to roll out; with --image, what to call it' },
      { flags: '-i, --image <image>', description: 'image to roll out: registry/repository@sha256:…' },
      { flags: '--command <line>', description: 'how it is started, instead of what the configuration says' },
      { flags: '--cwd <directory>', description: 'where it is started' },
      {
        flags: '--set-env <NAME=value>',
        description: 'environment variable of the release',
        isRepeatable: true,
      },
      { flags: '--supersede', description: 'take the place of a rollout that is under way' },
      LEAVE_WHEN_HELD,
      HOTFIX,
      BREAK_GLASS,
      NOTE,
    ],
    examples: [
      { line: 'canary deploy --env dev --release 1.1.0', does: 'roll out 1.1.0 to dev' },
      {
        line: 'canary deploy --env dev --image registry/shop@sha256:…',
        does: 'roll out an image, when it brings the evidence that dev asks for',
      },
      {
        line: "canary deploy -r try-1 --command 'node new.js'",
        does: 'roll out a program that the configuration does not know',
      },
    ],
    load: () => import('./deploy.ts'),
  },
  {
    name: 'build',
    summary: 'build the image of a service, without Docker; the same bytes each time',
    description:
      'Builds an image for one platform, the same bytes from the same files on any machine and day, and puts it into a repository: the built-in one beside the state, unless --push names another. Prints the reference by digest that it is deployed by. What .dockerignore names stays out, and tests, secrets and development dependencies do as well. How it was built is signed with the local key "build" and attached to it (SLSA provenance), unless --no-attach is given.',
    args: [{ name: 'directory', description: 'directory of the service (.)', isOptional: true }],
    options: [
      { flags: '--push <reference>', description: 'where it goes: registry/repository, or with :tag' },
      { flags: '-r, --release <version>', description: 'version of the service, also its tag' },
      {
        flags: '--platform <platform>',
        description: "linux/amd64 or linux/arm64 (that of this machine's processor)",
      },
      {
        flags: '--base <base>',
        description:
          'what it is put onto: an image by digest, or a directory or tar archive with a root file system (none)',
      },
      {
        flags: '--node <program>',
        description: 'put a Node.js for Linux into it: a file, or "bundled" for the one that runs canary',
      },
      { flags: '--entrypoint <line>', description: 'how it is started, if not as package.json says' },
      { flags: '--port <port>', description: 'port that it listens at' },
      { flags: '--user <id>', description: 'who runs it (65532)' },
      {
        flags: '--set-env <NAME=value>',
        description: 'environment variable of the image',
        isRepeatable: true,
      },
      { flags: '--label <NAME=value>', description: 'label of the image', isRepeatable: true },
      { flags: '--source <url>', description: 'where its source is kept' },
      { flags: '--revision <commit>', description: 'which commit it was built of' },
      {
        flags: '--source-date-epoch <seconds>',
        description: 'time of everything in it (the variable SOURCE_DATE_EPOCH, or 0)',
      },
      { flags: '--no-attach', description: 'do not attach how it was built' },
      ...SIGNING_OPTIONS,
    ],
    examples: [
      { line: 'canary build ./podinfo --release 1.2.3', does: 'build registry/podinfo:1.2.3' },
      {
        line: 'canary build . --base registry/node@sha256:… --platform linux/arm64',
        does: 'build onto a base image',
      },
    ],
    load: () => import('./build.ts'),
  },
  {
    name: 'sign',
    summary: 'sign an image',
    description:
      'Signs the digest that an image has now, and attaches the signature to it as a Sigstore bundle, which cosign reads as well.',
    args: [{ name: 'image', description: 'registry/repository:tag or registry/repository@sha256:…' }],
    options: [...SIGNING_OPTIONS],
    load: () => import('./sign.ts'),
  },
  {
    name: 'attest',
    summary: 'sign a statement about an image and attach it',
    description:
      'For evidence that other tools made: provenance, bills of materials, scans, and exceptions (OpenVEX), which are signed with the key "security" unless another one is named.',
    args: [{ name: 'image', description: 'registry/repository:tag or registry/repository@sha256:…' }],
    options: [
      {
        flags: '-t, --type <type>',
        description: 'provenance, sbom, scan, vex, signature, or the URI of a predicate type',
      },
      { flags: '-f, --predicate <file>', description: 'JSON file with what is stated' },
      ...SIGNING_OPTIONS,
    ],
    examples: [
      {
        line: 'canary attest registry/shop:1.1.0 --type vex --predicate not-affected.json',
        does: 'except a vulnerability that does not matter here',
      },
    ],
    load: () => import('./attest.ts'),
  },
  {
    name: 'sbom',
    summary: 'what an image is made of: its bill of materials, signed and attached to it',
    description:
      'Reads the layers of an image and names what is in them: packages of Debian, Alpine and npm, Node.js, and the adapter for Lambda. Writes CycloneDX 1.6, the same to the byte for the same image. It is signed with the local key "build" and attached to the image, unless --no-attach is given. Needs no configuration.',
    args: [{ name: 'image', description: 'registry/repository:tag or registry/repository@sha256:…' }],
    options: [
      { flags: '-o, --output <file>', description: 'write it into a file, too' },
      { flags: '--no-attach', description: 'neither sign it nor attach it' },
      ...SIGNING_OPTIONS,
    ],
    examples: [
      { line: 'canary sbom registry/podinfo:1.0.0', does: 'attach a bill of materials to the image' },
      {
        line: 'canary sbom registry/podinfo:1.0.0 --no-attach -o sbom.json',
        does: 'only write it into a file',
      },
    ],
    load: () => import('./sbom.ts'),
  },
  {
    name: 'scan',
    summary: 'known vulnerabilities of an image, signed and attached to it',
    description:
      'Asks a directory of advisories in the OSV format about every package of an image. What it cannot tell is a gap, and with a gap the scan has failed (code 5) and is not attached. Otherwise it is signed with the local key "build" and attached to the image, unless --no-attach is given. Uses no network but the registry of the image, and needs no configuration.',
    args: [{ name: 'image', description: 'registry/repository:tag or registry/repository@sha256:…' }],
    options: [
      {
        flags: '-a, --advisories <directory>',
        description: 'advisories in the OSV format (advisories in the state directory)',
      },
      {
        flags: '--fail-on <severity>',
        description:
          'end with code 1 if there is one of this severity or above: low, medium, high, critical; what nobody has rated counts as high',
      },
      {
        flags: '--sbom <file>',
        description: 'bill of materials of the image (CycloneDX), instead of making one',
      },
      {
        flags: '--vex <file>',
        description: 'show which ones an OpenVEX file excepts, and do not count them',
      },
      {
        flags: '--allow-incomplete',
        description: 'show what was found in spite of gaps; it is not attached then',
      },
      { flags: '--no-attach', description: 'neither sign the result nor attach it' },
      ...SIGNING_OPTIONS,
    ],
    examples: [
      {
        line: 'canary scan registry/podinfo:1.0.0 --fail-on high',
        does: 'attach the result, and fail on what is high, critical or not rated',
      },
    ],
    load: () => import('./scan.ts'),
  },
  {
    name: 'verify',
    summary: 'what an environment would say about an image, evidence by evidence',
    description:
      'Reads the image and everything that is attached to it, and judges it by the policy of the environment, as the gate of a rollout would: each rule with the evidence that meets it, or why nothing does and what to do about it. Deploys nothing and changes nothing. Ends with code 0 if the image would be let in, 1 if not, and 5 if its registry does not answer.',
    args: [{ name: 'image', description: 'registry/repository@sha256:…' }],
    options: [ENV, { flags: '--explain', description: 'show the policy that is applied, with its digest' }],
    examples: [
      {
        line: 'canary verify registry/podinfo@sha256:… --env prod',
        does: 'see whether prod would let the image in, and by what',
      },
    ],
    load: () => import('./verify.ts'),
  },
  {
    name: 'status',
    summary: 'what is stable, what is under way, and why it waits',
    options: [ENV],
    load: () => import('./status.ts'),
  },
  {
    name: 'watch',
    summary: 'follow the rollout that is under way until it ends',
    args: [{ name: 'rollout', description: 'id, if not the latest', isOptional: true }],
    options: [ENV],
    load: () => import('./watch.ts'),
  },
  {
    name: 'history',
    summary: 'the rollouts so far, newest first',
    options: [ENV, { flags: '-n, --limit <count>', description: 'how many (20)' }],
    load: () => import('./history.ts'),
  },
  {
    name: 'explain',
    summary: 'everything that a rollout decided, and why',
    args: [{ name: 'rollout', description: 'id, if not the latest', isOptional: true }],
    options: [ENV],
    load: () => import('./explain.ts'),
  },
  {
    name: 'replay',
    summary: 'judge a recorded rollout again by the rules of the configuration',
    description:
      'Takes what the rollout was judged by, request counts of both sides in the order in which they came, and judges it again: by the rules that it had, which comes to the same end, and by those of the configuration.',
    args: [{ name: 'rollout', description: 'id, if not the latest', isOptional: true }],
    options: [ENV],
    examples: [
      {
        line: 'canary replay shop-prod-7 --config stricter.ts',
        does: 'learn whether stricter rules would have found it',
      },
    ],
    load: () => import('./replay.ts'),
  },
  {
    name: 'simulate',
    summary: 'roll imagined releases out by the plan, many times, and count what comes of it',
    description:
      'Turns the plan of the configuration on imagined traffic by the same decisions as a real rollout: how often a good release is rolled back, how often and how soon a bad one is, and how many requests fail until then.',
    options: [
      ENV,
      { flags: '--rps <number>', description: 'requests a second (100)' },
      { flags: '--error-rate <share>', description: 'share of requests that fail on stable (0.1%)' },
      { flags: '--candidate <shares>', description: 'shares that fail on the candidate: 1%,5%' },
      { flags: '--runs <count>', description: 'rollouts of each (200)' },
      { flags: '--every <duration>', description: 'time between two turns (that of the targets)' },
      {
        flags: '--against <tools>',
        description: 'rules of other tools on the same traffic: codedeploy,flagger,argo,kayenta',
      },
      { flags: '--seed <number>', description: 'for other chances (1)' },
    ],
    examples: [
      {
        line: 'canary simulate --rps 20 --candidate 2%',
        does: 'learn whether 2 % would be found with so little traffic',
      },
    ],
    load: () => import('./simulate.ts'),
  },
  {
    name: 'pause',
    summary: 'keep the rollout where it is; it is still watched',
    options: [ENV, NOTE],
    load: () => import('./pause.ts'),
  },
  {
    name: 'resume',
    summary: 'let a paused rollout go on',
    options: [ENV, NOTE],
    load: () => import('./resume.ts'),
  },
  {
    name: 'promote',
    summary: 'go on to the next step now; with --to, deliver to the next environment',
    description:
      'Without --to, the rollout that is under way goes on to its next step now, whatever the present one waits for. With --to, the image that is stable in the environment before is rolled out to the one that is named: the same digest, with the signed verdict of the environment before.',
    args: [{ name: 'service', description: 'with --to, the service', isOptional: true }],
    options: [
      ENV,
      NOTE,
      { flags: '--full', description: 'go straight to 100 %' },
      { flags: '--to <environment>', description: 'environment to deliver to' },
      { flags: '-i, --image <image>', description: 'with --to, the image, if not the one that is stable' },
      LEAVE_WHEN_HELD,
      HOTFIX,
      BREAK_GLASS,
    ],
    examples: [
      { line: 'canary promote shop --to staging', does: 'roll out to staging what is stable in dev' },
    ],
    load: () => import('./promote.ts'),
  },
  {
    name: 'approve',
    summary: 'say, as a second person, that a rollout may begin',
    args: [{ name: 'rollout', description: 'id; without, those that wait are shown', isOptional: true }],
    options: [ENV, NOTE],
    load: () => import('./approve.ts'),
  },
  {
    name: 'reject',
    summary: 'say that a rollout that waits shall not begin',
    args: [{ name: 'rollout', description: 'id, if not the one under way', isOptional: true }],
    options: [ENV, NOTE],
    load: () => import('./reject.ts'),
  },
  {
    name: 'releases',
    summary: 'which release is where, and by what it was let in',
    options: [{ flags: '-n, --limit <count>', description: 'how many releases (10)' }],
    load: () => import('./releases.ts'),
  },
  {
    name: 'rollback',
    summary: 'take all traffic back to the release before',
    description:
      'Rolls back the rollout that is under way, or else the last one that was promoted. Needs no controller to be running, and blocks the release that it takes away.',
    options: [
      ENV,
      NOTE,
      { flags: '--further', description: 'go back once more, when the last release is gone already' },
    ],
    load: () => import('./rollback.ts'),
  },
  {
    name: 'unblock',
    summary: 'let a release in again that was rolled back',
    args: [{ name: 'release', description: 'name or digest' }],
    options: [ENV],
    load: () => import('./unblock.ts'),
  },
  {
    name: 'up',
    summary: 'start the local targets of an environment again, as they were; bring changed images anew',
    options: [ENV],
    load: () => import('./up.ts'),
  },
  {
    name: 'down',
    summary: 'stop the local targets of an environment: proxy and processes',
    options: [ENV],
    load: () => import('./down.ts'),
  },
  {
    name: 'registry',
    summary: 'serve the built-in registry to other tools on this machine',
    description:
      'Serves the images in the state directory over HTTP on 127.0.0.1 (OCI distribution 1.1), so that skopeo, podman, docker, oras, cosign and others can push to it and read from it. Stays until Ctrl-C. Other commands do not need it: they read the directory.',
    options: [{ flags: '--port <port>', description: 'where it listens (5000); 0 for any that is free' }],
    examples: [
      { line: 'canary registry', does: 'serve it, and see how to push to it' },
      { line: 'canary registry --port 0 --json', does: 'serve it for a script, which reads the address' },
    ],
    load: () => import('./registry.ts'),
  },
  {
    name: 'demo',
    summary: 'see six rollouts of the sample service on this machine, in under two minutes',
    load: () => import('./demo.ts'),
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    args: [{ name: 'shell', description: 'bash, zsh or fish' }],
    examples: [{ line: 'source <(canary completion bash)', does: 'complete in this shell' }],
    load: () => import('./completion.ts'),
  },
];
