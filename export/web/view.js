// What is drawn of a translation. All of it goes in as text nodes: nothing is read as HTML.

const FAINT = 0.04; // weights below are not drawn
const STRONG = 0.4; // drawn in full, and the largest of a token if none is as strong
const START = "▁"; // how SentencePiece marks the start of a word
const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);
let steps = []; // of the translation that stands on the page
let columns = []; // tokens of its source
let pinned = null; // the token of the translation that was clicked
let lit = null; // the one that is shown just now
let isWaiting = false; // for the first step of a text: until then the last one stands

const percent = (x) => `${Math.round(100 * x)} %`;
const decimal = (x) => x.toFixed(2).replace("-0.00", "0.00").replace("-", "−");
const megabytes = (x) => `${(x / 1e6).toFixed(1)} MB`;
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const spoken = { "</s>": "the end", "<unk>": "unknown", [START]: "space", " ": "space" };
const bare = (token) => spoken[token] ?? token.replaceAll(START, "");

/** An element; `--x` is a variable of the style sheet: the policy forbids style attributes. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const piece = (token) => {
  if (token === "</s>" || token === "<unk>") return [spoken[token]];
  if (token === " ") return piece(START); // of characters; it would be an empty box
  const rest = token.startsWith(START) ? token.slice(1) : token;
  return rest === token
    ? [token]
    : [make("span", { class: "mark", "aria-hidden": true }, START), rest];
};

// === The translation, as it comes ===

/** A text was asked for: the last translation stays until something of the new one is there. */
export function expect() {
  isWaiting = true;
  at("target").setAttribute("aria-busy", true);
}

export function showNothing() {
  isWaiting = false;
  begin([]);
  at("target").textContent = at("heard").textContent = at("facts").textContent = "";
  at("target").setAttribute("aria-busy", false);
  at("notes").replaceChildren();
  at("copy").hidden = true;
}

function begin(source) {
  [steps, columns, pinned] = [[], source, null];
  at("read").replaceChildren(...columns.map(sourcePiece));
  at("tokens").replaceChildren();
  at("alignment").hidden = at("beams").hidden = true;
  light();
}

function sourcePiece(token, j) {
  const isEnd = j === columns.length - 1;
  const isWord = !isEnd && token !== "<unk>";
  const attributes = { class: isWord ? "piece" : "piece end", role: "listitem", "data-j": j };
  return make("span", attributes, ...piece(token));
}

export function showStep({ source, text, ...step }) {
  if (isWaiting || source) begin(source ?? []);
  isWaiting = false;
  at("target").textContent = text;
  if (step.token === undefined) return;
  steps.push(step);
  at("alignment").hidden = false;
  at("tokens").append(targetPiece(step, steps.length - 1));
  light(pinned ?? steps.length - 1);
}

function targetPiece({ token, probability, isFinished }, i) {
  const tab = {
    type: "button",
    class: isFinished || token === "<unk>" ? "piece end" : "piece",
    tabindex: i ? -1 : 0,
    "aria-pressed": false,
    "data-i": i,
    "--probability": probability,
  };
  const gauge = make("span", { class: "gauge" });
  const figure = make("span", { class: "percent", dir: "ltr" }, percent(probability));
  return make("button", tab, make("span", {}, ...piece(token)), gauge, figure);
}

export function showDone({ text, first, total, steps: count_, score, length, isCut, ...rest }) {
  const known = [count(length, "token")];
  if (first !== null) known.push(`first in ${Math.round(first)} ms`);
  known.push(`all in ${Math.round(total)} ms`);
  if (count_ > 1) known.push(`${Math.round((1000 * count_) / total)} tokens a second`);
  known.push(`log-probability ${decimal(score)}`, `${megabytes(rest.memory)} of memory`);
  if (!length) known.length = 0;
  at("facts").replaceChildren(...known.map((fact) => make("span", {}, fact)));
  const notes = [];
  if (isCut) notes.push("Too long: the model read only the beginning.");
  if (rest.unknown)
    notes.push(`The model does not know ${count(rest.unknown, "part")} of the source.`);
  if (rest.isOther) notes.push("The search of this model chose another text than token by token.");
  if (!rest.isFinished) notes.push("Not finished: the translation reached its longest length.");
  at("target").textContent = text;
  at("notes").replaceChildren(...notes.map((note) => make("li", {}, note)));
  at("target").setAttribute("aria-busy", false);
  at("heard").textContent = text; // read out once, not token by token
  at("copy").hidden = !text;
  isWaiting = false;
  light();
}

