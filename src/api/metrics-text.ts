/** The text format of Prometheus, version 0.0.4, which whatever collects metrics understands. */
import type { MetricFamily, MetricSample } from './metrics.js';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The lines of all families that have a sample. */
export function metricsText(families: readonly MetricFamily[]): string[] {
  return families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${escaped(help)}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => sampleText(name, sample)),
    ]);
}

function sampleText(name: string, { suffix, labels, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${quotable(text)}"`);
  return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function quotable(text: string): string {
  return escaped(text).replaceAll('"', '\\"');
}
