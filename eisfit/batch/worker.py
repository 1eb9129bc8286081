"""How a worker process of `eisfit.fit_many` begins; it imports nothing heavy, so that it comes first."""

from __future__ import annotations

import os
import signal


def start_worker() -> None:
    """One BLAS thread for each worker, since there are as many as cores; Ctrl-C is the parent's business."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