export function showBeams({ beams, milliseconds }) {
  at("beams").hidden = !beams.length;
  const rows = beams.map(({ text, score }, n) =>
    make(
      "tr",
      {},
      make("td", {}, n + 1),
      make("td", { dir: "auto" }, text),
      make("td", { class: "number" }, decimal(score)),
    ),
  );
  at("beam-rows").replaceChildren(...rows);
  at("beam-facts").textContent = `beam search, in ${Math.round(milliseconds)} ms`;
}

// === Attention ===

/** Shows where the model looked for token `i` of the translation. */
function light(i = pinned) {
  lit = i;
  const weights = steps[i]?.attention ?? [];
  const most = strongest(weights);
  tint(at("read").children, (_, j) => (weights[j] ?? 0) / most);
  tint(at("tokens").children, (_, other) => (other === i ? 1 : 0));
  at("curves").replaceChildren();
  weights.forEach((weight, j) => curve(i, j, weight, most));
  at("caption").textContent = caption(i, weights);
}

/** The other way round: which tokens of the translation looked at token `j` of the source. */
function lightTargets(j) {
  const weights = steps.map(({ attention }) => attention?.[j] ?? 0);
  const most = strongest(weights);
  tint(at("read").children, (_, other) => (other === j ? 1 : 0));
  tint(at("tokens").children, (_, i) => weights[i] / most);
  at("curves").replaceChildren();
  weights.forEach((weight, i) => curve(i, j, weight, most));
}

const strongest = (weights) => Math.min(STRONG, Math.max(...weights, FAINT));

function tint(elements, weightOf) {
  [...elements].forEach((element, n) => {
    const weight = Math.min(weightOf(element, n), 1);
    element.style.setProperty("--weight", weight.toFixed(3));
    element.toggleAttribute("data-lit", weight > 0.2);
  });
}

