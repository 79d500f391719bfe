// A client of Echo Studio whose paths, parameters, bodies and answers are typed from the API's own description.

import createFetchClient, { type Client, type ClientOptions } from "openapi-fetch";

import type { components, paths } from "./api.js";

export type { components, paths };

/** What went wrong, as every endpoint says it (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/** A client of one studio. */
export type StudioClient = Client<paths>;

/** Whether an error is a problem of a kind: `isKind(error, "stale")`. */
export function isKind(error: Problem | undefined, kind: string): boolean {
  return error?.type === `urn:echo-studio:problem:${kind}`;
}

/** Merge patches have a media type of their own; the description says which endpoint takes one. */
const mergePatch = { "Content-Type": "application/merge-patch+json" } as const;

/** A client of the studio at an address; of the one that served the page when none is given. */
export function createClient(options: ClientOptions = {}): StudioClient {
  const client = createFetchClient<paths>({ baseUrl: "", ...options });
  client.use({
    onRequest({ request }) {
      if (request.method === "PATCH") {
        request.headers.set("Content-Type", mergePatch["Content-Type"]);
      }
      return request;
    },
  });
  return client;
}

/** The entity tag of what was read: send it in `If-Match` with an edit of it. */
export function entityTag(response: Response): string {
  const tag = response.headers.get("ETag");
  if (tag === null) {
    throw new Error(`${response.url} has no entity tag`);
  }
  return tag;
}

/** Text for `Echo-Author` and `Echo-Message`, which carry any script with percent encoding. */
export function headerText(text: string): string {
  return encodeURIComponent(text);
}
