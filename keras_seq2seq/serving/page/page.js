// The page of the development server: what is typed is asked, what is answered is shown.

import * as server from "./server.js";
import { at, show, showBeams } from "./view.js";

const TYPING = 250; // ms after the last key
const COMPOSING = 700; // ms while an input method still puts a character together
const LOOK = 5000; // ms between two looks at what is served
const AWAY = 1500; // the same while the server does not answer
const ADDRESS = 1500; // characters of a text that the address still holds

const source = at("source");
const served = { model: null, signatures: {}, version: null, here: false };
let asked = new AbortController(); // of the request for what stands in `source` now
let typing, looking;

// === What is served ===

/** Finds the model and its version; one that is new, or back, is asked at once. */
async function look() {
  try {
    served.model ??= await choose();
    const { model } = served;
    const version = await server.versionOf(model);
    const known = served.here && version === served.version;
    const signatures = known ? served.signatures : await server.signaturesOf(model);
    if (model !== served.model) return; // another was chosen meanwhile
    if (!known) arrive(version, signatures);
  } catch (error) {
    leave(error);
  }
  lookLater();
}

function lookLater() {
  clearTimeout(looking);
  if (!document.hidden) looking = setTimeout(look, served.here ? LOOK : AWAY);
}

async function choose() {
  const wanted = new URLSearchParams(location.search).get("model");
  const names = await server.modelNames();
  const menu = at("model");
  menu.replaceChildren(...names.map((name) => new Option(name)));
  if (names.includes(wanted)) menu.value = wanted;
  menu.hidden = names.length < 2;
  at("name").hidden = names.length > 1;
  return menu.value;
}

function arrive(version, signatures) {
  Object.assign(served, { version, signatures, here: true });
  at("name").textContent = served.model;
  document.title = `${served.model} · keras_seq2seq`;
  say("here", `version ${version}`);
  const limit = signatures.details?.outputs.source_tokens?.tensor_shape.dim[1]?.size;
  at("reads").textContent = limit > 1 ? `The model reads up to ${limit - 1} tokens.` : "";
  const chosen = at("signature").value;
  const names = Object.keys(signatures).filter(readsText);
  at("signature").replaceChildren(...names.map((name) => new Option(name)));
  at("signature").value = [chosen, "serving_default", names[0]].find((one) => names.includes(one));
  ask();
}

function leave(error) {
  served.here = false;
  say("away", error.status === 0 ? "not reachable" : "not ready");
  complain(words(error));
}

const words = (error) =>
  error instanceof server.Refusal
    ? error.message
    : `The server's reply was not understood: ${error.message}`;

function say(state, text) {
  if (at("state").textContent === text) return; // nothing to read out again
  at("state").dataset.state = state;
  at("state").textContent = text;
}

function complain(text) {
  if (at("error").textContent !== text) at("error").textContent = text;
  at("error").hidden = !text;
}

function readsText(name) {
  const { text, ...others } = served.signatures[name]?.inputs ?? {};
  return text?.dtype === "DT_STRING" && !Object.keys(others).length;
}

// === Asking ===

function typed(event) {
  asked.abort(); // an answer to an older text would come too late
  clearTimeout(typing);
  at("clear").hidden = !source.value;
  busy(served.here && source.value.trim() !== "");
  typing = setTimeout(ask, event.isComposing ? COMPOSING : TYPING);
}

async function ask() {
  clearTimeout(typing);
  asked.abort();
  asked = new AbortController();
  const text = source.value.toWellFormed?.() ?? source.value;
  const blank = text.trim() === "";
  remember(blank ? "" : text);
  at("request").hidden = blank || !served.here;
  showCommand(text);
  if (blank) {
    finish(text, {}, "The translation appears here.");
    if (served.here) complain("");
  } else if (served.here) {
    await answer(text, asked.signal);
  } else {
    finish(text, {}); // it is asked when the server is there
  }
}

async function answer(text, signal) {
  const request = (name) => {
    const outputs = Object.keys(served.signatures[name].outputs);
    return server.predict(served.model, name, outputs, text, signal);
  };
  const name = ["details", "serving_default"].find(readsText);
  if (!name) {
    finish(text, {});
    return complain("This model has no signature that reads a text and nothing else.");
  }
  busy(true);
  try {
    finish(text, { ...(await request(name)), version: served.version });
    complain("");
    if (readsText("beam")) showBeams(await request("beam"));
  } catch (error) {
    if (error.name === "AbortError") return;
    finish(text, {});
    if (error.status !== 0) return complain(words(error));
    leave(error);
    lookLater();
  }
}

function finish(text, reply, placeholder) {
  show(text, reply, placeholder);
  busy(false);
}

function busy(is) {
  for (const id of ["target", "alignment", "beams", "attention"]) {
    at(id).setAttribute("aria-busy", is);
  }
}

/** Keeps the text in the address, so that it can be linked to and is there after a reload. */
function remember(text) {
  const address = new URL(location);
  if (text && text.length < ADDRESS) address.searchParams.set("text", text);
  else address.searchParams.delete("text");
  if (address.href !== location.href) history.replaceState(null, "", address);
}

// === The request as a command ===

function showCommand(text) {
  at("curl").textContent = server.curl(served.model ?? "", at("signature").value, text);
  at("copied").textContent = "";
}

async function copy() {
  try {
    await navigator.clipboard.writeText(at("curl").textContent);
    at("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(at("curl")); // no clipboard beyond https and localhost
    at("copied").textContent = "The command is selected: copy it with Ctrl+C.";
  }
}

// === Start ===

source.addEventListener("input", typed);
source.addEventListener("compositionend", typed);
source.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
});
at("clear").addEventListener("click", () => {
  source.value = "";
  at("clear").hidden = true;
  source.focus();
  ask();
});
at("model").addEventListener("change", () => {
  Object.assign(served, { model: at("model").value, here: false });
  look();
});
at("signature").addEventListener("change", () => showCommand(source.value));
at("copy").addEventListener("click", copy);
document.addEventListener("visibilitychange", () => document.hidden || look());

source.value = new URLSearchParams(location.search).get("text") ?? source.value;
at("clear").hidden = !source.value;
ask();
look();
