// What a .tflite file answers, in Node and in a browser alike.

/**
 * The ids of `texts`; what `translate` gives of `rows` of ids; and what `encode` and `decode_step`
 * give of `steps`, each [ids of a source, ids that are fed one after the other].
 */
export async function answer(translator, { texts = [], rows = [], steps = [] }) {
  const found = { texts: [], rows: [], steps: [] };
  for (const text of texts) found.texts.push((await translator.translate(text)).ids);
  for (const row of rows) {
    const { ids, length, score } = await translator.run("translate", { ids: Int32Array.from(row) });
    found.rows.push([[...ids], length[0], score[0]]);
  }
  for (const [row, fed] of steps) {
    const { finished, ...given } = await translator.run("encode", { ids: Int32Array.from(row) });
    const [nextIds, scores] = [[], []];
    for (const id of fed) {
      const { outputs } = translator.manifest.signatures.decode_step;
      const ids = Int32Array.of(id);
      const one = await translator.run("decode_step", { ids, ...given });
      nextIds.push(one.next_ids[0]);
      scores.push(one.score[0]);
      for (const name in outputs) if (name.startsWith("state_")) given[name] = one[name];
    }
    found.steps.push([finished[0], nextIds, scores]);
  }
  return found;
}

/** CPU time is not to be had in a browser: milliseconds by the clock, of [encode, first token]. */
export async function firstTokens(translator, texts) {
  const found = [];
  for (const text of texts) {
    let began = performance.now();
    await translator.run("encode", { ids: translator.source.encode(text).ids });
    const encode = performance.now() - began;
    began = performance.now();
    let first;
    for await (const { id } of translator.stream(text)) {
      first ??= id === undefined ? null : performance.now() - began;
    }
    if (first) found.push([encode, first]);
  }
  return found;
}
