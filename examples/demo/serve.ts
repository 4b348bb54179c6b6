/** `npm run demo -- --serve`: everything stays up, with the commands to try it by hand. */

import { SUPPORT } from "./call.ts";
import type { Stage } from "./stage.ts";
import type { Terminal } from "./terminal.ts";

/** Settles when a signal asks the demo to stop. */
export async function serve(terminal: Terminal, stage: Stage): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  terminal.write(instructions(stage));
  await stopped;
}

function instructions({ url, admin, cloudUrl, policyFolder }: Stage): string {
  const chat = {
    model: "gpt-4o-mini",
    user: "ann",
    messages: [
      { role: "system", content: SUPPORT },
      { role: "user", content: "When are you open?" },
    ],
  };
  const message = {
    model: "claude-haiku-4-5",
    max_tokens: 300,
    stream: true,
    system: SUPPORT,
    messages: [{ role: "user", content: "How long do refunds take?" }],
  };
  return `Sidestep listens on ${url}, the simulated cloud on ${cloudUrl}.

OpenAI Chat Completions; the x-sidestep-* headers say what was decided and why:
  curl -i ${url}/v1/chat/completions -H 'content-type: application/json' -H 'authorization: Bearer sk-demo' \\
    -d '${JSON.stringify(chat)}'

Anthropic Messages, streamed:
  curl -iN ${url}/v1/messages -H 'content-type: application/json' -H 'x-api-key: sk-demo' -H 'anthropic-version: 2023-06-01' \\
    -d '${JSON.stringify(message)}'

Point an application at it:
  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=sk-demo ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=sk-demo your-application

Look inside, in a browser or by hand:
  ${admin}/
  curl ${admin}/decisions
  curl ${admin}/policy
  curl ${admin}/explain -d '{"text":"Where is my order #W1234567?"}'

Change the policy while it runs: ${policyFolder}
Break the cloud:
  curl ${cloudUrl}/_control/faults -d '{"faults":[{"kind":"status","status":503,"times":0}]}'
  curl -X DELETE ${cloudUrl}/_control/faults

Ctrl-C ends it.
`;
}
