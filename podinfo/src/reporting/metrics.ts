/** Upper bounds in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts requests for `/metrics`. */
export interface Metrics {
  /** A request has come. */
  begin(): void;
  /** It is over. */
  end(request: { readonly route: string; readonly status: number; readonly seconds: number }): void;
  /** In the text format of Prometheus, version 0.0.4. */
  render(): string;
}

interface RouteCounts {
  readonly byStatus: Map<number, number>;
  /** How many took at most as long as the bucket of the same index, and longer than the one before. */
  readonly buckets: number[];
  seconds: number;
  count: number;
}

/** `release` is a label of every request's series; `build` becomes the labels of the build info. */
export function requestMetrics(release: string, build: Readonly<Record<string, string>>): Metrics {
  const routes = new Map<string, RouteCounts>();
  let inFlight = 0;
  return {
    begin() {
      inFlight += 1;
    },
    end({ route, status, seconds }) {
      inFlight -= 1;
      const counts = routes.get(route) ?? emptyCounts();
      routes.set(route, counts);
      counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1);
      const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
      counts.seconds += seconds;
      counts.count += 1;
    },
    render() {
      return [
        ...family('http_requests_total', 'counter', 'Requests answered, by route and status.'),
        ...[...routes].flatMap(([route, counts]) => renderStatuses({ release, route }, counts)),
        ...family(
          'http_request_duration_seconds',
          'histogram',
          'Time from a request to the end of its answer.',
        ),
        ...[...routes].flatMap(([route, counts]) => renderHistogram({ release, route }, counts)),
        ...family('http_requests_in_flight', 'gauge', 'Requests that are being answered now.'),
        sample('http_requests_in_flight', { release }, inFlight),
        ...family('podinfo_build_info', 'gauge', 'Always 1; what is running is in the labels.'),
        sample('podinfo_build_info', build, 1),
        '',
      ].join('\n');
    },
  };
}

type Labels = Readonly<Record<string, string>>;

function emptyCounts(): RouteCounts {
  return { byStatus: new Map(), buckets: BUCKETS.map(() => 0), seconds: 0, count: 0 };
}

function renderStatuses(labels: Labels, { byStatus }: RouteCounts): readonly string[] {
  return [...byStatus].map(([status, count]) =>
    sample('http_requests_total', { ...labels, status: String(status) }, count),
  );
}

function renderHistogram(labels: Labels, { buckets, seconds, count }: RouteCounts): readonly string[] {
  let below = 0;
  const bounded = BUCKETS.map((bound, index) => {
    below += buckets[index] ?? 0;
    return sample('http_request_duration_seconds_bucket', { ...labels, le: String(bound) }, below);
  });
  return [
    ...bounded,
    sample('http_request_duration_seconds_bucket', { ...labels, le: '+Inf' }, count),
    sample('http_request_duration_seconds_sum', labels, seconds),
    sample('http_request_duration_seconds_count', labels, count),
  ];
}

function family(name: string, type: string, help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}{${pairs.join(',')}} ${value}`;
}

function escapeLabel(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
