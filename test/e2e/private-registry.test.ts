import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { layoutRepository } from '../../src/supply-chain/layout/layout-repository.ts';
import { MEDIA_TYPES } from '../../src/supply-chain/oci/media-types.ts';
import { addressKind } from '../../src/supply-chain/registry/client/address-kind.ts';
import { putImage } from '../../src/supply-chain/sbom/testing/image.ts';
import { ROOT } from './project.ts';

/** An address of this machine in a private network, as in an office or a VPC. */
const OWN = Object.values(os.networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ address, internal }) => !internal && addressKind(address) === 'private');

function cannotRun(): string | false {
  if (OWN === undefined) return 'this machine has no address in a private network';
  return spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
}

/** A registry with a certificate that only this office knows, and its storage on another port. */
async function office(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'canary-office-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const address = OWN?.address ?? '';
  const host = OWN?.family === 'IPv6' ? `[${address}]` : address;
  const tls = certificateFor(directory, address);
  const layout = path.join(directory, 'layout');
  const layer = [['app/package.json', '{"name":"shop","version":"1.0.0"}']] as const;
  const digest = await putImage(layoutRepository('registry/shop', layout), [layer]);
  const blobOf = (url = '') =>
    readFileSync(path.join(layout, 'blobs/sha256', path.basename(url).replace('sha256:', '')));
  const serve = async (listener: https.ServerOptions & Parameters<typeof https.createServer>[1]) => {
    const server = https.createServer(tls, listener).listen(0, address);
    await once(server, 'listening');
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const bound = server.address();
    return `${host}:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  };
  const storage = await serve((request, response) => response.end(blobOf(request.url)));
  const registry = await serve((request, response) => {
    if (request.url?.includes('/manifests/') === true) {
      response.writeHead(200, { 'content-type': MEDIA_TYPES.manifest }).end(blobOf(request.url));
    } else response.writeHead(307, { location: `https://${storage}${request.url}` }).end();
  });
  return {
    registry,
    host,
    /** The bill of materials by a configuration with these settings. */
    async sbom(registries: unknown) {
      const environments = [{ name: 'dev', targets: [{ kind: 'local', name: 'web', listen: 8080 }] }];
      const config = { service: 'shop', run: { command: 'node' }, registries, environments };
      writeFileSync(path.join(directory, 'canary.config.json'), JSON.stringify(config));
      const args = ['sbom', `${registry}/shop@${digest}`, '--no-attach', '--json'];
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: path.join(directory, 'cert.pem') };
      const child = spawn(process.execPath, [path.join(ROOT, 'src/cli/main.ts'), ...args], {
        cwd: directory,
        env,
      });
      const ended = once(child, 'close');
      const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      return { code, stdout, message: code === 0 ? '' : String(JSON.parse(stderr).error.message) };
    },
  };
}

function certificateFor(directory: string, address: string): { readonly cert: Buffer; readonly key: Buffer } {
  const [cert, key] = [path.join(directory, 'cert.pem'), path.join(directory, 'key.pem')];
  const wishes = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=office -addext subjectAltName=IP:${address}`;
  const made = spawnSync('openssl', [...wishes.split(' '), '-keyout', key, '-out', cert]);
  assert.equal(made.status, 0, String(made.stderr));
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

describe('a registry in a private network', { skip: cannotRun() }, () => {
  it('is asked, and sends us to its storage there when the configuration allows it', async (t) => {
    const { registry, host, sbom } = await office(t);
    const refused = await sbom({});
    assert.notEqual(refused.code, 0);
    const remedy = `registries: { "${registry}": { privateHosts: ["${host}"] } }`;
    assert.ok(refused.message.includes(remedy), refused.message);
    const elsewhere = await sbom({ 'harbor.example.internal': { privateHosts: [host] } });
    assert.ok(elsewhere.message.includes(remedy), 'it is allowed to one registry, and to no other');
    const allowed = await sbom({ [registry]: { privateHosts: [host] } });
    assert.equal(allowed.code, 0, allowed.message);
    assert.match(allowed.stdout, /pkg:npm\/shop@1\.0\.0/);
  });
});
