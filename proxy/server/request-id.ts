/** Makes the id under which a call is found in headers, logs and decisions. */
import { randomUUID } from "node:crypto";

/** 20 hex digits, fresh for each call; the caller's own ids are not trusted to be unique. */
export function requestId(): string {
  const uuid = randomUUID();
  return uuid.slice(-12) + uuid.slice(0, 8);
}
