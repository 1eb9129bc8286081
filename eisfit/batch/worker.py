"""How a worker process of `eisfit.fit_many` begins; it imports nothing heavy, so that it comes first."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading


def start_worker() -> None:
    """One BLAS thread for each worker, since there are as many as cores; Ctrl-C is the parent's business.

    A worker ends with its parent: one whose parent was killed would wait for work for ever.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
