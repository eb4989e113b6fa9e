"""Global models made local."""
