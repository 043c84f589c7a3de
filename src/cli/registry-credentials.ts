import os from 'node:os';
import type { CredentialsFor } from '../supply-chain/registry/client/credentials.ts';
import { dockerCredentials } from '../supply-chain/registry/client/docker-config.ts';

/** Logs in to registries as whoever runs the command does with docker, and to Amazon ECR. */
export function registryCredentials(): CredentialsFor {
  return dockerCredentials(process.env, os.homedir());
}
