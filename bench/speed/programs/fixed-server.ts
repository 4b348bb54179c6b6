/** The least that an answer in Node is: node:http that reads the call to its end and answers the same JSON; the limit for answers from the pod. */
import { createServer } from "node:http";
import { chatReply } from "../traffic.ts";
import { serveOn } from "../program.ts";

const body = Buffer.from(chatReply());
const head = { "content-type": "application/json", "content-length": body.length };

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume();
  request.once("end", () => response.writeHead(200, head).end(body));
});

serveOn(server, 0);
