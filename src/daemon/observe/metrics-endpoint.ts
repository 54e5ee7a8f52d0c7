/** Serves metrics over HTTP: `GET /metrics`, nothing else. */
import { METRICS_CONTENT_TYPE } from '../../api/metrics-text.js';
import { HttpPlace, isReading, pathOf, refuse, send } from '../base/http-place.js';

/** `text` makes the answer. */
export function metricsEndpoint(text: () => string): HttpPlace {
  return new HttpPlace('metrics', (request, response) => {
    if (pathOf(request) !== '/metrics') return refuse(response, 404, 'metrics are at /metrics');
    if (isReading(request, response, 'metrics')) send(request, response, METRICS_CONTENT_TYPE, text());
  });
}
