/* The browser build's engine: Python in a worker of this page. The files it is made of stand in the page, or lie
   beside it on a static host. Cancelling ends the worker; the next question starts another. */
eisfit.engines.worker = () => {
  let worker = null, started = null, last = 0, told = () => {};
  const waiting = new Map();

  const say = (state) => {
    document.body.dataset.engine = state;
    eisfit.byId("engine").textContent = { starting: "Python is starting in this page, once; files are taken already.", ready: "Ready.", complete: "Ready.", stopped: "" }[state];
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
      if (!answer.ok) throw new Error(`engine/${name}.bin is missing beside this page: copy the whole folder`);
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
      worker.onerror = (event) => { event.preventDefault(); reject(new Error(`Python does not start in this browser: ${event.message}`)); };
      worker.onmessage = ({ data }) => {
        if (data.ready) resolve();
        else if (data.broken) reject(new Error(`Python does not start in this browser: ${data.broken}`));
        else if (data.words) told(0, data.words);
      };
      waiting.set(0, { reject });
      worker.postMessage({ files });
    });
    waiting.delete(0);
    worker.onmessage = ({ data }) => {
      const one = waiting.get(data.id);
      if (data.complete) { say("complete"); return; }
      if (data.broken) { fail(`Python has stopped (${data.broken}): it starts again with the next question`); return; }
      if (!one) return;
      if (data.words) { if (one.progress) one.progress(data.part, data.words); return; }
      waiting.delete(data.id);
      const answer = JSON.parse(data.answer);
      if (answer.error) one.reject(new Error(answer.error)); else one.resolve(answer);
    };
    worker.onerror = (event) => { event.preventDefault(); fail(`Python has stopped (${event.message}): it starts again with the next question`); };
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
      progress(0, "starting Python in this page: a few seconds, once");
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
