/* What a user reads on the page that comes and goes. What always stands there is in body.html; what is said of
   results comes from Python, in the words of the tables. */
{
  const points = (n) => (n === 1 ? "the point" : `${n} points`), files = (n) => `${n} files`;

  eisfit.texts = {
    /* Who computes, in the foot of the page. */
    ends: {
      none: "This file is complete: it loads nothing from anywhere.",
      server: "The page talks to eisfit on this machine alone; Ctrl-C in its terminal ends it.",
      worker: "Everything is computed in this browser; no file leaves this machine.",
    },

    /* The list of spectra. */
    fileOrder: "in the order of the files",
    byQuantity: (name) => `by ${name}`,
    byResidual: "by residual, worst first",
    residual: "residual",
    ofGrade: (grade) => ({ "": "not fitted yet", "!": "failed" }[grade] || `of grade ${grade}`),
    failed: "failed",
    masked: (n) => `${n} masked`,

    /* The verdict over the panels. */
    failedFor: "FAILED: ",
    fitting: "Fitting …",
    notFitted: "Not fitted yet.",
    simulated: "simulated",
    allPoints: (n) => `${n} points`,
    pointsUsed: (left, all, rms) => `${left} of ${all} points, rms residual ${rms} %`,
    fitSaid: (said) => `Fit: ${said}.`,
    byHand: (rms) => `Values set by hand: residual ${rms} %, not graded.`,
    fitHad: (rms) => `The fit has ${rms} %. `,
    fitFromHere: "Press F to fit from here",
    stale: (interactive) => (interactive ? ". Points changed: press F to fit again" : ". Points changed"),
    kramersKronig: "Kramers-Kronig: ",
    maskFailing: (n) => `Mask ${points(n)} that Kramers-Kronig refuses`,

    /* The panels, as axes and to those who cannot see them. */
    real: (unit) => `Z′ / ${unit}`,
    imaginary: (unit) => `−Z″ / ${unit}`,
    modulus: (unit) => `|Z| / ${unit}`,
    phase: "phase / °",
    residuals: "residual / %",
    frequency: "frequency / Hz",
    enlarged: (frequency) => `above ${frequency}, enlarged`,
    ofByHand: "of the values set by hand",
    ofKramersKronig: "of the Kramers-Kronig test",
    nyquistOf: (name, n, low, high) => `Nyquist plot of ${name}: ${n} points, ${low} to ${high}`,
    residualsOf: (of, largest) => `residuals ${of} over frequency, largest ${largest} %`,

    /* The point that is pointed at, and masks. */
    pointAt: (interactive) => (interactive ? "Point at a value: it is marked in all panels. A click masks it, dragging masks a range."
      : "Point at a value: it is marked in all panels; a click keeps the mark."),
    pointed: (z) => [`Z′ ${z.real}`, `−Z″ ${z.imaginary}`, `|Z| ${z.modulus}`, `phase ${z.phase}°`],
    pointResidual: (real, imaginary) => `residual ${real}, ${imaginary} %`,
    pointMasked: "masked",
    fitAgain: "Fit again",
    onlyRange: "Use only this range instead",
    useAll: "Use all points",
    unmask: (n) => `Unmask ${n}`,

    /* The circuit, its parameters and their sliders. */
    dataChooses: "the data chooses",
    ownString: "own string",
    chosenByIdentify: "chosen by identify",
    tried: (n) => `${n} circuits tried`,
    fitWithCircuit: "fit with this circuit",
    formsAlike: (n) => `${n} forms alike`,
    errorParts: (noise, model, unit) => `error: noise ${noise}, model ${model}${unit && ` ${unit}`}`,
    valueOf: (name) => `value of ${name}`,
    fixed: "fixed",
    hold: "hold",
    notANumber: (name, text) => `${name}: ${text} is not a number`,
    copied: "Copied",
    selected: "Selected: Ctrl-C",

    /* Trends. */
    fitTwo: "fit two spectra or more to see a trend",
    numberInList: "number in the list",
    hollow: "hollow: not determined, or not usable",
    trendOf: (name) => `trend of ${name}`,
    trendOver: (name, axis, said) => `${name} over ${axis || "the list"}: ${said}`,
    values: (n) => `${n} values`,

    /* What is being done. */
    reading: "reading",
    readingFile: (name) => `reading ${name}`,
    files,
    unread: (n) => `${n === 1 ? "1 file" : files(n)} could not be read`,
    moreUnread: (n) => `and ${n} more`,
    readingCircuit: "reading the circuit",
    fittingOne: (name) => `fitting ${name}`,
    fittingOf: (k, n) => `fitting ${k} of ${n}`,
    identifying: (name) => `identifying the circuit of ${name}`,
    following: (n) => `following ${n} spectra`,
    openingSession: "opening the session",
    session: "session",
    writing: "writing",
    nothingFitted: "nothing is fitted yet",

    /* Who computes, and what is wrong with it. */
    fitsNothing: "this page is a report: it shows what was fitted, and fits nothing",
    noAnswer: "eisfit does not answer: is it still running in its terminal?",
    answered: (words) => `eisfit answered ${words}`,
    engine: { starting: "Python is starting in this page, once; files are taken already.", ready: "Ready.", complete: "Ready.", stopped: "" },
    startingEngine: "starting Python in this page: a few seconds, once",
    loading: { python: "starting Python, once", numpy: "loading numpy, once", scipy: "loading scipy, once" },
    done: (words, part, total) => (total ? `${words} ${part} of ${total}` : `${words} ${part}`),
    partMissing: (name) => `${name} is missing beside this page: copy the whole folder`,
    startsNot: (words) => `Python does not start in this browser: ${words}`,
    hasStopped: (words) => `Python has stopped (${words}): it starts again with the next question`,
  };
}
