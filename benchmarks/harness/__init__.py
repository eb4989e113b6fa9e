"""Every method on every sample: tasks, evaluation, rows."""
