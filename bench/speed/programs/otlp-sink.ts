/** A collector that takes every span and keeps none; run by the part `telemetry`. */
import { createServer } from "node:http";
import { serveOn } from "../program.ts";

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () =>
    response.writeHead(200, { "content-type": "application/json" }).end("{}"),
  );
});

serveOn(server, 0);
