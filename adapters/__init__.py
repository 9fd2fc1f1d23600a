"""One folder for each outside system, named after it; they never import each other."""
