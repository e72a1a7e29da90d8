"""From a scenario to its results: resolve the files, bind a target, execute seeds; sessions, workers and the store."""
