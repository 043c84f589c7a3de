#!/usr/bin/env node
// Kept in the oldest JavaScript that may meet it, so that an old Node.js can say what is wrong.
import module from 'node:module';
import process from 'node:process';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `canary needs Node.js 24.15 or newer, and this is ${process.version}. Install a newer one, for instance with \`npm install node@24\` in this project.\n`,
  );
  process.exit(2);
}

module.enableCompileCache();
await import('../dist/cli/main.js');
