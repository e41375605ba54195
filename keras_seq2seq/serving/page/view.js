// What is shown of an answer. All of it is written as text nodes: no reply is ever read as HTML.

const TABLE = 20000; // cells of a table that a browser still lays out at once
const START = "▁"; // how SentencePiece marks the start of a word

export const at = (id) => document.getElementById(id);
let answer = {}; // what stands on the page
let pinned = null; // the token of the translation that was clicked

// === Words and elements ===

const percent = (x) => `${Math.round(100 * x)}%`;
const decimal = (x) => x.toFixed(2).replace("-", "−");
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const bare = (token) => (token === START ? token : token.replace(START, ""));
const unpadded = (tokens = []) => [...tokens, ""].slice(0, [...tokens, ""].indexOf(""));

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

const piece = (token) =>
  token.startsWith(START) ? [make("span", { class: "mark" }, START), token.slice(1)] : [token];

// === The translation ===

/** Shows what came for `sent`; an empty reply leaves the page empty but for `placeholder`. */
export function show(sent, reply, placeholder = "") {
  const tokens = unpadded(reply.tokens);
  answer = { ...reply, sent, tokens, columns: unpadded(reply.source_tokens) };
  pinned = null;
  at("target").textContent = reply.text ?? "";
  at("target").dataset.empty = placeholder;
  at("notes").replaceChildren(...notes().map((note) => make("li", {}, note)));
  at("facts").replaceChildren(...facts().map((fact) => make("span", {}, fact)));
  showTokens();
  showMatrix();
  showBeams(null);
}

function facts() {
  const { score, length, milliseconds, version } = answer;
  if (milliseconds === undefined) return [];
  const known = [`answered in ${milliseconds.toFixed(0)} ms`, `version ${version}`];
  if (length !== undefined) known.unshift(count(length, "token"));
  if (score !== undefined) known.unshift(`log-probability ${decimal(score)}`);
  return known;
}

function notes() {
  const { truncated, finished, source_length: read } = answer;
  const { unknown_source_tokens: source, unknown_target_tokens: target } = answer;
  const said = [];
  if (truncated) {
    const beginning = read ? `first ${count(read, "token")}` : "beginning";
    said.push(`Too long: the model read only the ${beginning}.`);
  }
  if (finished === false) said.push("Not finished: the translation reached its longest length.");
  if (source) said.push(`The model does not know ${count(source, "token")} of the source.`);
  if (target) said.push(`${count(target, "token")} of the translation: a word it does not know.`);
  return said;
}

export function showBeams(reply) {
  at("beams").hidden = !reply;
  if (!reply) return;
  const { text, score, ranking, length, finished, milliseconds } = reply;
  const number = (value) => make("td", { class: "number" }, value);
  const rows = text.flatMap((one, n) => {
    if (ranking[n] <= -1e9) return []; // fewer texts were found than were asked for
    const rest = finished[n] ? [] : [" ", make("small", {}, "not finished")];
    const figures = [decimal(score[n]), decimal(ranking[n]), length[n]].map(number);
    const cells = [make("td", {}, n + 1), make("td", { dir: "auto" }, one, ...rest)];
    return [make("tr", {}, ...cells, ...figures)];
  });
  at("beam-rows").replaceChildren(...rows);
  at("beam-facts").textContent = `beam search, answered in ${milliseconds.toFixed(0)} ms`;
}

// === Tokens and attention ===

/** The source in stretches that the same tokens cover: [[characters, tokens' numbers], ...]. */
function stretches() {
  const { sent, columns, source_starts: starts, source_ends: ends } = answer;
  const characters = Array.from(sent); // offsets count code points
  const wide = [...columns.keys()].filter((j) => starts[j] < ends[j]); // not so </s>
  const edges = new Set([0, ...wide.flatMap((j) => [starts[j], ends[j]])]);
  const sorted = [...edges].sort((a, b) => a - b);
  const parts = sorted.slice(1).map((end, i) => {
    const covers = wide.filter((j) => starts[j] <= sorted[i] && ends[j] >= end);
    return [characters.slice(sorted[i], end).join(""), covers];
  });
  return { parts, rest: characters.slice(sorted.at(-1)).join("") };
}

function showTokens() {
  const { tokens, token_scores: scores, source_starts: starts } = answer;
  const buttons = tokens.map((token, i) => {
    const inside = [make("span", { class: "piece" }, ...piece(token))];
    if (scores) {
      const probability = Math.exp(scores[i]);
      inside.push(make("span", { class: "gauge", "--probability": probability }));
      inside.push(make("span", { class: "percent", dir: "ltr" }, percent(probability)));
    }
    const tab = { type: "button", tabindex: i ? -1 : 0, "aria-pressed": false, "data-i": i };
    return make("button", tab, ...inside);
  });
  at("tokens").replaceChildren(...buttons);
  at("read").replaceChildren(...(starts ? sourceSpans() : []));
  at("alignment").hidden = !tokens.length;
  light();
}

