"""Small programs against the pools, every schedule of which is explored, and what must hold in each."""
