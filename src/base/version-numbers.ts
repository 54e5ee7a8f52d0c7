/** The three numbers of a version such as `1.4.0` (https://semver.org, without what follows them). */
export function versionNumbers(version: string): number[] {
  return version.split('.', 3).map((part) => Number.parseInt(part, 10));
}
