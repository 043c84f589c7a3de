/** Host and port as people write them: an address of IPv6 stands in brackets. */
export function sayAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
