/** Asks the daemon: methods of the control API by HTTP. */
import type { Methods } from '../api/methods.js';

/** The daemon wants the token first. */
export class NotSignedIn extends Error {}

/** The answer of a method. Throws `NotSignedIn`, or an error with the daemon's own words. */
export async function call<M extends keyof Methods>(
  method: M,
  params: Methods[M]['params'],
): Promise<Methods[M]['result']> {
  const query = new URLSearchParams({ params: JSON.stringify(params) });
  const response = await fetch(`/api/${method}?${query}`);
  if (response.status === 401) throw new NotSignedIn();
  if (!response.ok) throw new Error((await response.text()).trim());
  return (await response.json()) as Methods[M]['result'];
}

/** Signs in; a sentence when it fails. */
export async function signIn(token: string): Promise<string | null> {
  const response = await fetch('/login', { method: 'POST', body: token });
  return response.ok ? null : (await response.text()).trim();
}