function sourceSpans() {
  const { parts, rest } = stretches();
  const covered = new Set(parts.flatMap(([, covers]) => covers));
  const spans = parts.map(([characters, covers]) =>
    make("span", { "data-covers": covers.join(" ") }, characters),
  );
  if (answer.truncated) {
    const cut = rest.length > 200 ? `${Array.from(rest).slice(0, 200).join("")} …` : rest;
    spans.push(make("span", { class: "rest", title: "not read" }, cut));
  }
  for (const [j, token] of answer.columns.entries()) {
    if (covered.has(j)) continue; // the end of the sentence has no characters
    spans.push(" ", make("span", { class: "end", dir: "ltr", "data-covers": j }, token));
  }
  return spans;
}

export function showMatrix() {
  const { tokens, columns, attention } = answer;
  at("attention").hidden = !attention || !tokens.length;
  at("matrix").replaceChildren();
  if (at("attention").hidden || !at("attention-details").open) return;
  if (tokens.length * columns.length > TABLE) {
    at("matrix").textContent = `${tokens.length} by ${columns.length} are too many to draw.`;
    return;
  }
  const cell = (weight) =>
    make(
      "td",
      { "--weight": weight.toFixed(3), class: weight > 0.55 ? "strong" : "" },
      weight < 0.005 ? "" : Math.round(100 * weight),
    );
  const rows = tokens.map((token, i) => {
    const cells = columns.map((_, j) => cell(attention[i][j]));
    return make("tr", { "data-i": i }, make("th", { scope: "row" }, ...piece(token)), ...cells);
  });
  const corner = make("td", {}, make("span", { class: "hidden" }, "Translation by source"));
  const names = columns.map((token) => {
    const shown = token === START ? piece(token) : [bare(token)];
    return make("th", { scope: "col" }, ...shown);
  });
  const head = make("thead", {}, make("tr", {}, corner, ...names));
  const label = { class: "matrix", "aria-labelledby": "attention-title" };
  at("matrix").append(make("table", label, head, make("tbody", {}, ...rows)));
}

/** Marks the characters that token `i` of the translation looked at. */
function light(i = pinned) {
  const weights = answer.attention?.[i] ?? [];
  tint(at("read").querySelectorAll("[data-covers]"), (span) => sum(weights, numbers(span)));
  for (const row of document.querySelectorAll("#matrix tr[data-i]")) {
    row.classList.toggle("lit", Number(row.dataset.i) === i);
  }
  at("caption").textContent = caption(i, weights);
}

/** The other way round: the tokens of the translation that looked at these characters. */
function lightTargets(covers) {
  const weights = (button) => answer.attention?.[button.dataset.i] ?? [];
  tint(at("tokens").children, (button) => sum(weights(button), covers));
}

const numbers = (span) => span?.dataset.covers.split(" ").filter(Boolean) ?? [];
const sum = (weights, chosen) => chosen.reduce((total, j) => total + (weights[j] ?? 0), 0);

function tint(elements, weightOf) {
  for (const element of elements) {
    const weight = Math.min(weightOf(element), 1);
    element.style.setProperty("--weight", weight.toFixed(3));
    element.toggleAttribute("data-lit", weight > 0.2);
  }
}

function caption(i, weights) {
  if (!answer.attention) return "This model has no attention: it cannot say where it looked.";
  if (i === null) return "Point at a token, or take the arrow keys, to see where the model looked.";
  const looked = answer.columns
    .map((token, j) => [weights[j], bare(token)])
    .filter(([weight]) => weight >= 0.05)
    .sort((a, b) => b[0] - a[0])
    .slice(0, 4);
  const named = looked.map(([weight, token]) => `${token} ${percent(weight)}`);
  return `${bare(answer.tokens[i])} looks at ${named.join(", ") || "nothing in particular"}`;
}

// === What pointer and keyboard do to them ===

const indexOf = (event) => Number(event.target.closest("[data-i]")?.dataset.i ?? -1);
const lightThis = (event) => indexOf(event) >= 0 && light(indexOf(event));

for (const area of [at("tokens"), at("matrix")]) {
  area.addEventListener("pointerover", lightThis);
  area.addEventListener("pointerleave", () => light());
}
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
  const steps = { ArrowRight: ahead, ArrowLeft: -ahead, Home: -now, End: last - now };
  const next = buttons[now + steps[event.key]];
  if (!next) return;
  event.preventDefault();
  buttons[now].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
at("read").addEventListener("pointerover", (event) =>
  lightTargets(numbers(event.target.closest("[data-covers]"))),
);
at("read").addEventListener("pointerleave", () => lightTargets([]));
at("attention-details").addEventListener("toggle", showMatrix);
