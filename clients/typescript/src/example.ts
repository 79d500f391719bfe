// The README's example. It is compiled with the client, so it stays true to the API.

import { createClient, entityTag, headerText, isKind } from "./index.js";

const studio = createClient({ baseUrl: "http://127.0.0.1:8328" });

/** Makes a character a year older, on top of whatever somebody else changed meanwhile. */
export async function birthday(project: string, character: string, author: string): Promise<number> {
  const path = { project, character };
  for (;;) {
    const read = await studio.GET("/api/anime/projects/{project}/bible/characters/{character}", { params: { path } });
    if (read.data === undefined) {
      throw new Error(read.error?.detail ?? "no answer");
    }
    const age = (read.data.age ?? 0) + 1;
    const edit = await studio.PATCH("/api/anime/projects/{project}/bible/characters/{character}", {
      params: {
        path,
        header: { "If-Match": entityTag(read.response), "Echo-Author": headerText(author) },
      },
      body: { age },
    });
    if (edit.data !== undefined) {
      return age;
    }
    if (!isKind(edit.error, "stale")) {
      throw new Error(edit.error?.detail ?? "no answer");
    }
  }
}
