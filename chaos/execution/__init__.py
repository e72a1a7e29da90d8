"""From a scenario to a record: resolve, bind, execute; workers and the store."""
