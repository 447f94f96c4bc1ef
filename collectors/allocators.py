"""How the libraries below manage memory, said before they are loaded. To be imported before any of them.

Polars and delta-rs bring jemalloc, Arrow brings mimalloc. Both keep freed memory for each of their arenas and for each
thread, and give it back when that thread works again. In a worker dozens of threads work for a moment a day: so it held
40 MB more after a day, and grew by 4 MB on each of the next ten (`make soak` measures it).
"""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# what was set before comes after ours, and so is what counts
_jemalloc = ["narenas:1,tcache_max:1024", *os.environ.get("_RJEM_MALLOC_CONF", "").split()]
os.environ["_RJEM_MALLOC_CONF"] = ",".join(_jemalloc)
