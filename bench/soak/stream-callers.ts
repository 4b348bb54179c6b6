/** Many applications with an open stream each: how every one of them ends. */

import { request as httpRequest } from "node:http";

/** What one caller has got. */
export interface StreamSeen {
  readonly text: string;
  /** Whether the stream came to its end as HTTP has it. */
  readonly isWhole: boolean;
}

/** A caller whose stream has begun. */
export interface StreamCaller {
  readonly ended: Promise<StreamSeen>;
}

/** Opens a stream on a connection of its own; resolves when its first bytes are there. */
export function openStream(url: string, text = "hello", key = "any"): Promise<StreamCaller> {
  const body = JSON.stringify({
    model: "gpt-4o",
    stream: true,
    messages: [{ role: "user", content: text }],
  });
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/chat/completions`, {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let seen = "";
      const ended = new Promise<StreamSeen>((settle) => {
        response.on("error", () => undefined);
        response.on("close", () => settle({ text: seen, isWhole: response.complete }));
      });
      response.setEncoding("utf8").on("data", (part: string) => {
        seen += part;
        resolve({ ended });
      });
    });
    request.end(body);
  });
}

/** Opens so many, some at a time, as applications come one after the other. */
export async function openStreams(
  url: string,
  count: number,
  key = "any",
): Promise<readonly StreamCaller[]> {
  const callers: StreamCaller[] = [];
  while (callers.length < count) {
    const next = Math.min(50, count - callers.length);
    callers.push(
      ...(await Promise.all(Array.from({ length: next }, () => openStream(url, "hello", key)))),
    );
  }
  return callers;
}
