// What is typed goes to the worker; what it makes of it is shown, unless a newer text has come.

import * as view from "./view.js";

const { at } = view;
const TYPING = 150; // ms after the last key
const COMPOSING = 400; // ms while an input method still puts a character together
const PATIENCE = 3000; // ms for the service worker to take over, at the first visit

const source = at("source");
const menu = at("model");
let worker;
let models = [];
let number = 0; // of what was asked last: a text or a file
let file = 0; // of the file that was asked for last
let asked = 0; // of the text that is shown
let isOpen = false;
let typing, installing;

// === The worker ===

function start() {
  worker = new Worker("worker.js");
  worker.onmessage = ({ data }) => heard[data.kind](data);
  worker.onerror = (event) => {
    event.preventDefault();
    refuse(`The worker stopped: ${event.message || "it could not be loaded"}. Reload the page.`);
  };
}

const ofText = (show) => (said) => said.number === asked && show(said);
const ofFile = (show) => (said) => said.number === file && show(said);

const heard = {
  progress: ofFile(({ received, total }) => view.showProgress(received, total)),
  opened: ofFile(({ name, about }) => {
    isOpen = true;
    complain("");
    state("ready", "Ready, on this device");
    view.showProgress();
    view.showAbout(about);
    document.title = `${name} · Translate on your device`;
    ask();
  }),
  refused: ofFile(({ name, message }) => {
    file = 0; // whatever else comes of it
    view.showProgress();
    refuse(`${name}: ${message}`);
  }),
  step: ofText(view.showStep),
  done: ofText(view.showDone),
  beams: ofText(view.showBeams),
  failed: ofText(({ message }) => {
    view.showNothing();
    complain(message);
  }),
  verified: ofText(view.showVerified),
};

// === Files ===

/** Opens a file of the list, or { bytes, manifest } of the user's own. */
function open({ name, ...given }, placeholder = "Type a sentence") {
  isOpen = false;
  clearTimeout(typing);
  file = asked = ++number;
  complain("");
  view.showNothing();
  state("busy", `Opening ${name}`);
  source.placeholder = placeholder;
  worker.postMessage({ ask: "open", number: file, name, ...given }, [
    ...(given.bytes ? [given.bytes.buffer] : []),
  ]);
}

function choose() {
  const model = models[menu.value];
  if (!model) return;
  const { name, file, bytes, placeholder, examples = [] } = model;
  view.showExamples(examples, (text) => {
    source.value = text;
    source.focus();
    ask();
  });
  open({ name, file: new URL(file, location.href).href, size: bytes }, placeholder);
}

/** Files of the user's own: one that ends in .tflite and one in .json. */
async function take(files) {
  const [model, manifest] = [".tflite", ".json"].map((end) =>
    [...files].find(({ name }) => name.toLowerCase().endsWith(end)),
  );
  if (!model || !manifest) {
    const names = [...files].map((one) => one.name).join(", ") || "nothing";
    return refuse(`A .tflite file and its .json are needed, and came: ${names}.`, false);
  }
  const [bytes, text] = await Promise.all([model.arrayBuffer(), manifest.text()]);
  const name = model.name.replace(/\.tflite$/i, "");
  menu.querySelector("[value=own]")?.remove();
  menu.add(new Option(`${name} (your file)`, "own", false, true));
  menu.disabled = false;
  view.showExamples([]);
  open({ name, bytes: new Uint8Array(bytes), manifest: text });
}

async function list() {
  const reply = await fetch("models.json");
  models = reply.ok ? await reply.json() : [];
  if (!models.length) {
    return state("none", "There is no model yet: open a .tflite file and its .json");
  }
  const megabytes = (model) => `${(model.bytes / 1e6).toFixed(1)} MB`;
  menu.replaceChildren(
    ...models.map((model, i) => new Option(`${model.name} (${megabytes(model)})`, i)),
  );
  menu.disabled = false;
  choose();
}

// === Texts ===

function typed(event) {
  clearTimeout(typing);
  at("clear").hidden = !source.value;
  if (isOpen) at("target").setAttribute("aria-busy", true);
  typing = setTimeout(ask, event?.isComposing ? COMPOSING : TYPING);
}

/** Asks for what stands in the source now; what comes of older texts is not shown any more. */
function ask() {
  clearTimeout(typing);
  at("clear").hidden = !source.value;
  if (!isOpen) return;
  asked = ++number;
  complain("");
  if (!source.value.trim()) view.showNothing();
  else view.expect();
  worker.postMessage({ ask: "translate", number: asked, text: source.value });
}

function state(kind, words) {
  at("state").dataset.state = kind;
  at("state").textContent = words;
}

function complain(words) {
  at("error").hidden = !words;
  at("error").textContent = words;
  if (words) at("error").scrollIntoView({ block: "nearest" });
}

function refuse(words, isState = true) {
  if (isState) state("none", "No model is open");
  complain(words);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(at("target").textContent);
    at("heard").textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(at("target")); // no clipboard beyond https and localhost
  }
}

// === Installed, and without a network ===

/** Registers the service worker; at the first visit it takes over before anything large comes. */
async function keep() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  const taken = new Promise((done) =>
    serviceWorker.addEventListener("controllerchange", done, { once: true }),
  );
  try {
    const registration = await serviceWorker.register("service_worker.js");
    if (!serviceWorker.controller && !registration.active) await Promise.race([taken, late]);
  } catch {
    // A private window, or no https: the page works all the same.
  }
}

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installing = event;
  at("install").hidden = false;
});
at("install").addEventListener("click", async () => {
  await installing?.prompt();
  at("install").hidden = true;
});

// === What is done on the page ===

source.addEventListener("input", typed);
source.addEventListener("compositionend", typed);
source.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
});
at("clear").addEventListener("click", () => {
  source.value = "";
  source.focus();
  ask();
});
at("copy").addEventListener("click", copy);
menu.addEventListener("change", choose);
at("open").addEventListener("click", () => at("files").click());
at("files").addEventListener("change", async () => {
  await take(at("files").files);
  at("files").value = "";
});
at("verify").addEventListener("click", () => {
  asked = ++number;
  at("verified").textContent = "Checking …";
  worker.postMessage({ ask: "verify", number: asked });
});

let inside = 0; // elements that something is dragged over
const isFiles = (event) => event.dataTransfer?.types.includes("Files");
const hover = (by) => (event) => {
  if (!isFiles(event)) return;
  inside = Math.max(0, inside + by);
  at("drop").hidden = !inside;
};
addEventListener("dragenter", hover(1));
addEventListener("dragleave", hover(-1));
addEventListener("dragover", (event) => isFiles(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!isFiles(event)) return;
  event.preventDefault();
  inside = 0;
  at("drop").hidden = true;
  take(event.dataTransfer.files);
});

source.value = new URLSearchParams(location.search).get("text") ?? source.value;
keep().then(() => {
  start();
  list().catch(() => refuse("The list of models could not be read: is the server there?"));
});
