/** Where the web page is served, as the configuration says. */
import { HttpPlace, type Place } from '../base/http-place.js';
import type { DaemonParts } from '../methods/method.js';
import { Entrance, readToken } from './entrance.js';
import { WebSite } from './site.js';

export class WebPlace {
  private site: WebSite | null = null;
  private readonly http = new HttpPlace('the web page', (request, response) =>
    this.site?.answer(request, response),
  );

  /** `parts` are asked for when the page is served for the first time. */
  constructor(
    private readonly stateFolder: string,
    private readonly parts: () => DaemonParts,
  ) {}

  /** Serves at `place` from now on, or nowhere. Throws a plain sentence, and changes nothing, when it cannot. */
  async serveAt(place: Place | null): Promise<void> {
    if (place !== null) {
      this.site ??= new WebSite(this.parts(), new Entrance(await readToken(this.stateFolder)));
    }
    await this.http.serveAt(place);
  }

  close(): void {
    this.http.close();
  }
}
