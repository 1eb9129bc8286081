/* The browser build's engine: Python in a worker of this page. The files it is made of stand in the page, or lie
   beside it on a static host. Cancelling ends the worker; the next question starts another. */
eisfit.engines.worker = () => {
  let worker = null, started = null, last = 0, told = () => {};
  const waiting = new Map(), { texts } = eisfit;

  const say = (state) => {
    document.body.dataset.engine = state;
    eisfit.byId("engine").textContent = texts.engine[state];
  };

  const fail = (words) => {
    if (worker) worker.terminate();
    worker = null; started = null;
    for (const one of waiting.values()) one.reject(new Error(words));
    waiting.clear();
    say("stopped");
  };

  const contents = async () => {
    const parts = [...document.querySelectorAll("script[data-file]")];
    if (parts.length) return Object.fromEntries(parts.map((part) => [part.dataset.file, part.textContent]));
    const names = JSON.parse(document.getElementById("engine-files").textContent);
    return Object.fromEntries(await Promise.all(names.map(async (name) => {
      const answer = await fetch(`engine/${name}.bin`);
      if (!answer.ok) throw new Error(texts.partMissing(`engine/${name}.bin`));
      return [name, await answer.arrayBuffer()];
    })));
  };

  const text = async (packed) => {
    const bytes = typeof packed === "string" ? Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)) : packed;
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  const begin = async () => {
    const files = await contents(), code = [];
    for (const name of ["pyodide.asm.js", "pyodide.js", "worker.js"]) { code.push(await text(files[name])); delete files[name]; }
    const address = URL.createObjectURL(new Blob([code.join("\n")], { type: "text/javascript" }));
    worker = new Worker(address);
    URL.revokeObjectURL(address);
    await new Promise((resolve, reject) => {
      worker.onerror = (event) => { event.preventDefault(); reject(new Error(texts.startsNot(event.message))); };
      worker.onmessage = ({ data }) => {
        if (data.ready) resolve();
        else if (data.broken) reject(new Error(texts.startsNot(data.broken)));
        else if (data.loading) told(0, texts.loading[data.loading]);
      };
      waiting.set(0, { reject });
      worker.postMessage({ files });
    });
    waiting.delete(0);
    worker.onmessage = ({ data }) => {
      const one = waiting.get(data.id);
      if (data.complete) { say("complete"); return; }
      if (data.broken) { fail(texts.hasStopped(data.broken)); return; }
      if (!one) return;
      if (data.loading || data.words) {
        if (one.progress) one.progress(data.total ? data.done / data.total : 0, texts.loading[data.loading] || texts.done(data.words, data.done, data.total));
        return;
      }
      waiting.delete(data.id);
      const answer = JSON.parse(data.answer);
      if (answer.error) one.reject(new Error(answer.error)); else one.resolve(answer);
    };
    worker.onerror = (event) => { event.preventDefault(); fail(texts.hasStopped(event.message)); };
    say("ready");
  };

  const start = () => {
    if (!started) {
      say("starting");
      started = begin().catch((error) => { fail(error.message); throw error; });
    }
    return started;
  };

  const call = async (op, payload, progress) => {
    if (progress && !["ready", "complete"].includes(document.body.dataset.engine)) {
      told = progress;
      progress(0, texts.startingEngine);
    }
    await start();
    last += 1;
    const id = last;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject, progress });
      worker.postMessage({ id, text: JSON.stringify({ ...payload, op }) });
    });
  };

  const cancel = () => {
    fail("cancelled");
    start().catch(() => {}); // ready again by the time of the next question
  };

  start().catch(() => {}); // the first question tells what is wrong
  return { kind: "worker", call, cancel };
};
