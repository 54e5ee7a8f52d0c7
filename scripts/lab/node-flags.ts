/** The flags for Node that a program names in its first line. */
export function nodeFlags(program: string): string[] {
  const [first] = program.split('\n');
  return first.split(' ').filter((word) => word.startsWith('--'));
}
