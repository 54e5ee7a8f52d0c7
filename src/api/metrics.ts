/** Metrics as Prometheus knows them. */

export interface MetricSample {
  /** Behind the name of the family: of a summary, `_sum` or `_count`; else empty. */
  suffix: '' | '_sum' | '_count';
  labels: Record<string, string>;
  value: number;
}

export interface MetricFamily {
  /** Begins with `octolink_`; its unit, a base unit, ends it, before the `_total` of a counter. */
  name: string;
  type: 'counter' | 'gauge' | 'summary';
  help: string;
  samples: MetricSample[];
}
