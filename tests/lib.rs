//! Compiles the programs that the README shows.
#![doc = include_str!("../README.md")]
