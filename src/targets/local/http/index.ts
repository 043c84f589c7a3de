export interface RequestHead {
  readonly method: string;
  readonly target: string;
  header(name: string): string | undefined;
}
export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly inFlight: number;
  close(): void;
}
export declare function createUpstream(port: number, host?: string): Upstream;
export interface Route {
  readonly upstream: Upstream;
  another(): Route | null;
  done(outcome: Outcome): void;
}
export interface Outcome {
  readonly status: number | null;
  readonly failure: 'connect' | 'reset' | 'timeout' | 'bad-response' | 'client-gone' | null;
  readonly milliseconds: number;
  readonly retried: boolean;
}
export declare function createTrafficServer(options: {
  route: (head: RequestHead) => Route | null;
  responseTimeout: () => number;
}): {
  listen(address: { host: string; port: number }): Promise<{ host: string; port: number }>;
  close(drain: number): Promise<void>;
};
