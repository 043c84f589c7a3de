import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import { type Contender, untilItAnswers, type Upstreams, WEIGHT } from './contender.ts';
import { pinned, withChildren } from './programs.ts';

/** nginx with one worker, connections to the upstreams kept open, and no log: as fast as it is usually made. */
export async function startNginx(upstreams: Upstreams): Promise<Contender> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-bench-nginx-'));
  const port = await freePort();
  const file = path.join(directory, 'nginx.conf');
  writeFileSync(file, configOf(port, upstreams));
  const [program = '', ...words] = pinned('measured', ['nginx', '-p', directory, '-c', file]);
  const child = spawn(program, words, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await untilItAnswers(port);
  return {
    name: 'nginx',
    about: `${spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr.trim()}, one worker`,
    port,
    pids: child.pid === undefined ? [] : withChildren(child.pid),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configOf(port: number, { stable, candidate }: Upstreams): string {
  return `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000000;
  upstream service {
    server 127.0.0.1:${stable} weight=${100 - WEIGHT};
    server 127.0.0.1:${candidate} weight=${WEIGHT};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`;
}
