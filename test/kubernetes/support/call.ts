/** One call of the official client, as an application makes it; prints what came back as a line of JSON. */
import OpenAI from "openai";

const [baseURL = "", text = "hello"] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "sk-of-the-app", maxRetries: 0 });
try {
  const { data, response } = await client.chat.completions
    .create({ model: "llama-3", messages: [{ role: "user", content: text }] })
    .withResponse();
  const decision = response.headers.get("x-sidestep-decision");
  console.log(JSON.stringify({ decision, said: data.choices[0]?.message.content }));
} catch (fault) {
  const status = fault instanceof OpenAI.APIError ? (fault.status ?? null) : null;
  console.log(JSON.stringify({ status, fault: fault instanceof Error ? fault.message : "" }));
}
