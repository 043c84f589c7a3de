export { type Config, type ConfigInput } from './config/config-schema.ts';
export { defineConfig } from './config/define-config.ts';
