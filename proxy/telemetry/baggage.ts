/** The caller's W3C `baggage`, as far as the environment names keys that spans are to tell; read by the tracer. */
import type { Attributes } from "@opentelemetry/api";
import { headerValues, type HeaderLines } from "../core/http.ts";

/** What the specification asks everybody to be able to carry; beyond it nothing is read. */
const mostMembers = 64;
const mostBytes = 8192;

const longestText = 256;

/** `baggage.KEY` for each of `keys` that the caller sent; nothing for a list that is too long. */
export function baggageAttributes(lines: HeaderLines, keys: readonly string[]): Attributes {
  if (keys.length === 0) return {};
  const members = readBaggage(lines);
  const found = keys.flatMap((key) => {
    const value = members.get(key);
    return value === undefined ? [] : [[`baggage.${key}`, value.slice(0, longestText)] as const];
  });
  return Object.fromEntries(found);
}

/** Members by key, values decoded; properties behind a semicolon and malformed members are left out. */
export function readBaggage(lines: HeaderLines): ReadonlyMap<string, string> {
  const text = headerValues(lines, "baggage").join(",");
  if (text === "" || text.length > mostBytes) return new Map();
  const members = text.split(",");
  if (members.length > mostMembers) return new Map();
  return new Map(members.flatMap((member) => memberOf(member) ?? []));
}

const memberPattern =
  /^\s*([!#$%&'*+\-.^_`|~\w]+)\s*=\s*([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\s*$/;

function memberOf(member: string): [[string, string]] | null {
  const [pair = ""] = member.split(";");
  const [, key, value = ""] = memberPattern.exec(pair) ?? [];
  if (key === undefined) return null;
  try {
    return [[key, decodeURIComponent(value)]];
  } catch {
    return null;
  }
}
