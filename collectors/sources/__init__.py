"""One file a source. Open this folder to see what is watched; the file name is the source's name."""
