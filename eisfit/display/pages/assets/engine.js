/* Who computes: nobody (a report), the server beside this page (eisfit view), or a worker (the browser build,
   which puts its own engine in `eisfit.engines.worker`). call(op, payload, onProgress) -> Promise. */
eisfit.engines = {};

eisfit.engines.none = () => ({
  kind: "none",
  call: () => Promise.reject(new Error(eisfit.texts.fitsNothing)),
  cancel() {},
});

eisfit.engines.server = () => {
  let control = null;
  const call = async (op, payload) => {
    control = new AbortController();
    let answer;
    try {
      answer = await fetch("api", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...payload, op }),
        signal: control.signal,
      });
    } catch (error) {
      throw new Error(error.name === "AbortError" ? "cancelled" : eisfit.texts.noAnswer);
    }
    if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) {
      throw new Error(eisfit.texts.answered((await answer.text()).trim()));
    }
    const told = await answer.json();
    if (told.error) throw new Error(told.error);
    return told;
  };
  return { kind: "server", call, cancel: () => control && control.abort() };
};
