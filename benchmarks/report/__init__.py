"""From rows to tables, plots and a page; computes no metric."""
