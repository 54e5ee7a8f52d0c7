/** Numbers as people read them. */

/** `00:03:12`, from a day on `2d03h12m`; `-` for what is not known. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  const whole = Math.floor(seconds);
  const two = (part: number) => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = two(Math.floor(whole / 60) % 60);
  return hours < 24
    ? `${two(hours)}:${minutes}:${two(whole % 60)}`
    : `${Math.floor(hours / 24)}d${two(hours % 24)}h${minutes}m`;
}

/** Microseconds as milliseconds: `0.512`, `12.3`, `120`. */
export function milliseconds(us: number | null): string {
  if (us === null) return '-';
  const ms = us / 1000;
  return ms.toFixed(ms < 10 ? 3 : ms < 100 ? 1 : 0);
}

/** `1536` → `1.5 KiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Bytes a second as Mbit/s: `0.05`, `12.3`, `940`. */
export function rate(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null) return '-';
  const megabits = (bytesPerSecond * 8) / 1e6;
  return megabits.toFixed(megabits < 10 ? 2 : megabits < 100 ? 1 : 0);
}

/** Bits per second, short: `940k`, `1.20G`; `-` for what is not known. */
export function bitRate(bitsPerSecond: number | null): string {
  if (bitsPerSecond === null) return '-';
  const units = ['', 'k', 'M', 'G', 'T'];
  let value = bitsPerSecond;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(value < 9.995 ? 2 : 1)}${units[unit]}`;
}

/** Bytes a second as bits: `0 bit/s`, `940 kbit/s`, `12.3 Mbit/s`. */
export function speed(bytesPerSecond: number): string {
  const [, number, unit] = /^([\d.]+)(.*)$/.exec(bitRate(bytesPerSecond * 8)) as RegExpExecArray;
  return `${number} ${unit}bit/s`;
}

/** Permille as a percentage: `0.4`. */
export function percent(permille: number | null): string {
  return permille === null ? '-' : (permille / 10).toFixed(1);
}

/** How long something was waited for: ` after 90 ms`, ` after 1.2 s`; empty where it was so at once. */
export function afterWaiting(ms: number): string {
  if (ms < 1) return '';
  return ms < 1000 ? ` after ${ms} ms` : ` after ${(ms / 1000).toFixed(1)} s`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

export function orDash(value: string | number | null): string {
  return value === null ? '-' : String(value);
}

/** A point in time to the minute, UTC: `2027-01-31 12:00Z`. */
export function momentOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