/** A line from token `j` of the source to token `i` of the translation, as strong as its weight. */
function curve(i, j, weight, most) {
  const [from, to] = [at("read").children[j], at("tokens").children[i]];
  if (!from || !to || weight < FAINT) return;
  const frame = at("curves").getBoundingClientRect();
  const [above, below] = [from, to].map((element) => element.getBoundingClientRect());
  const [x, y] = [above.left + above.width / 2 - frame.left, above.bottom - frame.top];
  const [u, v] = [below.left + below.width / 2 - frame.left, below.top - frame.top];
  const half = (v - y) / 2;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M${x} ${y} C${x} ${y + half} ${u} ${v - half} ${u} ${v}`);
  path.style.setProperty("--weight", Math.min(weight / most, 1).toFixed(3));
  at("curves").append(path);
}

function caption(i, weights) {
  const step = steps[i];
  if (!step) {
    if (steps.some(({ attention }) => attention)) {
      return "Point at a token, or take the arrow keys, to see where the model looked.";
    }
    return steps.length ? "This model has no attention: it cannot say where it looked." : "";
  }
  const looked = columns
    .map((token, j) => [weights[j] ?? 0, token])
    .filter(([weight]) => weight >= 0.05)
    .sort((a, b) => b[0] - a[0])
    .slice(0, 4)
    .map(([weight, token]) => `${bare(token)} ${percent(weight)}`);
  const others = step.alternatives
    .filter(([token, probability]) => token !== step.token && probability >= 0.005)
    .map(([token, probability]) => `${bare(token)} ${percent(probability)}`);
  const said = [`${bare(step.token)} ${percent(step.probability)}`];
  if (step.attention) said.push(`looked at ${looked.join(", ") || "nothing in particular"}`);
  if (others.length) said.push(`instead: ${others.join(", ")}`);
  return said.join(" · ");
}

// === The model ===

export function showProgress(received, total) {
  at("progress").hidden = received === undefined;
  if (received === undefined) return;
  at("progress").max = total || received;
  at("progress").value = received;
  const of = total ? ` of ${megabytes(total)}` : "";
  at("state").textContent = `Downloading: ${megabytes(received)}${of}`;
}

export function showAbout(about) {
  const search = Object.entries(about.search ?? {}).map(([name, value]) => `${name} ${value}`);
  const rows = {
    Parameters: about.parameters?.toLocaleString("en"),
    File: megabytes(about.size),
    Numbers: about.quantization?.format ?? "float32",
    Vocabulary: about.vocabulary.map((size) => size.toLocaleString("en")).join(" and "),
    Reads: `up to ${count(about.max_source_length - 1, "token")}`,
    Writes: `up to ${count(about.max_target_length, "token")}`,
    Search: search.join(", ") || "greedy",
    Offers: about.signatures.join(", "),
    Memory: megabytes(about.memory),
    "Written by": about.made && `keras_seq2seq ${about.made}`,
  };
  const known = Object.entries(rows).filter(([, value]) => value);
  at("about-rows").replaceChildren(
    ...known.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
  at("limit").textContent = `The model reads up to ${about.max_source_length - 1} tokens.`;
  at("about").hidden = false;
  at("verify").hidden = !about.golden;
  at("verified").textContent = "";
}

export function showVerified({ cases, wrong, milliseconds }) {
  const right = cases - new Set(wrong.map(({ source }) => source)).size;
  const first = wrong[0];
  at("verified").textContent = first
    ? `${right} of ${count(cases, "case")} came out as where the file was made. The first other: ` +
      `${first.what} of ${JSON.stringify(first.source.slice(0, 60))}.`
    : `All ${cases} cases came out as where the file was made, in ${Math.round(milliseconds)} ms.`;
}

export function showExamples(examples, use) {
  at("examples").hidden = !examples.length;
  at("examples").replaceChildren(
    ...examples.map((text) => {
      const button = make("button", { type: "button", class: "chip", dir: "auto" }, text);
      button.addEventListener("click", () => use(text));
      return button;
    }),
  );
}

// === What pointer and keyboard do to the tokens ===

const indexOf = (event) => Number(event.target.closest("[data-i]")?.dataset.i ?? -1);
const lightThis = (event) => indexOf(event) >= 0 && light(indexOf(event));

at("tokens").addEventListener("pointerover", lightThis);
at("tokens").addEventListener("pointerleave", () => light());
at("tokens").addEventListener("focusin", lightThis);
at("tokens").addEventListener("focusout", () => light());
at("tokens").addEventListener("click", (event) => {
  if (indexOf(event) < 0) return;
  pinned = indexOf(event) === pinned ? null : indexOf(event);
  for (const button of at("tokens").children) {
    button.setAttribute("aria-pressed", Number(button.dataset.i) === pinned);
  }
  light();
});
at("tokens").addEventListener("keydown", (event) => {
  const buttons = [...at("tokens").children];
  const now = buttons.indexOf(document.activeElement);
  const ahead = getComputedStyle(at("tokens")).direction === "rtl" ? -1 : 1;
  const last = buttons.length - 1;
  const moves = { ArrowRight: ahead, ArrowLeft: -ahead, Home: -now, End: last - now };
  const next = buttons[now + moves[event.key]];
  if (!next) return;
  event.preventDefault();
  buttons[now].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
at("read").addEventListener("pointerover", (event) => {
  const found = event.target.closest("[data-j]");
  if (found) lightTargets(Number(found.dataset.j));
});
at("read").addEventListener("pointerleave", () => light());
new ResizeObserver(() => light(lit)).observe(at("alignment"));
