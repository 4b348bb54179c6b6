/** Ways in which a caller may try to choose where a call goes, as data; the policy alone says that. */

/** One try. */
export interface StrangerRow {
  readonly name: string;
  /** The request's bytes; `EVIL` stands for host and port of somebody whom the policy does not name. */
  readonly bytes: string;
  /** The target that the policy's provider sees; null where the call is refused. */
  readonly target: string | null;
}

const headed = (target: string, ...lines: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");

/** An ordinary call with one line that asks for somebody else. */
const lined = (name: string, line: string): StrangerRow => ({
  name,
  bytes: headed("/v1/x", "Host: localhost", line),
  target: "/v1/x",
});

/** A call whose target asks for somebody else. */
const targeted = (name: string, target: string, seen: string | null): StrangerRow => ({
  name,
  bytes: headed(target, "Host: localhost"),
  target: seen,
});

export const strangerRows: readonly StrangerRow[] = [
  { name: "a Host header", bytes: headed("/v1/x", "Host: EVIL"), target: "/v1/x" },
  lined("X-Forwarded-Host", "X-Forwarded-Host: EVIL"),
  lined("Forwarded", "Forwarded: host=EVIL;proto=http"),
  lined("X-Original-URL", "X-Original-URL: http://EVIL/v1/x"),
  lined("X-Rewrite-URL", "X-Rewrite-URL: http://EVIL/v1/x"),
  lined("X-Host", "X-Host: EVIL"),
  lined("a target of Sidestep that is a URL", "x-sidestep-target: http://EVIL"),
  lined("a provider of Sidestep that is none", "x-sidestep-provider: http://EVIL"),
  lined("another gateway's header", "x-portkey-custom-host: http://EVIL/v1"),
  targeted("an absolute target", "http://EVIL/v1/x", "/v1/x"),
  targeted("an absolute target over TLS", "https://EVIL/v1/x", "/v1/x"),
  targeted("an absolute target with a name before the host", "http://openai@EVIL/v1/x", "/v1/x"),
  targeted("an absolute target of another scheme", "ftp://EVIL/v1/x", null),
  targeted("a target that is only an authority", "EVIL", null),
  targeted("a target without a scheme", "//EVIL/v1/x", "/v1//EVIL/v1/x"),
  targeted("a URL for a path", "/http://EVIL/v1/x", "/v1/http://EVIL/v1/x"),
  targeted("an at sign for a path", "/@EVIL/v1/x", "/v1/@EVIL/v1/x"),
  targeted("a port for a path", "/:80@EVIL/", "/v1/:80@EVIL/"),
  targeted("a backslash for a path", "/\\EVIL/v1/x", "/v1/\\EVIL/v1/x"),
  targeted("a provider's name that is a URL", "/http:/EVIL/v1/x", "/v1/http:/EVIL/v1/x"),
  targeted("steps up out of the path", "/v1/../../EVIL", "/v1/../../EVIL"),
  {
    name: "CONNECT",
    bytes: "CONNECT EVIL HTTP/1.1\r\nHost: EVIL\r\n\r\n",
    target: null,
  },
  {
    name: "an upgrade to an absolute target",
    bytes: headed(
      "http://EVIL/v1/x",
      "Host: EVIL",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Key: x",
    ),
    target: "/v1/x",
  },
];
