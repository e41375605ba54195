// TensorFlow Serving's REST API, which answers beside the page.

const API = new URL("v1/models", document.baseURI);
const NAMES = new URL("page/models.json", document.baseURI);
const PATIENCE = 8000; // ms for a question that needs no model

/** What went wrong, in words; `status` is that of HTTP, or 0 where nothing answered. */
export class Refusal extends Error {
  constructor(status, message) {
    const busy = { 429: "is busy", 503: "is not ready", 504: "took too long" }[status];
    const said = `The server ${busy ?? "refused the request"} (${status}): ${message}`;
    super(status ? said : "The server does not answer. It is asked again until it does.");
    this.status = status;
  }
}

async function call(address, { body, signal = AbortSignal.timeout(PATIENCE) } = {}) {
  const headers = { "Content-Type": "application/json" };
  const post = { method: "POST", headers, body: JSON.stringify(body) };
  let response, text, reply;
  try {
    response = await fetch(address, { ...(body && post), signal, cache: "no-store" });
    text = await response.text();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refusal(0);
  }
  signal.throwIfAborted();
  try {
    reply = JSON.parse(text);
  } catch {
    throw new Refusal(response.status, `not JSON: ${text.slice(0, 200)}`);
  }
  if (!response.ok) throw new Refusal(response.status, reply.error ?? response.statusText);
  return reply;
}

const addressOf = (model) => `${API}/${encodeURIComponent(model)}`;
const bodyOf = (signature, text) => ({ signature_name: signature, instances: [text] });

export async function modelNames() {
  return (await call(NAMES)).models;
}

/** The version that answers now: the newest one that is available. */
export async function versionOf(model) {
  const available = (await call(addressOf(model))).model_version_status
    .filter((one) => one.state === "AVAILABLE")
    .map((one) => one.version);
  if (!available.length) throw new Refusal(503, `no version of ${model} is available yet.`);
  return available.sort((a, b) => b - a)[0];
}

export async function signaturesOf(model) {
  return (await call(`${addressOf(model)}/metadata`)).metadata.signature_def.signature_def;
}

/** The outputs for one text, by name, and the milliseconds that they took. */
export async function predict(model, signature, outputs, text, signal) {
  const began = performance.now();
  const body = bodyOf(signature, text);
  const [one] = (await call(`${addressOf(model)}:predict`, { body, signal })).predictions;
  const named = outputs.length === 1 ? { [outputs[0]]: one } : one; // one output bears no name
  return { ...named, milliseconds: performance.now() - began };
}

export function curl(model, signature, text) {
  const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;
  const body = JSON.stringify(bodyOf(signature, text));
  return `curl -X POST ${quoted(`${addressOf(model)}:predict`)} \\\n  -d ${quoted(body)}`;
}
