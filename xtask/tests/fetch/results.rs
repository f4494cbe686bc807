//! What is told after a fetch.
